/*
 * Packs the shards of a difference into one list of numbers: copying a message of many small objects between threads
 * takes longer than all other work on it. For each shard: its id, whether it has a centroid, the number of segments.
 * For each segment: -1 minus its index in the base; or its handle, its visible rows, the number of words of dead
 * bits, those words.
 */

import { InvalidDeltaError } from '../../errors.js';
import { newList } from '../../collections/new-list.js';
import type { PackedShards, SentSegment, SentShard } from './messages.js';

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
 * Unpacks shards. Time: O(segments + words).
 *
 * @throws {@link InvalidDeltaError} if the list ends too early.
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

/** Copies numbers to an array that V8 can keep as small integers. */
function integersIn(numbers: Float64Array, from: number, count: number): number[] {
  const integers = newList<number>();
  for (let i = from; i < from + count; i++) integers.push(numbers[i] | 0);
  return integers;
}
