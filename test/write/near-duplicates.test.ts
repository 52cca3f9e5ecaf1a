import { createIndex, type Posting, update, verify } from 'shardex';
import { expect, test } from 'vitest';
import { gaussianVector, integerBelow, pick, seeded } from '../support/random.js';

/** The 32-bit float that comes `steps` after another. */
function stepsAfter(value: number, steps: number): number {
  const float = Float32Array.of(value);
  new Int32Array(float.buffer)[0] += steps;
  return float[0];
}

// With reassign 'strict' every posting is in its nearest shard, always (I6). Directions that differ by a few units in
// the last place are nearer to each other than a centroid is to its own rounding: no plane between two centroids parts
// them, so their shards have to share one.
test("reassign 'strict' holds for vectors that differ in their last bits only", () => {
  const random = seeded(809);
  for (let skipped = 0; skipped < 5; skipped++) random();
  const kinds = [
    () => Array.from({ length: 2 }, () => stepsAfter(1, integerBelow(random, 6))),
    () => Array.from({ length: 2 }, () => stepsAfter(1e30, integerBelow(random, 20))),
    () => Array.from({ length: 2 }, () => pick(random, [0, 1, -1])),
    () => gaussianVector(random, 2, pick(random, [0, 1e-44, 1e-38, 1, 1e20, 3e37])),
    () => Array.from({ length: 2 }, () => 2 ** integerBelow(random, 120)),
    () => Array.from({ length: 2 }, () => integerBelow(random, 4)),
  ];
  const posting = (): Posting => ({
    documentId: `d${integerBelow(random, 60)}`,
    start: integerBelow(random, 4),
    vector: (random() < 0.1 ? pick(random, kinds) : kinds[0])(),
  });
  let index = createIndex({
    dimensions: 2,
    metric: 'cosine',
    shardCapacity: 9,
    reassign: 'strict',
    seed: 809,
  });
  for (let step = 0; step < 6; step++) {
    index = update(index, (draft) => {
      for (let operation = integerBelow(random, 5); operation >= 0; operation--) {
        const count = pick(random, [1, 5, 40, 150]);
        draft.addPostings(Array.from({ length: count }, posting));
        for (let i = integerBelow(random, 15); i > 0; i--)
          draft.removeDocument(`d${integerBelow(random, 60)}`);
        if (random() < 0.2) draft.preview();
      }
    });
    expect(verify(index).misplacedShare).toBe(0);
  }
});
