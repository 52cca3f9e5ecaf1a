import {
  createIndex,
  InvalidIndexError,
  InvalidOptionError,
  type Posting,
  type Shard,
  type ShardexIndex,
  type ShardexOptions,
  update,
  verify,
  type VerifyOptions,
  type Violation,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { CentroidChunk, CentroidTable } from '../../src/version/centroid-table.js';
import { Lazy } from '../../src/collections/lazy.js';
import { type DocumentEntry, noDocuments } from '../../src/version/documents.js';
import { RowBlock, columnsOf } from '../../src/version/row-block.js';
import { Centroid } from '../../src/version/shard.js';
import { Segment, ShardRows, rowsFrom } from '../../src/version/shard-rows.js';
import { withEntry } from '../support/documents.js';
import { numbered } from '../support/postings.js';
import { gaussianVector, seeded } from '../support/random.js';
import { listOf } from '../support/rows.js';

const OPTIONS: ShardexOptions = {
  dimensions: 2,
  metric: 'euclidean',
  shardCapacity: 8,
  reassign: 'strict',
};

function sound(options: ShardexOptions = OPTIONS): ShardexIndex {
  const random = seeded(1);
  return createIndex(
    options,
    numbered(40, () => gaussianVector(random, 2)),
  );
}

function broken(change: (index: ShardexIndex) => Partial<ShardexIndex>): ShardexIndex {
  const index = sound();
  return Object.freeze({ ...index, ...change(index) });
}

function withShard(change: (shard: Shard, index: ShardexIndex) => Partial<Shard>): ShardexIndex {
  return broken((index) => {
    const shard = firstOf(index);
    return { shards: index.shards.set(shard.id, Object.freeze({ ...shard, ...change(shard, index) })) };
  });
}

function firstOf(index: ShardexIndex): Shard {
  return [...index.shards.values()].reduce((a, b) => (a.id < b.id ? a : b));
}

/** The documents of a version, with one listed elsewhere, or not at all. */
function listing(
  index: ShardexIndex,
  documentId: string,
  entry: DocumentEntry | undefined,
): ShardexIndex['documents'] {
  return Lazy.of(withEntry(index.documents.value, documentId, entry));
}

/** A shard's rows with some more behind them, where the map of documents doesn't know of them. */
function rowsWith(shard: Shard, postings: readonly Posting[]): ShardRows {
  const more = rowsFrom(
    listOf(postings, 2),
    postings.map(() => 0),
    2,
  );
  return new ShardRows([...shard.rows.segments, ...more.segments]);
}

function expectFound(index: ShardexIndex, invariant: Violation['invariant'], where: string, what: RegExp) {
  expect([...verify(index)]).toContainEqual({
    invariant,
    where: expect.stringContaining(where) as string,
    what: expect.stringMatching(what) as string,
  });
}

test('a sound index has no violations', () => {
  const found = verify(sound());
  expect([...found]).toEqual([]);
  expect(found.placementChecked).toBe(40);
  expect(found.misplacedShare).toBe(0);
  expect(Object.isFrozen(found)).toBe(true);
});

describe('in the root, verify finds', () => {
  test('what is not frozen (I1)', () => {
    expectFound({ ...sound() }, 'I1', 'the root', /not frozen/);
    const open = broken((index) => ({ config: { ...index.config } }));
    expectFound(open, 'I1', 'the root', /not frozen/);
  });

  test('a map left open to changes (I1)', () => {
    const shards = broken((index) => ({ shards: index.shards.asMutable().delete(firstOf(index).id) }));
    expectFound(shards, 'I1', 'a map', /open/);
  });

  test.each(['postingCount', 'shardCount', 'documentCount', 'placedCount', 'byteLength'] as const)(
    'a wrong %s (I7)',
    (name) => {
      expectFound(
        broken((index) => ({ [name]: index[name] + 1 })),
        'I7',
        'the root',
        new RegExp(name),
      );
    },
  );

  // Adds and searches are routed by this table.
  describe('a centroid table (I6)', () => {
    function withTable(change: (ids: number[], vectors: number[][]) => void): ShardexIndex {
      return broken((index) => {
        const shards = [...index.shards.values()];
        const ids = shards.map(({ id }) => id);
        const vectors = shards.map(({ centroid }) => [...centroid.toArray()]);
        change(ids, vectors);
        const chunk = new CentroidChunk('euclidean', ids, Float32Array.from(vectors.flat()));
        return { centroids: new CentroidTable([chunk]) };
      });
    }

    test('as it should be is found sound, however it is chunked', () => {
      expect([...verify(withTable(() => undefined))]).toEqual([]);
    });

    test.each<[string, (ids: number[], vectors: number[][]) => void, RegExp]>([
      ['that misses a shard', (ids, vectors) => [ids.pop(), vectors.pop()], /lists/],
      ['that lists a shard twice', (ids) => ids.fill(ids[0], 1, 2), /lists/],
      ['that lists a shard too many', (ids, vectors) => [ids.push(999), vectors.push([0, 0])], /lists/],
      ['that lists an unknown shard', (ids) => ids.fill(999, 0, 1), /not the shard's own/],
      [
        'with the centroids of two shards exchanged',
        (_, vectors) => vectors.reverse(),
        /not the shard's own/,
      ],
    ])('%s', (_, change, what) => {
      expectFound(withTable(change), 'I6', 'the centroid table', what);
    });
  });
});

describe('in a shard, verify finds', () => {
  test('what is not frozen (I1)', () => {
    const open = broken((index) => {
      const shard = firstOf(index);
      return { shards: index.shards.set(shard.id, { ...shard }) };
    });
    expectFound(open, 'I1', 'shard ', /not frozen/);
  });

  test('a wrong id (I4)', () => {
    expectFound(
      withShard(({ id }) => ({ id: id + 1000 })),
      'I4',
      'shard ',
      /calls itself/,
    );
  });

  test('an id that would be given out again (I4)', () => {
    expectFound(
      broken(() => ({ nextShardId: 0 })),
      'I4',
      'shard ',
      /again/,
    );
  });

  test('no posting (I7)', () => {
    expectFound(
      withShard(() => ({ rows: new ShardRows([]) })),
      'I7',
      'shard ',
      /is empty/,
    );
  });

  test('more postings than its capacity (I7)', () => {
    const many = numbered(9, (i) => [i, i], 'more');
    expectFound(
      withShard((shard) => ({ rows: rowsWith(shard, many) })),
      'I7',
      'shard ',
      /capacity 8/,
    );
  });

  test('a centroid that is not finite (I7)', () => {
    const nan = new Centroid(Float32Array.of(1, Number.NaN));
    expectFound(
      withShard(() => ({ centroid: nan })),
      'I7',
      'shard ',
      /centroid that is not finite/,
    );
  });

  test('rows that nobody has claimed (I1)', () => {
    const block = new RowBlock(4, 2);
    for (const row of [0, 1]) columnsOf(block).ids.set(row, `d${row}`);
    const rows = new ShardRows([new Segment(block, 2, 2)]);
    expectFound(
      withShard(() => ({ rows })),
      'I1',
      'shard ',
      /nobody has claimed/,
    );
  });

  test.each([
    ['is not finite', 'I7', 'vectors', Number.NaN],
    ['changed its length', 'I1', 'vectors', 123],
    ['has a stale separation', 'I6', 'separations', 123],
  ] as const)('a row that %s', (what, invariant, column, value) => {
    const index = sound();
    const { block } = firstOf(index).rows.segments[0];
    columnsOf(block)[column][0] = value;
    expectFound(index, invariant, 'shard ', new RegExp(what));
  });

  test('wrong counts (I7)', () => {
    const wrong = withShard(({ rows }) => {
      const [first, ...rest] = rows.segments;
      return { rows: new ShardRows([new Segment(first.block, first.visible, 1), ...rest]) };
    });
    expectFound(wrong, 'I7', 'shard ', /rows live, but/);
  });
});

describe('in the documents, verify finds', () => {
  test('two live rows of one key, also in different shards (I5)', () => {
    const index = sound();
    const [a, b] = [...index.shards.values()];
    const documentId = columnsOf(a.rows.segments[0].block).ids.at(0);
    const rows = rowsWith(b, [{ documentId, vector: [1, 2] }]);
    const doubled = Object.freeze({
      ...index,
      shards: index.shards.set(b.id, Object.freeze({ ...b, rows })),
    });
    expectFound(doubled, 'I5', `document "${documentId}"`, /two live rows/);
  });

  test('a document listed in another shard than it is in (I7)', () => {
    const index = sound();
    const other = [...index.shards.keys()].find((id) => id !== index.documents.value.get('p3')) ?? -1;
    const moved = Object.freeze({ ...index, documents: listing(index, 'p3', other) });
    expectFound(moved, 'I7', 'document "p3"', /is listed in shards/);
  });

  test('a document that is not listed (I7)', () => {
    const missing = broken((index) => ({ documents: listing(index, 'p3', undefined) }));
    expectFound(missing, 'I7', 'document "p3"', /is listed in shards \[\]/);
  });

  test('a document that is listed without postings (I7)', () => {
    const listed = broken((index) => ({
      documents: listing(index, 'nobody', firstOf(index).id),
    }));
    expectFound(listed, 'I7', 'document "nobody"', /no postings/);
  });
});

describe('placement', () => {
  /** Two far apart clusters, and a posting of the one that lies in the shard of the other. */
  function misplaced(reassign: 'strict' | number): ShardexIndex {
    const index = createIndex(
      { ...OPTIONS, reassign },
      numbered(12, (i) => [i < 6 ? 0 : 100, i]),
    );
    const [a, b] = [...index.shards.values()];
    const vector = [...b.centroid.toArray()];
    const rows = rowsWith(a, [{ documentId: 'stray', vector }]);
    const [x, y] = a.centroid.toArray();
    const { separations } = columnsOf(rows.segments[rows.segments.length - 1].block);
    separations[0] = (x - vector[0]) ** 2 + (y - vector[1]) ** 2;
    return Object.freeze({
      ...index,
      postingCount: index.postingCount + 1,
      placedCount: index.placedCount + 1,
      documentCount: index.documentCount + 1,
      byteLength: index.byteLength + 32,
      shards: index.shards.set(a.id, Object.freeze({ ...a, rows })),
      documents: listing(index, 'stray', a.id),
    });
  }

  test('in the wrong shard is a violation where reassign is strict (I6)', () => {
    const found = verify(misplaced('strict'));
    expect(found.map(({ invariant }) => invariant)).toEqual(['I6']);
    expect(found[0].what).toMatch(/is nearer to shard/);
    expect(found.misplacedShare).toBe(1 / 13);
  });

  test('is only measured where it is not', () => {
    const found = verify(misplaced(0));
    expect([...found]).toEqual([]);
    expect([found.placementChecked, found.misplacedShare]).toEqual([13, 1 / 13]);
  });

  test('is looked at for as many postings as asked, the same ones each time (I10)', () => {
    const index = misplaced(0);
    for (const placement of [0, 1, 5, 12]) {
      const found = verify(index, { placement });
      expect(found.placementChecked).toBe(placement);
      expect(verify(index, { placement }).misplacedShare).toBe(found.misplacedShare);
    }
    expect(verify(index, { placement: 0 }).misplacedShare).toBe(0);
    expect(verify(index, { placement: 'all' }).placementChecked).toBe(13);
    expect(verify(index, { placement: 1e9 }).placementChecked).toBe(13);
  });

  test('is looked at for 1,000 of many postings by default', () => {
    const index = createIndex(
      { dimensions: 1, metric: 'euclidean', shardCapacity: 64 },
      numbered(1500, (i) => [i]),
    );
    expect(verify(index).placementChecked).toBe(1000);
  });
});

test('the list of violations ends after a hundred, and says so', () => {
  const found = verify(broken(() => ({ documents: Lazy.of(noDocuments()) })));
  expect(found.filter(({ invariant }) => invariant === 'I7')).toHaveLength(42);
  const many = createIndex(
    OPTIONS,
    numbered(300, (i) => [i, i]),
  );
  const listed = verify(Object.freeze({ ...many, documents: Lazy.of(noDocuments()) }));
  expect(listed).toHaveLength(101);
  expect(listed[100].what).toBe('more than is listed');
});

describe('bad arguments', () => {
  test('are refused', () => {
    expect(() => verify({} as ShardexIndex)).toThrow(InvalidIndexError);
    for (const placement of [-1, 1.5, Number.NaN, 'some', null]) {
      expect(() => verify(sound(), { placement } as VerifyOptions)).toThrow(InvalidOptionError);
    }
    for (const options of [null, 5, 'all', { placment: 5 }]) {
      expect(() => verify(sound(), options as VerifyOptions)).toThrow(InvalidOptionError);
    }
  });
});

test('an update that broke something would be found in what it publishes', () => {
  // The same corruption as above, carried over by an update that doesn't touch it.
  const nan = new Centroid(Float32Array.of(Number.NaN, 0));
  const next = update(
    withShard(() => ({ centroid: nan })),
    (draft) => {
      draft.removeDocument('p39');
    },
  );
  expectFound(next, 'I7', 'shard ', /not finite/);
});
