import { type CowShardexIndex, type ShardexIndex, search } from '../dist/index.js';
import { answer } from './answers.js';
import { type Chance, rewriteOfATenth } from './changes.js';
import { pause, startProgress } from './progress.js';
import { ids, startReader } from './reader-thread.js';
import type { Report } from './report.js';
import { count, time } from './units.js';
import type { Words } from './words.js';

/** Changes a commit. */
const BATCH = 10;
const QUERIES = 200;

/**
 * Changes a tenth of the index while `held`, its version of before, is searched in between. Returns how many
 * milliseconds each commit took.
 */
export async function rewrite(
  report: Report,
  cell: CowShardexIndex,
  held: ShardexIndex,
  words: Words,
  luck: Chance,
): Promise<number[]> {
  report.step(
    'Change a tenth of the index while others search it',
    'A version that a reader holds must keep giving the same answers, however much is written.',
  );
  const queries = someQueries(words);
  const before = queries.map((query) => answer(held, query));
  const isAsBefore = (index: ShardexIndex, q: number): boolean => answer(index, queries[q]).equals(before[q]);
  const { changes, growth } = rewriteOfATenth(words, luck);
  const commits = Math.ceil(changes.length / BATCH);
  report.say(
    `A writer makes ${count(changes.length)} changes in ${count(commits)} commits. Of ten changes, seven give a word another vector, two add a word, and one removes one.`,
    `Three readers search at the same time, with ${count(queries.length)} queries. The first holds the version from before the changes. The second searches the newest version. The two take turns between commits. The third searches without pause, in a thread of its own.`,
    '',
  );
  const stopReader = await startReader(cell, queries);

  const times: number[] = [];
  let searches = 0;
  let same = 0;
  const progress = startProgress(commits, 'commits');
  const startedAt = performance.now();
  for (let c = 0; c < commits; c++) {
    const batch = changes.slice(c * BATCH, (c + 1) * BATCH);
    const commitAt = performance.now();
    cell.update((draft) => {
      for (const change of batch) change(draft);
    });
    times.push(performance.now() - commitAt);
    if (c % 2 === 0) {
      searches++;
      if (isAsBefore(held, (c / 2) % queries.length)) same++;
    } else {
      answer(cell.read(), queries[c % queries.length]);
    }
    progress.update(c + 1);
    if (c % 20 === 0) await pause();
  }
  progress.stop();
  const spent = time(performance.now() - startedAt);
  const inThread = await stopReader();

  const places = queries.keys();
  const sameAfter = [...places].filter((q) => isAsBefore(held, q)).length;
  const other = [...queries.keys()].filter((q) => !isAsBefore(cell.read(), q)).length;
  report.say(
    `${count(commits)} commits, with a search after each, took ${spent}.`,
    `The newest version now answers ${count(other)} of the ${count(queries.length)} queries differently.`,
    `The other thread answered ${count(inThread.answers)} queries, on ${count(inThread.versions)} versions. It reads the vectors in shared memory, so none was copied.`,
    '',
  );
  report.check(
    same === searches,
    `the held version gave the same answers in all ${count(searches)} searches between commits, byte for byte`,
  );
  report.check(
    sameAfter === queries.length,
    `it still gives the same answers to all ${count(queries.length)} queries: ids, scores and vectors`,
  );
  report.check(
    inThread.last.every((found, q) => found === ids(search(cell.read(), queries[q], { k: 10 }))),
    `the other thread has the newest version, and gives the same answers as this one to all ${count(queries.length)} queries`,
  );
  report.check(
    cell.postingCount === held.postingCount + growth,
    `the newest version has every change: ${count(cell.postingCount)} words, ${count(held.postingCount)} before`,
  );
  return times;
}

/** Words evenly drawn, from the frequent to the rare. */
function someQueries({ words, vector }: Words): Float32Array[] {
  const n = Math.min(QUERIES, words.length);
  return Array.from({ length: n }, (_, q) => vector(Math.floor((q * words.length) / n)));
}
