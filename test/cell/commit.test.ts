import {
  CowShardexIndex,
  createIndex,
  type IndexDraft,
  postings,
  search,
  statistics,
  update,
  verify,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { METRICS, numbered } from '../support/postings.js';
import { gaussianVector, seeded } from '../support/random.js';
import { expectSound } from '../support/sound.js';

const random = seeded(1);
const BASE = createIndex(
  { dimensions: 2, metric: 'euclidean', shardCapacity: 16, slopFactor: 3, reassign: 'strict', seed: 7 },
  numbered(300, () => gaussianVector(random, 2)),
);

const addFar = (draft: IndexDraft) => {
  draft.addPosting({ documentId: 'far', start: 3, length: 4, vector: [100, 100] });
};

test('a commit keeps every part of the index', () => {
  const cell = new CowShardexIndex(BASE);
  const { index: next } = cell.update(addFar);
  expect(next.config).toBe(BASE.config);
  expect(Object.keys(next).sort()).toEqual(Object.keys(BASE).sort());
  for (let i = 0; i < 300; i++) expect(postings(next, `p${i}`)).toEqual(postings(BASE, `p${i}`));
  // And the next writer has all of it, too.
  const { index: again } = cell.update((draft) => {
    draft.removeDocument('far');
  });
  expect(again.config).toBe(BASE.config);
  expect(again.documentCount).toBe(300);
});

describe('what a commit publishes is up to date', () => {
  test('in its counts', () => {
    const next = update(BASE, (draft) => {
      addFar(draft);
      draft.removeDocuments(['p1', 'p2']);
    });
    expect(statistics(next)).toMatchObject({ postingCount: 299, documentCount: 299 });
    const rows = [...next.shards.values()].reduce((sum, { rows: { liveCount } }) => sum + liveCount, 0);
    expect(rows).toBe(299);
    expectSound(next);
  });

  test.each(METRICS)('in where it looks for what is new, by %s', (metric) => {
    const index = createIndex(
      { dimensions: 3, metric, shardCapacity: 16, reassign: 'strict' },
      numbered(200, () => gaussianVector(random, 3)),
    );
    // A cluster where there was nothing.
    const next = update(index, (draft) => {
      draft.addPostings(numbered(40, () => gaussianVector(random, 3, 0.01).map((x) => x + 50), 'new'));
    });
    expect(verify(next).misplacedShare).toBe(0);
    const found = search(next, [50, 50, 50], { k: 5, slopFactor: 4 });
    expect(found.every(({ documentId }) => documentId.startsWith('new'))).toBe(true);
    expect(found).toHaveLength(5);
  });
});

test('a version that is held outlives the commits after it', () => {
  const looked = new Set<PropertyKey>();
  const watched = new Proxy(BASE, {
    get: (target, key, receiver) => {
      looked.add(key);
      return Reflect.get(target, key, receiver) as unknown;
    },
  });
  const next = update(BASE, addFar);
  const cell = new CowShardexIndex(watched);
  cell.commitChanges(next, { expected: watched });
  expect(cell.read()).toBe(next);
  // Only the shards that differ are looked up, to know which blocks it alone keeps.
  expect(looked.has('documents')).toBe(false);
  // Its one holder is this test; it is as good as ever.
  expectSound(BASE);
});

describe('a commit leaves warm what it did not touch:', () => {
  test('every shard but the touched ones is the one from before, and so are the centroids (I4)', () => {
    const next = update(BASE, (draft) => {
      draft.removeDocument('p7');
    });
    const changed = [...next.shards.values()].filter((shard) => BASE.shards.get(shard.id) !== shard);
    expect(changed).toHaveLength(1);
    expect(next.shardCount).toBe(BASE.shardCount);
    expect(next.centroids).toBe(BASE.centroids);
    // Even the touched one has its rows where they were.
    const [before] = [...BASE.shards.values()].filter(({ id }) => id === changed[0].id);
    expect(changed[0].rows.segments[0].block).toBe(before.rows.segments[0].block);
  });

  test('a frozen snapshot answers every kind of question', () => {
    const snapshot = Object.freeze(new CowShardexIndex(BASE).read());
    const all = {
      k: 3,
      slopFactor: 'all',
      distinct: 'document',
      includeVector: true,
      filter: () => true,
    } as const;
    expect(search(snapshot, [0, 0], all)).toHaveLength(3);
    expect(search(snapshot, [0, 0], { k: 3 })).toHaveLength(3);
    expect(postings(snapshot, 'p1')).toHaveLength(1);
    expect(statistics(snapshot).postingCount).toBe(300);
    expectSound(snapshot);
  });
});
