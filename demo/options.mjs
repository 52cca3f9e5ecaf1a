// Reads the command line. Plain JavaScript that needs no package: it answers before anything is built or installed.
import { parseArgs } from 'node:util';

/**
 * What the demo was asked to do.
 *
 * @typedef {object} Options
 * @property {number} words how many words to take, the most frequent first
 * @property {readonly string[]} queries words to look up besides the usual ones
 * @property {readonly string[]} asks questions to the dictionary besides the usual ones
 * @property {Record<string, unknown> | undefined} where what the answers to those have to be
 */

const HELP = `Shows Shardex on real data. With word vectors: builds an index, searches it, and changes a tenth of it while
readers search an older version. With a dictionary: searches documents by meaning, stores them on disk, and kills a process
that writes to the store.

  npm run demo                               all 341,479 words
  npm run demo -- --words 20000 --query cat  fewer words, and one more query
  npm run demo -- --ask 'frozen dessert made of cream' --where '{"pos":"noun"}'

  --words N      take only the N most frequent words
  --query WORD   also print the words nearest to WORD; may be given more than once
  --ask TEXT     also ask the dictionary for the word that means TEXT; may be given more than once
  --where JSON   a filter on the answers to these, by "pos", "domain", "words" or "examples"
  --help         print this

The first run builds the library and downloads the word vectors and WordNet: 129 MB, or 342 MB on disk. With all words,
a run takes two to three minutes on two cores, and 1 GB of memory. With --words 20000 it takes a few seconds.
`;

/**
 * Prints help or says what is wrong, and ends the process, where there is nothing to run.
 *
 * @param {string[]} args
 * @returns {Options}
 */
export function readOptions(args) {
  try {
    const { values } = parseArgs({
      args: withValues(args),
      options: {
        words: { type: 'string' },
        query: { type: 'string', multiple: true, default: [] },
        ask: { type: 'string', multiple: true, default: [] },
        where: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      process.exit(0);
    }
    // The words are in lower case, all of them.
    return {
      words: wholeNumber(values.words),
      queries: values.query.map((word) => word.toLowerCase()),
      asks: values.ask,
      where: filter(values.where),
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    process.exit(2);
  }
}

/**
 * `--words -3` as `--words=-3`: Node takes what begins with a dash for another option.
 *
 * @param {string[]} args
 */
function withValues(args) {
  return args.flatMap((arg, i) => {
    if (/^-\d/.test(arg) && args[i - 1] === '--words') return [];
    return arg === '--words' && /^-\d/.test(args[i + 1] ?? '') ? [`${arg}=${args[i + 1]}`] : [arg];
  });
}

/** @param {string | undefined} text */
function wholeNumber(text) {
  if (text === undefined) return Infinity;
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new Error(`--words must be a whole number of at least 1, not ${JSON.stringify(text)}.`);
  }
  return Number(text);
}

/**
 * A filter as JSON; what is in it is looked at by the library.
 *
 * @param {string | undefined} text
 * @returns {Record<string, unknown> | undefined}
 */
function filter(text) {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`--where must be JSON, such as {"pos":"noun"}: ${String(error)}.`, { cause: error });
  }
}
