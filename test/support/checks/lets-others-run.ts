import type { Library } from '../library.js';
import { numbered } from '../postings.js';
import { seeded } from '../random.js';
import { checkThat } from './check-that.js';

/** Multiplications in a slice at most, where every place for a pause is taken. */
const MOST_WORK = 100_000;

/**
 * While `ingest` works the event loop goes round, at each pause, and there are so many of those as the work asks for.
 * Counts turns, and measures no time.
 */
export async function letsOthersRun(lib: Library): Promise<void> {
  // So few that no calibration is made, which takes pauses of its own.
  const [count, dimensions, shardCapacity] = [1000, 1024, 300];
  const random = seeded(1);
  const postings = numbered(count, () => Float32Array.from({ length: dimensions }, () => random() - 0.5));
  const cell = new lib.CowShardexIndex(lib.createIndex({ dimensions, shardCapacity }));
  let turns = 0;
  let turnsWhileTaking = 0;
  let slices = 0;
  let isOver = false;
  const turn = (): void => {
    turns++;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await cell.ingest(postings, {
    sliceMs: 0,
    onProgress: (progress) => {
      ({ slices } = progress);
      if (progress.taken < count) turnsWhileTaking = turns;
    },
  });
  isOver = true;
  checkThat(cell.postingCount === count, 'all of them are there');
  checkThat(turns >= slices - 1, 'the event loop goes round after every slice');
  checkThat(turnsWhileTaking >= count - 2, 'a slice takes no more postings than one');
  // Each row is hashed; when its half, and that one's half, is halved, it is fitted to, projected and put on a side; it
  // enters a mean, gets its separation, is copied, and is compared with each of the shards: about once for each of those at
  // least.
  const leastWork = (1 + 2 * 3 + 3 + cell.shardCount) * count * dimensions;
  checkThat(
    turns - turnsWhileTaking >= leastWork / MOST_WORK,
    `a slice is no longer than ${MOST_WORK} multiplications`,
  );
}
