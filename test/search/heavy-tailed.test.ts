import {
  applyDelta,
  CowShardexIndex,
  createIndex,
  decodeDelta,
  diff,
  encodeDelta,
  merge,
  search,
  type ShardexIndex,
  update,
} from 'shardex';
import { expect, test } from 'vitest';
import { numbered } from '../support/postings.js';
import { gaussianVector, type Random, seeded } from '../support/random.js';

/*
 * By dot product a few long vectors become everybody's neighbours: each look at the time before them is outdated at once.
 * What was written and looked for since has to speak for all.
 */

const D = 32;
const QUERIES = 80;

/** Two hundredths are promised. Chance does the rest: to the mean of so few queries, and to so small a sample. */
const ALLOWED = 0.02 + 0.05;

/** Any direction, and lengths of which few are very large. */
function heavyTailed(random: Random): number[] {
  const vector = gaussianVector(random, D, 1);
  const length = Math.exp(gaussianVector(random, 1, 1)[0]) / Math.hypot(...vector);
  return vector.map((x) => x * length);
}

/** Lengths that differ little. */
function even(random: Random, axes: readonly (readonly number[])[]): number[] {
  const vector = gaussianVector(random, D, 0.5);
  for (const axis of axes) {
    const along = gaussianVector(random, 1, 1)[0];
    for (let i = 0; i < D; i++) vector[i] += along * axis[i];
  }
  return vector.map((x) => (0.8 * x) / Math.hypot(...vector));
}

function recallOf(index: ShardexIndex, queries: readonly number[][], k: number, recall: number): number {
  let found = 0;
  for (const query of queries) {
    const farthest = search(index, query, { k, slopFactor: 'all' })[k - 1].distance;
    found += search(index, query, { k, recall }).filter(({ distance }) => distance <= farthest).length;
  }
  return found / (k * queries.length);
}

const random = seeded(3);
const axes = Array.from({ length: 4 }, () => gaussianVector(random, D, 1));
const old = (): number[] => even(random, axes);
const fresh = (): number[] => heavyTailed(random);
const start = createIndex({ dimensions: D, metric: 'dot', shardCapacity: 64 }, numbered(4000, old));
const queries = [
  ['old', Array.from({ length: QUERIES }, old)],
  ['fresh', Array.from({ length: QUERIES }, fresh)],
] as const;

function grown(index: ShardexIndex, commits: number, name: string): ShardexIndex {
  let now = index;
  for (let commit = 0; commit < commits; commit++) {
    now = update(now, (draft) => {
      draft.addPostings(numbered(50, fresh, `${name}-${commit}-`));
    });
  }
  return now;
}

function expectRecall(index: ShardexIndex, what: string): void {
  for (const [like, vectors] of queries) {
    for (const k of [10, 100]) {
      for (const recall of [0.8, 0.95])
        expect(
          recallOf(index, vectors, k, recall),
          `${what}, like the ${like}, ${k}, ${recall}`,
        ).toBeGreaterThan(recall - ALLOWED);
    }
  }
}

test('recall by dot product holds at every step while vectors of heavy-tailed lengths come', () => {
  let index = start;
  for (let tenth = 1; tenth <= 4; tenth++) {
    index = grown(index, 8, `${tenth}`);
    expectRecall(index, `after ${tenth} tenths`);
  }
});

test('recall holds after a merge, after a restore, and in a version made by a delta', () => {
  const [ours, theirs] = [grown(start, 8, 'ours'), grown(start, 8, 'theirs')];
  const merged = merge(ours, theirs, start);
  expectRecall(merged, 'merged');
  expectRecall(applyDelta(start, decodeDelta(encodeDelta(diff(start, merged)))), 'by a delta');
  const cell = new CowShardexIndex(merged, { history: { versions: 4 } });
  cell.update((draft) => {
    draft.removeDocuments(numbered(1000, () => []).map(({ documentId }) => documentId));
  });
  cell.restore(merged.version);
  expectRecall(cell.read(), 'restored');
  cell.close();
});
