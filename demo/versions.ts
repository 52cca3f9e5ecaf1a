import { quantile } from 'd3-array';
import type { CowShardexIndex, ShardexIndex } from '../dist/index.js';
import type { Chance } from './changes.js';
import { measureDeepCopy } from './deep-copy.js';
import { collectGarbage, memory } from './memory.js';
import { pause } from './progress.js';
import type { Report } from './report.js';
import { bytes, count, rounded, time } from './units.js';
import type { Words } from './words.js';

/** How many versions are held at once. */
const VERSIONS = 2000;
/** Made before, and not held, so that the code which makes them is compiled when memory is measured. */
const WARM_UP = 500;
/** What the process itself may come to need on the way: up to 1.2 MB were seen, most on a busy machine. */
const SLACK = 2_000_000;

/**
 * Measures what a version costs in time and memory, and that the memory comes back. `held` is the reader's: versions
 * are added to it, and in the end it is emptied.
 */
export async function costOfVersions(
  report: Report,
  cell: CowShardexIndex,
  held: ShardexIndex[],
  words: Words,
  luck: Chance,
  rewriteTimes: readonly number[],
): Promise<void> {
  report.step(
    'What a version costs',
    'Each commit makes a version that shares memory with the one before. The table compares that with copying the whole index.',
  );
  const copy = measureDeepCopy(cell.read());
  await makeVersions(WARM_UP, cell, [], words, luck);
  const before = memory();
  const times = await makeVersions(VERSIONS, cell, held, words, luck);
  const size = memory() - before;

  const row = (what: string, ms: readonly number[], each: string): string[] => {
    const median = quantile(ms, 0.5) ?? 0;
    return [
      what,
      time(median),
      time(quantile(ms, 0.99) ?? 0),
      each,
      `${rounded(copy.ms / median)} such commits`,
    ];
  };
  report.table(
    ['', 'median time', '99th percentile', 'memory', 'a copy takes as long as'],
    [
      row('a commit of 10 changes', rewriteTimes, ''),
      row('a commit of 1 change', times, bytes(size / VERSIONS)),
      ['a deep copy (structuredClone)', time(copy.ms), '', bytes(Math.max(0, copy.bytes)), ''],
    ],
  );
  report.say(
    `The program now holds ${count(VERSIONS)} versions, each with one change. Together they take ${bytes(size)}.`,
    '',
  );
  await drop(report, cell, held, size);
}

/** Replaces one vector at a time, and holds every version. Returns the milliseconds of each commit. */
async function makeVersions(
  versions: number,
  cell: CowShardexIndex,
  held: ShardexIndex[],
  { words, vector }: Words,
  { random, nudged }: Chance,
): Promise<number[]> {
  const times: number[] = [];
  for (let v = 0; v < versions; v++) {
    const at = Math.floor(random() * words.length);
    const posting = { documentId: words[at], vector: nudged(vector(at)) };
    const startedAt = performance.now();
    cell.update((draft) => {
      draft.addPosting(posting);
    });
    times.push(performance.now() - startedAt);
    held.push(cell.read());
    if (v % 100 === 0) await pause();
  }
  return times;
}

/** Lets go of all held versions; the one before the rewriting kept the replaced vectors in memory, too. */
async function drop(
  report: Report,
  cell: CowShardexIndex,
  held: ShardexIndex[],
  size: number,
): Promise<void> {
  const before = memory();
  const old = held.filter((version) => version !== cell.read()).map((version) => new WeakRef(version));
  held.length = 0;
  // Weak references are cleared, and the cell is told, some turns after a collection.
  for (let turn = 0; turn < 5; turn++) {
    await pause();
    collectGarbage();
  }
  const left = old.filter((version) => version.deref() !== undefined).length;
  const back = before - memory();
  report.check(
    left === 0 && cell.metrics().liveOldVersions === 0,
    `the program let go of all ${count(old.length)} old versions, and the garbage collector left ${count(left)} of them in memory`,
  );
  report.check(back > 0.9 * size - SLACK, `their memory was freed: ${bytes(back)}`);
}
