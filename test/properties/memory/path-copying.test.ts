import { type ShardexIndex, createIndex, update } from 'shardex';
import { expect, test } from 'vitest';
import { bucketsOf } from '../../../src/collections/string-map.js';
import { freshNodes, nodesOf } from '../../support/hamt.js';
import { integerBelow, seeded } from '../../support/random.js';
import { parts } from '../../support/reachable.js';
import { fullestFirst } from '../../support/sharing.js';

/*
 * I4: what a commit allocates grows like the logarithm of the number of shards. Counted, not timed: the nodes of the
 * two tries, and every object that the new version does not share with the old one.
 */

/** About `shards` shards of 8 rows at most. */
function indexOf(shards: number): ShardexIndex {
  const random = seeded(shards);
  const spread = 4 * Math.ceil(Math.sqrt(shards));
  const postings = Array.from({ length: Math.ceil(4.3 * shards) }, (_, i) => ({
    documentId: `d${i}`,
    vector: [integerBelow(random, spread), integerBelow(random, spread)],
  }));
  const index = createIndex({ dimensions: 2, metric: 'euclidean', shardCapacity: 8, reassign: 0 }, postings);
  expect(index.shardCount).toBeGreaterThan(shards / 2);
  return index;
}

/** The levels of a trie of `size` entries, 32 to a node, and one for a node that is not full or a leaf. */
const levels = (size: number): number => Math.ceil(Math.log(size) / Math.log(32)) + 2;

/** Of the documents a bucket was copied, perhaps two more of which one was split or merged, and the path to each. */
function expectPathCopied(before: ShardexIndex, after: ShardexIndex): void {
  const [old, now] = [before, after].map(({ documents }) => bucketsOf(documents.value));
  const buckets = new Set(old);
  expect(now.count((bucket) => !buckets.has(bucket))).toBeLessThanOrEqual(3);
  // Three paths of nodes at most, each node an object with an array and perhaps a token of who made it; and the list.
  const nodes = parts(old);
  const fresh = [...parts(now)].filter((node) => !nodes.has(node));
  expect(fresh.length).toBeLessThanOrEqual(3 * 3 * levels(before.documentCount) + 1);
  // A node has 32 buckets, of 10 documents on average.
  expect(nodes.size).toBeGreaterThan(before.documentCount / 10 / 32);
}

// The largest takes a while to make.
test.each([100, 1_000, 10_000])(
  'with about %i shards',
  (shards) => {
    const before = indexOf(shards);
    const roomy = fullestFirst(before).at(-1);
    const vector = [...(roomy?.centroid.toArray() ?? [])];

    const added = update(before, (draft) => {
      draft.addPosting({ documentId: 'new', vector });
    });
    expect(added.shardCount).toBe(before.shardCount);
    expect(freshNodes(before.shards, added.shards)).toBeLessThanOrEqual(levels(before.shardCount));
    expectPathCopied(before, added);
    // The rest of it is one root, one shard, its rows, and a block with its columns.
    const old = parts(before);
    const fresh = [...parts(added)].filter((part) => !old.has(part));
    expect(fresh.length).toBeLessThanOrEqual(40);

    const removed = update(added, (draft) => {
      draft.removeDocument('new');
    });
    expect(freshNodes(added.shards, removed.shards)).toBeLessThanOrEqual(levels(before.shardCount));
    expectPathCopied(added, removed);
    // There is something to share, so the bounds above are not met by chance.
    expect(nodesOf(before.shards).size).toBeGreaterThan(shards / 2);
  },
  240_000,
);
