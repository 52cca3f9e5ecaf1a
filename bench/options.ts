import { parseArgs } from 'node:util';
import { SUITES, type SuiteName } from './suites.js';

/** What the benchmarks were asked to do. */
export interface Options {
  /** Fewer sizes, fewer words, less time for each measurement: to see that everything runs. */
  readonly quick: boolean;
  /** How many words the suites on real vectors take. */
  readonly words: number;
}

const HELP = `Measures Shardex, and beside it what else could be used.

  npm run bench                      everything; writes docs/benchmarks/, takes about 45 minutes
  npm run bench -- --quick           everything in small; writes bench/quick/, takes a few minutes
  npm run bench -- --only search     one suite, and its part of the results

  --only NAME   ${Object.keys(SUITES).join(', ')}; may be given more than once
  --quick       fewer sizes and words, shorter measurements
  --words N     take only the N most frequent words
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
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      process.exit(0);
    }
    const { quick } = values;
    const suites = (values.only ?? Object.keys(SUITES)).map(suiteName);
    return {
      suites,
      options: { quick, words: wholeNumber(values.words) ?? (quick ? 20_000 : Number.MAX_SAFE_INTEGER) },
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

function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{3,8}$/.test(text)) {
    throw new Error(`--words must be a whole number of at least 1000, not ${JSON.stringify(text)}.`);
  }
  return Number(text);
}
