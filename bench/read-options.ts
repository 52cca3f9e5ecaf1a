// The command line of the benchmarks: which suites to run, and on how much.
import { parseArgs } from 'node:util';
import type { Options } from './options.js';
import { SUITES, type SuiteName } from './suites.js';

const HELP = `Measures Shardex, and beside it what else could be used.

  npm run bench                      everything; writes docs/benchmarks/, takes some hours
  npm run bench -- --quick           everything in small; writes bench/quick/, takes a few minutes
  npm run bench -- --only search     one suite, and its part of the results

  --only NAME   ${Object.keys(SUITES).join(', ')}; may be given more than once
  --quick       fewer sizes and words, shorter measurements
  --words N     take only the N most frequent words
  --data NAME   recall, grid: only this data; may be given more than once; writes bench/partial/
  --sizes N,N   recall, grid: only these sizes; writes bench/partial/
  --dimensions N,N, --metrics NAME,NAME, --k N,N
                grid: only these; writes bench/partial/
  --publish     writes such a part to docs/benchmarks/, and says there which part it is
  --help        print this
`;

/** Reads the command line. Prints help or says what is wrong, and ends the process, where there is nothing to run. */
export function readOptions(args: string[]): { suites: SuiteName[]; options: Options } {
  try {
    const { values } = parseArgs({
      args,
      options: {
        only: { type: 'string', multiple: true },
        quick: { type: 'boolean', default: false },
        words: { type: 'string' },
        data: { type: 'string', multiple: true },
        sizes: { type: 'string' },
        dimensions: { type: 'string' },
        metrics: { type: 'string' },
        k: { type: 'string' },
        publish: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      process.exit(0);
    }
    const { quick, data, publish } = values;
    const sizes = wholeNumbers('sizes', values.sizes, 100);
    const dimensions = wholeNumbers('dimensions', values.dimensions, 1);
    const metrics = values.metrics?.split(',');
    const ks = wholeNumbers('k', values.k, 1);
    const suites = (values.only ?? Object.keys(SUITES)).map(suiteName);
    return {
      suites,
      options: {
        quick,
        publish,
        words: wordsIn(values.words, quick),
        ...(data !== undefined && { data }),
        ...(sizes !== undefined && { sizes }),
        ...(dimensions !== undefined && { dimensions }),
        ...(metrics !== undefined && { metrics }),
        ...(ks !== undefined && { ks }),
      },
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    process.exit(2);
  }
}

function suiteName(name: string): SuiteName {
  if (Object.hasOwn(SUITES, name)) return name as SuiteName;
  throw new Error(`There is no suite ${JSON.stringify(name)}.`);
}

function wordsIn(text: string | undefined, quick: boolean): number {
  if (text === undefined) return quick ? 20_000 : Number.MAX_SAFE_INTEGER;
  return wholeNumber('words', text, 1000);
}

function wholeNumbers(option: string, text: string | undefined, least: number): number[] | undefined {
  return text?.split(',').map((one) => wholeNumber(option, one, least));
}

function wholeNumber(option: string, text: string, least: number): number {
  if (/^[1-9]\d{0,8}$/.test(text) && Number(text) >= least) return Number(text);
  throw new Error(`--${option} takes whole numbers of at least ${least}, not ${JSON.stringify(text)}.`);
}
