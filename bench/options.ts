import { parseArgs } from 'node:util';
import { SUITES, type SuiteName } from './suites.js';

/** What the benchmarks were asked to do. */
export interface Options {
  /** Fewer sizes, fewer words, less time for each measurement: to see that everything runs. */
  readonly quick: boolean;
  /** How many words the suites on real vectors take. */
  readonly words: number;
  /** The data that the suite of recall takes, and its sizes: by default all. */
  readonly data?: readonly string[];
  readonly sizes?: readonly number[];
}

/** Whether that is less than what the results of a suite are to show. */
export function isPartial({ data, sizes }: Options): boolean {
  return data !== undefined || sizes !== undefined;
}

const HELP = `Measures Shardex, and beside it what else could be used.

  npm run bench                      everything; writes docs/benchmarks/, takes over an hour
  npm run bench -- --quick           everything in small; writes bench/quick/, takes a few minutes
  npm run bench -- --only search     one suite, and its part of the results

  --only NAME   ${Object.keys(SUITES).join(', ')}; may be given more than once
  --quick       fewer sizes and words, shorter measurements
  --words N     take only the N most frequent words
  --data NAME   recall: only this data; may be given more than once; writes bench/partial/
  --sizes N,N   recall: only these sizes; writes bench/partial/
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
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      process.exit(0);
    }
    const { quick, data } = values;
    const sizes = values.sizes?.split(',').map((size) => wholeNumber('sizes', size, 100));
    const suites = (values.only ?? Object.keys(SUITES)).map(suiteName);
    return {
      suites,
      options: {
        quick,
        words: wordsIn(values.words, quick),
        ...(data !== undefined && { data }),
        ...(sizes !== undefined && { sizes }),
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

function wholeNumber(option: string, text: string, least: number): number {
  if (/^[1-9]\d{2,8}$/.test(text) && Number(text) >= least) return Number(text);
  throw new Error(`--${option} takes whole numbers of at least ${least}, not ${JSON.stringify(text)}.`);
}
