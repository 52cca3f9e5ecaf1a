import { createIndex, update } from 'shardex';
import { expect, test } from 'vitest';
import { seededRandom } from '../../src/geometry/random.js';
import { changedShards, differingShards } from '../../src/version/changed-shards.js';
import { shardDelta } from '../support/sharing.js';

test('walking two tries finds what comparing every shard finds, and so does the record of the draft', () => {
  const random = seededRandom(3);
  const posting = (n: number) => ({ documentId: `d${n}`, vector: [random() - 0.5, random() - 0.5] });
  let index = createIndex(
    { dimensions: 2, shardCapacity: 8 },
    Array.from({ length: 3000 }, (_, n) => posting(n)),
  );
  expect(index.shardCount).toBeGreaterThan(300);
  const first = index;
  for (let n = 0; n < 300; n++) {
    const next = update(index, (draft) => {
      draft.addPosting(posting(Math.floor(random() * 3500)));
      draft.removeDocument(`d${Math.floor(random() * 3500)}`);
    });
    const { copied, added, gone } = shardDelta(index, next);
    const expected = [...copied, ...added, ...gone].sort((a, b) => a - b);
    expect(differingShards(index.shards, next.shards)).toEqual(expected);
    expect(differingShards(next.shards, index.shards)).toEqual(expected);
    expect(changedShards(index, next)).toEqual(expected);
    index = next;
  }
  const { copied, added, gone } = shardDelta(first, index);
  expect(differingShards(first.shards, index.shards)).toEqual(
    [...copied, ...added, ...gone].sort((a, b) => a - b),
  );
});
