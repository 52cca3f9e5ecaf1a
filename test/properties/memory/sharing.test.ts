import * as fc from 'fast-check';
import * as shardex from 'shardex';
import {
  CowShardexIndex,
  type Posting,
  type Shard,
  type ShardexIndex,
  createIndex,
  postings,
  update,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { keyOfRow } from '../../../src/version/posting.js';
import { eachLive } from '../../../src/version/shard-rows.js';
import { shardsOfDocument } from '../../../src/version/shardex-index.js';
import { sharesTheRest } from '../../support/checks/shares-the-rest.js';
import { dyadicVector, pick, seeded } from '../../support/random.js';
import { blocksOf, fullestFirst, shardDelta } from '../../support/sharing.js';

/** Clusters far apart, one shard for each, so that it is plain which shard a posting goes to. */
const PLACES = 12;
const ROOM = 16;

function place(p: number, i = 0): number[] {
  return [1000 * p, i / 8];
}

/** Each place holds `perPlace` postings of a document of its own, and one of the document 'everywhere'. */
function places(perPlace: number, reassign: 'strict' | number = 64): ShardexIndex {
  const all = Array.from({ length: PLACES }, (_, p): Posting[] => [
    ...Array.from({ length: perPlace }, (_, i) => ({ documentId: `d${p}`, start: i, vector: place(p, i) })),
    { documentId: 'everywhere', start: p, vector: place(p) },
  ]);
  const index = createIndex(
    { dimensions: 2, metric: 'euclidean', shardCapacity: ROOM, reassign, slopFactor: 'all' },
    all.flat(),
  );
  expect(index.shardCount).toBe(PLACES);
  return index;
}

/** Expects exactly these shards to be other objects, and every other one to be the same (I4). */
function expectCopied(before: ShardexIndex, after: ShardexIndex, touched: readonly Shard[]): void {
  const { shared, copied, added, gone } = shardDelta(before, after);
  expect([...copied].sort((a, b) => a - b)).toEqual(touched.map(({ id }) => id).sort((a, b) => a - b));
  expect([...added, ...gone]).toEqual([]);
  expect(shared).toHaveLength(before.shardCount - touched.length);
  expect(after.centroids).toBe(before.centroids);
}

const shardAt = (index: ShardexIndex, p: number): Shard => shardsOfDocument(index, `d${p}`)[0];

test('an append or a removal shares all but the shard it touches (I4)', () => {
  sharesTheRest(shardex);
});

describe('a commit copies exactly', () => {
  test('one shard for an add', () => {
    const before = places(10);
    const after = update(before, (draft) => {
      draft.addPosting({ documentId: 'new', vector: place(5) });
    });
    expectCopied(before, after, [shardAt(before, 5)]);
  });

  test('the shards that hold a document, when it is removed', () => {
    const before = update(places(10), (draft) => {
      draft.addPostings([3, 8].map((p) => ({ documentId: 'pair', start: p, vector: place(p) })));
    });
    for (const [documentId, count] of [
      ['pair', 2],
      ['everywhere', PLACES],
    ] as const) {
      const holders = shardsOfDocument(before, documentId);
      expect(holders).toHaveLength(count);
      const after = update(before, (draft) => {
        draft.removeDocument(documentId);
      });
      expectCopied(before, after, holders);
    }
  });

  test('one shard for a posting replaced where it is, and two for one that moves', () => {
    const before = places(10);
    const stays = update(before, (draft) => {
      draft.addPosting({ documentId: 'd2', start: 4, vector: place(2, 0.5) });
    });
    expectCopied(before, stays, [shardAt(before, 2)]);
    const moves = update(before, (draft) => {
      draft.addPosting({ documentId: 'd2', start: 4, vector: place(9) });
    });
    expectCopied(before, moves, [shardAt(before, 2), shardAt(before, 9)]);
  });

  test('the shards that a batch reaches', () => {
    const before = places(8);
    for (const reached of [[0], [1, 7], [0, 2, 4, 6, 8, 10]]) {
      const after = update(before, (draft) => {
        draft.addPostings(
          [0, 1, 2].flatMap((i) =>
            reached.map((p) => ({ documentId: `new${p}`, start: i, vector: place(p) })),
          ),
        );
      });
      expectCopied(
        before,
        after,
        reached.map((p) => shardAt(before, p)),
      );
    }
  });

  test('the shards where a replaced document differs', () => {
    const before = places(10);
    const after = update(before, (draft) => {
      const rows = postings(before, 'everywhere');
      draft.replaceDocument('everywhere', [...rows.slice(1), { ...rows[0], vector: place(0, 3) }]);
    });
    expectCopied(before, after, [shardAt(before, 0)]);
  });

  test('the shard that splits, which its parts replace', () => {
    const before = update(places(10, 0), (draft) => {
      for (let i = 0; i < ROOM - 11; i++) draft.addPosting({ documentId: `more${i}`, vector: place(6, i) });
    });
    const full = shardAt(before, 6);
    expect(full.rows.liveCount).toBe(ROOM);
    const after = update(before, (draft) => {
      draft.addPosting({ documentId: 'one too many', vector: place(6) });
    });
    const { shared, copied, added, gone } = shardDelta(before, after);
    expect({ copied, gone }).toEqual({ copied: [], gone: [full.id] });
    expect(added).toHaveLength(2);
    expect(shared).toHaveLength(PLACES - 1);
    // Old ids are not given out again, so nothing that names a shard can mean another one.
    expect(Math.min(...added)).toBeGreaterThanOrEqual(before.nextShardId);
  });

  test('nothing for what is there already, and nothing before anything is written', () => {
    const cell = new CowShardexIndex(places(10));
    const before = cell.read();
    const writer = cell.cloneForWrite();
    expect(writer.base).toBe(before);
    expect(writer.preview()).toBe(before);
    writer.addPostings(postings(before, 'everywhere'));
    writer.replaceDocument('d1', postings(before, 'd1'));
    writer.removeDocument('unknown');
    expect(writer.preview()).toBe(before);
    expect(writer.commitChanges().index).toBe(before);
    expect(cell.read()).toBe(before);
  });

  test('what the writer itself touched, when it is rebased', () => {
    const cell = new CowShardexIndex(places(10));
    const writer = cell.cloneForWrite();
    writer.addPosting({ documentId: 'mine', vector: place(1) });
    const { index: current } = cell.update((draft) => {
      draft.addPosting({ documentId: 'theirs', vector: place(2) });
      draft.addPosting({ documentId: 'theirs', start: 1, vector: place(1) });
    });
    expectCopied(current, writer.commitChanges().index, [shardAt(current, 1)]);
  });

  test('what the draft went on to touch after a preview', () => {
    const base = places(10);
    update(base, (draft) => {
      draft.addPosting({ documentId: 'new', vector: place(1) });
      const seen = draft.preview();
      draft.addPosting({ documentId: 'new', start: 1, vector: place(2) });
      expectCopied(seen, draft.preview(), [shardAt(seen, 2)]);
      expect(draft.preview()).toBe(draft.preview());
    });
  });
});

test('no shard is copied whose rows stayed the same, over random histories', () => {
  const rowsOf = (shard: Shard): string => {
    const rows: unknown[] = [];
    eachLive(shard.rows, (columns, row) => {
      rows.push(keyOfRow(columns, row), [...columns.vectors.subarray(2 * row, 2 * row + 2)]);
    });
    return JSON.stringify(rows);
  };
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom(0, 64, 'strict' as const), (seed, reassign) => {
      const random = seeded(seed);
      let before = createIndex({ dimensions: 2, metric: 'euclidean', shardCapacity: 8, reassign });
      for (let step = 0; step < 60; step++) {
        const after = update(before, (draft) => {
          if (random() < 0.2) draft.removeDocument(`d${Math.floor(30 * random())}`);
          else
            draft.addPosting({
              documentId: `d${Math.floor(30 * random())}`,
              start: step,
              vector: dyadicVector(random, 2, 4),
            });
        });
        for (const id of shardDelta(before, after).copied) {
          const [old, fresh] = [before, after].map((version) => rowsOf(version.shards.get(id) as Shard));
          expect(fresh).not.toBe(old);
        }
        before = after;
      }
    }),
    { numRuns: 30 },
  );
});

