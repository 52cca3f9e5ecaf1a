import { parseArgs } from 'node:util';

/** What the demo was asked to do. */
export interface Options {
  /** How many words to take, the most frequent first. */
  readonly words: number;
  /** Words to look up besides the usual ones. */
  readonly queries: readonly string[];
}

const HELP = `Shardex on real word vectors: loads them, indexes them, searches them, and rewrites a tenth of the index
while an older version of it goes on answering.

  npm run demo                               all 341,479 words
  npm run demo -- --words 20000 --query cat  fewer words, and one more word to look up

  --words N      take only the N most frequent words
  --query WORD   also print the words nearest to WORD; may be given more than once
  --help         print this
`;

/** Reads the command line. Prints help or says what is wrong, and ends the process, where there is nothing to run. */
export function readOptions(args: string[]): Options {
  try {
    const { values } = parseArgs({
      args,
      options: {
        words: { type: 'string' },
        query: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      process.exit(0);
    }
    // The words are in lower case, all of them.
    return { words: wholeNumber(values.words), queries: values.query.map((word) => word.toLowerCase()) };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    process.exit(2);
  }
}

function wholeNumber(text: string | undefined): number {
  if (text === undefined) return Infinity;
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new Error(`--words must be a whole number of at least 1, not ${JSON.stringify(text)}.`);
  }
  return Number(text);
}
