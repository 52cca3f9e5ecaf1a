/* Histories of an index for the tests of checkpoints: adds, replacements, removals, of few documents and many. */

import { type ShardexIndex, createIndex, diff, encodeDelta, update } from 'shardex';
import { runSteps, type Steps } from '../../../src/collections/steps.js';

/** A small repeatable source of numbers in [0, 1). */
export function numbers(seed: number): () => number {
  let state = (seed + 1) * 0x9e37_79b9;
  return () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d);
    state = Math.imul(state ^ (state >>> 12), 0x297a_2d39);
    state ^= state >>> 15;
    return (state >>> 0) / 2 ** 32;
  };
}

const DIMENSIONS = 5;

export function vectorFrom(next: () => number): number[] {
  return Array.from({ length: DIMENSIONS }, () => next() * 2 - 1);
}

/** An empty index with small shards, so that they split and dissolve. */
export function smallIndex(): ShardexIndex {
  return createIndex({ dimensions: DIMENSIONS, shardCapacity: 40, metric: 'cosine' });
}

/** The next version: some postings more, some others, some fewer. */
export function changed(index: ShardexIndex, next: () => number, most = 60): ShardexIndex {
  return update(index, (draft) => {
    const count = 1 + Math.floor(next() * most);
    for (let i = 0; i < count; i++) {
      const documentId = `d${Math.floor(next() * 400)}`;
      if (next() < 0.25) draft.removeDocument(documentId);
      else draft.addPosting({ documentId, start: Math.floor(next() * 3), vector: vectorFrom(next) });
    }
  });
}

/** All of a version, as bytes: equal bytes are equal versions, down to the place of each row. */
export function wholeBytes(index: ShardexIndex): Uint8Array {
  return encodeDelta(diff(createIndex(index.config), index));
}

/** Runs steps without a pause. */
export function atOnce<T>(steps: Steps<T>): Promise<T> {
  return Promise.resolve(runSteps(steps));
}