describe('rows', () => {
  test('appended in place are not copied, however many versions share the block', () => {
    let version = update(places(8), (draft) => {
      draft.addPosting({ documentId: 'first', vector: place(4) });
    });
    const blocks = blocksOf(version);
    for (let i = 0; i < 6; i++) {
      version = update(version, (draft) => {
        draft.addPosting({ documentId: `next${i}`, vector: place(4) });
      });
      expect([...blocksOf(version)].every((block) => blocks.has(block))).toBe(true);
    }
    expect(version.byteLength).toBe(
      [...blocks].reduce((sum, block) => sum + (block as shardex.RowBlock).byteLength, 0),
    );
  });

  test('that are removed are marked, not moved', () => {
    const before = places(10);
    const after = update(before, (draft) => {
      draft.removeDocument('everywhere');
    });
    expect(blocksOf(after)).toEqual(blocksOf(before));
    expect([...blocksOf(after)].every((block) => blocksOf(before).has(block))).toBe(true);
  });

  test('are copied for the second of two branches only, and only the last block', () => {
    const base = update(places(6), (draft) => {
      draft.addPosting({ documentId: 'shared', vector: place(4) });
    });
    const [first, second] = ['left', 'right'].map((documentId) =>
      update(base, (draft) => {
        draft.addPosting({ documentId, vector: place(4) });
      }),
    );
    const fresh = (version: ShardexIndex): number =>
      [...blocksOf(version)].filter((block) => !blocksOf(base).has(block)).length;
    expect(fresh(first)).toBe(0);
    expect(fresh(second)).toBe(1);
  });
});

test('the centroid table is the same one but for a split, which replaces a chunk or two', () => {
  const random = seeded(3);
  let version = createIndex(
    { dimensions: 2, metric: 'euclidean', shardCapacity: 8 },
    Array.from({ length: 4000 }, (_, i) => ({ documentId: `d${i}`, vector: dyadicVector(random, 2, 64) })),
  );
  expect(version.centroids.chunks.length).toBeGreaterThan(10);
  let splits = 0;
  for (let i = 0; i < 60; i++) {
    const before = version;
    const [fullest] = fullestFirst(before);
    const vector = [
      ...(i % 2 === 0 ? fullest : pick(random, [...before.shards.values()])).centroid.toArray(),
    ];
    version = update(before, (draft) => {
      draft.addPosting({ documentId: `new${i}`, vector });
    });
    const { added, gone } = shardDelta(before, version);
    if (added.length + gone.length === 0) {
      expect(version.centroids).toBe(before.centroids);
      continue;
    }
    splits++;
    const old = new Set(before.centroids.chunks);
    const fresh = version.centroids.chunks.filter((chunk) => !old.has(chunk)).length;
    // The chunk that loses a centroid, those that gain one, and the halves of any that overflows.
    expect(fresh).toBeLessThanOrEqual(2 * (added.length + gone.length));
  }
  expect(splits).toBeGreaterThan(10);
});
