import { InvalidDeltaError } from '../../errors.js';
import { newList } from '../../version/new-list.js';
import type { PackedShards, SentSegment, SentShard } from './messages.js';

/*
 * A message of many small objects takes longer to copy from thread to thread than all that is done with it, so what a
 * commit changes of shards travels as one list of numbers. For each shard: its id, whether it comes with a centroid, how
 * many segments follow. For each segment: -1 less its place in the base, or its handle, its visible rows, how many words
 * of dead bits follow, and these.
 */

/** Packs shards. Time: O(segments + words). */
export function packShards(shards: readonly SentShard[]): PackedShards {
  const numbers: number[] = [];
  const centroids: Float32Array[] = [];
  for (const { id, centroid, segments } of shards) {
    numbers.push(id, centroid === undefined ? 0 : 1, segments.length);
    if (centroid !== undefined) centroids.push(centroid);
    for (const segment of segments) {
      if (typeof segment === 'number') {
        numbers.push(-1 - segment);
        continue;
      }
      const { handle, visible, dead } = segment;
      numbers.push(handle, visible, dead?.length ?? 0);
      if (dead !== undefined) for (const word of dead) numbers.push(word);
    }
  }
  return { numbers: Float64Array.from(numbers), centroids };
}

/**
 * The shards that were packed. Time: likewise.
 *
 * @throws {@link InvalidDeltaError} where the list ends too early.
 */
export function unpackShards({ numbers, centroids }: PackedShards): SentShard[] {
  const shards: SentShard[] = [];
  let at = 0;
  let nextCentroid = 0;
  while (at < numbers.length) {
    const id = numbers[at++];
    const centroid = numbers[at++] === 1 ? centroids[nextCentroid++] : undefined;
    const segments: (SentSegment | number)[] = [];
    for (let left = numbers[at++]; left > 0; left--) {
      if (at >= numbers.length) throw cutOff();
      const first = numbers[at++];
      if (first < 0) {
        segments.push(-1 - first);
        continue;
      }
      const visible = numbers[at++];
      const words = numbers[at++];
      if (!(at + words <= numbers.length)) throw cutOff();
      const dead = words === 0 ? undefined : integersIn(numbers, at, words);
      at += words;
      segments.push({ handle: first, visible, dead });
    }
    shards.push({ id, centroid, segments });
  }
  return shards;
}

function cutOff(): InvalidDeltaError {
  return new InvalidDeltaError('The shards that were sent are cut off.');
}

/** So many of the numbers, as V8 keeps small integers. */
function integersIn(numbers: Float64Array, from: number, count: number): number[] {
  const integers = newList<number>();
  for (let i = from; i < from + count; i++) integers.push(numbers[i] | 0);
  return integers;
}
