import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MastraError } from '@mastra/core/error';
import { DatabaseSync } from '@photostructure/sqlite';
import type { VectorFilter } from '@mastra/core/vector/filter';
import {
  CowShardexIndex,
  InvalidFilterError,
  InvalidMetadataError,
  InvalidOptionError,
  InvalidVectorError,
  MergeConflictError,
  createIndex,
  getDocument,
} from 'shardex';
import { ShardexVector, type ShardexVectorConfig } from 'shardex/mastra';
import { type SqliteDriver, memoryLog, openStore } from 'shardex/store';
import { afterEach, describe, expect, test } from 'vitest';
import { rejectionOf } from '../support/thrown.js';

const indexName = 'notes';

async function filled(config: Partial<ShardexVectorConfig> = {}): Promise<ShardexVector> {
  const vectors = new ShardexVector({ id: 'test', ...config });
  await vectors.createIndex({ indexName, dimension: 2 });
  await vectors.upsert({
    indexName,
    ids: ['a', 'b', 'c', 'd'],
    vectors: [
      [1, 0],
      [1, 1],
      [0, 1],
      [-1, 0],
    ],
    metadata: [
      { n: 1, tag: 'x', tags: ['p', 'q'], by: { name: 'Ann', age: 30 }, at: new Date(0) },
      { n: 2, tag: 'y', tags: ['q'], by: { name: 'Bob', age: 40 }, at: new Date(1e12) },
      { n: 3, tag: 'y', tags: [], documentId: 'book', list: [{ v: 1 }, { v: 5 }] },
      { n: 4, tag: null, text: 'Hello' },
    ],
  });
  return vectors;
}

async function idsOf(vectors: ShardexVector, filter?: VectorFilter, name = indexName): Promise<string[]> {
  const found = await vectors.query({ indexName: name, queryVector: [1, 0], topK: 100, filter });
  return found.map(({ id }) => id);
}

describe('indexes', () => {
  test('are made, listed, described and removed', async () => {
    const vectors = new ShardexVector({ id: 'test' });
    await vectors.createIndex({ indexName: 'a', dimension: 3 });
    await vectors.createIndex({ indexName: 'b', dimension: 4, metric: 'dotproduct' });
    await vectors.createIndex({ indexName: 'c', dimension: 5, metric: 'euclidean' });
    await vectors.createIndex({ indexName: 'a', dimension: 3 });
    expect(await vectors.listIndexes()).toEqual(['a', 'b', 'c']);
    const described = await Promise.all(
      ['a', 'b', 'c'].map((name) => vectors.describeIndex({ indexName: name })),
    );
    expect(described).toEqual([
      { dimension: 3, count: 0, metric: 'cosine' },
      { dimension: 4, count: 0, metric: 'dotproduct' },
      { dimension: 5, count: 0, metric: 'euclidean' },
    ]);
    await vectors.deleteIndex({ indexName: 'b' });
    await vectors.deleteIndex({ indexName: 'nobody' });
    expect(await vectors.listIndexes()).toEqual(['a', 'c']);
  });

  test('that are there already must be of that dimension; those that are not are named', async () => {
    const vectors = await filled();
    const other = await rejectionOf(vectors.createIndex({ indexName, dimension: 3 }));
    expect(other).toBeInstanceOf(MastraError);
    expect(String(other)).toContain('already exists with 2 dimensions');
    for (const call of [
      vectors.query({ indexName: 'other', queryVector: [1, 0] }),
      vectors.upsert({ indexName: 'other', vectors: [[1, 0]] }),
      vectors.describeIndex({ indexName: 'other' }),
      vectors.deleteVector({ indexName: 'other', id: 'a' }),
      vectors.updateVector({ indexName: 'other', id: 'a', update: { vector: [1, 0] } }),
    ]) {
      const error = await rejectionOf(call);
      expect(error).toBeInstanceOf(InvalidOptionError);
      expect(String(error)).toContain("There is no index 'other'; there are notes.");
    }
  });

  test('made twice at once are one, also where one of both is slow', async () => {
    const waits = [0, 30];
    class Slow extends ShardexVector {
      override async listIndexes(): Promise<string[]> {
        const names = await super.listIndexes();
        await new Promise((resolve) => setTimeout(resolve, waits.shift() ?? 0));
        return names;
      }
    }
    const vectors = new Slow({ id: 'test' });
    const make = async (id: string): Promise<void> => {
      await vectors.createIndex({ indexName, dimension: 2 });
      await vectors.upsert({ indexName, ids: [id], vectors: [[1, 0]] });
    };
    await Promise.all([make('a'), make('b')]);
    expect(await idsOf(vectors)).toEqual(['a', 'b']);
  });

  test('may be given: cells, and stores', async () => {
    const cell = new CowShardexIndex(createIndex({ dimensions: 2 }));
    const store = await openStore(memoryLog(), { dimensions: 2 });
    const vectors = new ShardexVector({ id: 'test', indexes: { cell, store } });
    for (const name of ['cell', 'store']) await vectors.upsert({ indexName: name, vectors: [[1, 0]] });
    expect([cell.postingCount, store.postingCount]).toEqual([1, 1]);
    expect(await vectors.cell('store')).toBe(store);
    await vectors.close();
    expect([cell.isClosed, store.isClosed]).toEqual([false, false]);
  });
});

describe('a folder of indexes', () => {
  const path = mkdtempSync(join(tmpdir(), 'shardex-mastra-'));
  const config = { id: 'test', path, driver: DatabaseSync as unknown as SqliteDriver };
  afterEach(() => {
    rmSync(path, { recursive: true, force: true });
  });

  test('is there again in the next process, until it is removed', async () => {
    const first = await filled(config);
    await first.createIndex({ indexName: 'a/b: c', dimension: 3 });
    await first.close();
    const next = new ShardexVector(config);
    expect((await next.listIndexes()).sort()).toEqual(['a/b: c', indexName]);
    expect(await idsOf(next, { tag: 'y' })).toEqual(['b', 'c']);
    await next.createIndex({ indexName, dimension: 2 });
    expect(await rejectionOf(next.createIndex({ indexName, dimension: 9 }))).toBeInstanceOf(MastraError);
    await next.deleteIndex({ indexName });
    expect(await next.listIndexes()).toEqual(['a/b: c']);
    await next.close();
    const files = readdirSync(path);
    expect(files).toContain('a%2Fb%3A%20c.db');
    expect(files.filter((file) => file.startsWith(indexName))).toEqual([]);
  });
});

describe('upsert', () => {
  test('puts, replaces, and makes ids', async () => {
    const vectors = await filled();
    const [made] = await vectors.upsert({ indexName, vectors: [[0, -1]] });
    await vectors.upsert({ indexName, ids: ['a'], vectors: [[0, 1]], metadata: [{ n: 9 }] });
    const [best] = await vectors.query({ indexName, queryVector: [0, -1], includeVector: true });
    expect(best).toEqual({ id: made, score: 1, metadata: {}, vector: [0, -1] });
    expect((await vectors.query({ indexName, queryVector: [0, 1], filter: { n: 9 } }))[0].score).toBe(1);
    expect((await vectors.describeIndex({ indexName })).count).toBe(5);
  });

  test('removes what passes deleteFilter before, in the same commit', async () => {
    const vectors = await filled();
    const cell = (await vectors.cell(indexName)) as CowShardexIndex;
    const { version } = cell;
    await vectors.upsert({
      indexName,
      ids: ['b', 'e'],
      vectors: [
        [1, 0],
        [1, 0],
      ],
      deleteFilter: { tag: 'y' },
    });
    expect((await idsOf(vectors)).sort()).toEqual(['a', 'b', 'd', 'e']);
    expect(cell.version).toBe(version + 1);
    const before = cell.read();
    const bad = { indexName, vectors: [[1]], deleteFilter: { tag: 'x' } };
    expect(await rejectionOf(vectors.upsert(bad))).toBeInstanceOf(InvalidVectorError);
    expect(cell.read()).toBe(before);
  });

  test('takes any ids and any names of fields', async () => {
    const vectors = await filled();
    const ids = ['', '\0', '\0\0', 'a.b', '__proto__'];
    const metadata = { documentId: 'x', documentId_: 'y', documentId__: 'z', documentIds: 'w' };
    await vectors.upsert({
      indexName,
      ids,
      vectors: ids.map(() => [0, -1]),
      metadata: ids.map(() => metadata),
    });
    const found = await vectors.query({ indexName, queryVector: [0, -1], topK: 5 });
    expect(found.map(({ id }) => id).sort()).toEqual([...ids].sort());
    for (const one of found) expect(one.metadata).toEqual(metadata);
    expect(await idsOf(vectors, { documentId: 'book' })).toEqual(['c']);
    expect(
      await idsOf(vectors, { $or: [{ documentId: 'x', documentId_: 'y', documentId__: 'z' }] }),
    ).toHaveLength(5);
    await vectors.updateVector({ indexName, id: '', update: { metadata: { n: 0 } } });
    expect(await idsOf(vectors, { n: 0 })).toEqual(['']);
    for (const id of ids) await vectors.deleteVector({ indexName, id });
    expect((await idsOf(vectors)).sort()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('refuses what does not belong together, and puts nothing', async () => {
    const vectors = await filled();
    const before = (await vectors.cell(indexName)).read();
    const one = [[1, 0]];
    const calls: [object, new (...args: never[]) => Error][] = [
      [{ vectors: [] }, MastraError],
      [{ vectors: one, ids: ['a', 'b'] }, MastraError],
      [{ vectors: one, metadata: [{}, {}] }, MastraError],
      [
        {
          vectors: [
            [1, 0],
            [1, NaN],
          ],
        },
        InvalidVectorError,
      ],
      [{ vectors: one, metadata: [{ m: new Set() }] }, InvalidMetadataError],
      [{ vectors: one, sparseVectors: [] }, InvalidOptionError],
      [{ vectors: one, deleteFilter: {} }, InvalidOptionError],
      [{ vectors: one, deleteFilter: { a: { $near: 1 } } }, InvalidFilterError],
    ];
    for (const [params, kind] of calls)
      expect(await rejectionOf(vectors.upsert({ indexName, ...params } as never))).toBeInstanceOf(kind);
    expect((await vectors.cell(indexName)).read()).toBe(before);
  });
});

describe('query', () => {
  test('gives scores of the metric, ten results unless it says how many, vectors where asked for', async () => {
    const vectors = await filled();
    const found = await vectors.query({ indexName, queryVector: [2, 0], topK: 2, includeVector: true });
    expect(found.map(({ id, score, vector }) => ({ id, score, vector }))).toEqual([
      { id: 'a', score: 1, vector: [1, 0] },
      { id: 'b', score: expect.closeTo(Math.SQRT1_2) as number, vector: [1, 1] },
    ]);
    expect((await vectors.query({ indexName, queryVector: [1, 0] }))[0]).not.toHaveProperty('vector');
    await vectors.upsert({ indexName, vectors: Array.from({ length: 20 }, (_, i) => [i, 1]) });
    expect(await vectors.query({ indexName, queryVector: [1, 0] })).toHaveLength(10);
    const scores = async (metric: 'dotproduct' | 'euclidean'): Promise<number> => {
      await vectors.createIndex({ indexName: metric, dimension: 1, metric });
      await vectors.upsert({ indexName: metric, vectors: [[3]] });
      return (await vectors.query({ indexName: metric, queryVector: [2] }))[0].score;
    };
    expect([await scores('dotproduct'), await scores('euclidean')]).toEqual([6, 0.5]);
  });

  test('is by metadata alone where there is no vector', async () => {
    const vectors = await filled();
    const found = await vectors.query({
      indexName,
      filter: { n: { $gte: 2 } },
      includeVector: true,
      topK: 2,
    });
    expect(found.map(({ id, score, vector }) => [id, score, vector])).toEqual([
      ['b', 0, [1, 1]],
      ['c', 0, [0, 1]],
    ]);
    expect(await vectors.query({ indexName, filter: {} })).toHaveLength(4);
    expect(await rejectionOf(vectors.query({ indexName }))).toBeInstanceOf(InvalidOptionError);
  });

  test('gives more than ten thousand', async () => {
    const vectors = await filled();
    await vectors.upsert({ indexName, vectors: Array.from({ length: 10_100 }, (_, i) => [1, i]) });
    const queries = [{ queryVector: [1, 0] }, { filter: { tag: { $exists: false } } }];
    for (const query of queries)
      expect(await vectors.query({ indexName, topK: 10_050, ...query })).toHaveLength(10_050);
  });

  test('refuses what is no number of results, and sparse vectors', async () => {
    const vectors = await filled();
    for (const topK of [0, -1, 1.5])
      expect(await rejectionOf(vectors.query({ indexName, queryVector: [1, 0], topK }))).toBeInstanceOf(
        MastraError,
      );
    const sparseVector = { indices: [0], values: [1] };
    expect(await rejectionOf(vectors.query({ indexName, queryVector: [1, 0], sparseVector }))).toBeInstanceOf(
      InvalidOptionError,
    );
  });

  test('gives metadata that are the caller’s own', async () => {
    const vectors = await filled();
    const [{ metadata }] = await vectors.query({ indexName, queryVector: [1, 0] });
    expect(metadata).toEqual({
      n: 1,
      tag: 'x',
      tags: ['p', 'q'],
      by: { name: 'Ann', age: 30 },
      at: '1970-01-01T00:00:00.000Z',
    });
    Object.assign(metadata ?? {}, { n: 100 });
    expect(await idsOf(vectors, { n: 100 })).toEqual([]);
    expect(await idsOf(vectors, { n: 1 })).toEqual(['a']);
  });
});

describe('filters', () => {
  const cases: [filter: unknown, ids: string][] = [
    [null, 'abcd'],
    [undefined, 'abcd'],
    [{}, 'abcd'],
    [{ tag: 'y' }, 'bc'],
    [{ tag: ['x', 'y'] }, 'abc'],
    [{ tags: 'q' }, 'ab'],
    [{ tags: ['p', 'z'] }, 'a'],
    [{ tag: null }, 'd'],
    [{ by: { name: 'Ann' } }, 'a'],
    [{ by: { name: 'Bob', age: { $gt: 35 } } }, 'b'],
    [{ 'by.age': { $lt: 35 } }, 'a'],
    [{ at: new Date(0) }, 'a'],
    [{ at: { $gt: new Date(0) } }, 'b'],
    [{ n: { $gte: 2, $lte: 3 } }, 'bc'],
    [{ n: { $in: [1, 4] } }, 'ad'],
    [{ n: { $in: [] } }, ''],
    [{ n: { $nin: [1, 2] } }, 'cd'],
    [{ n: { $nin: [] } }, 'abcd'],
    [{ n: { $in: 1 } }, 'a'],
    [{ tags: { $all: ['p', 'q'] } }, 'a'],
    [{ tags: { $all: 'q' } }, 'ab'],
    [{ tags: { $all: [] } }, ''],
    [{ tags: { $size: 0 } }, 'c'],
    [{ list: { $elemMatch: { v: { $gt: 4 } } } }, 'c'],
    [{ tags: { $elemMatch: { $in: ['p'] } } }, 'a'],
    [{ text: { $exists: true } }, 'd'],
    [{ text: { $exists: false } }, 'abc'],
    [{ text: /^hel/i }, 'd'],
    [{ text: { $regex: '^hel', $options: 'i' } }, 'd'],
    [{ text: { $not: /^Hel/ } }, 'abc'],
    [{ n: { $not: { $gt: 1 } } }, 'a'],
    [{ n: { $ne: 1 } }, 'bcd'],
    [{ $not: { tag: 'y' } }, 'ad'],
    [{ $not: { tag: 'y', n: 2 } }, 'acd'],
    [{ $nor: [{ tag: 'y' }, { n: 1 }] }, 'd'],
    [{ $and: [{ tag: 'y' }, { $not: { n: 2 } }] }, 'c'],
    [{ $or: [{ n: 1 }, { $and: [{ tag: 'y' }, { n: { $gt: 2 } }] }] }, 'ac'],
    [{ $and: [] }, 'abcd'],
    [{ $nor: [] }, 'abcd'],
    [{ $or: [] }, ''],
    [{ n: { $gt: 1 }, $or: [{ tag: 'y' }, { text: 'Hello' }] }, 'bcd'],
    [{ documentId: { $ne: 'book' } }, 'abd'],
    [{ tag: {} }, ''],
    [{ by: { name: undefined } }, 'cd'],
  ];

  test.each(cases)('%j finds %s', async (filter, ids) => {
    const vectors = await filled();
    expect((await idsOf(vectors, filter as VectorFilter)).sort().join('')).toBe(ids);
    if (filter !== null && filter !== undefined) {
      const alone = await vectors.query({ indexName, filter: filter as VectorFilter });
      expect(alone.map(({ id }) => id).join('')).toBe(ids);
    }
  });

  test.each([
    { $gt: 1 },
    { n: { $near: 1 } },
    { $not: {} },
    { $not: [] },
    { n: { $and: [{ a: 1 }] } },
    { $or: [{ $gt: 1 }] },
    { tags: { $elemMatch: 'p' } },
    { n: { $gt: NaN } },
    { text: { $regex: '(' } },
  ])('%j is refused', async (filter) => {
    const vectors = await filled();
    expect(await rejectionOf(idsOf(vectors, filter as never))).toBeInstanceOf(InvalidFilterError);
  });
});

describe('updating and deleting', () => {
  test('by an id: the vector, the metadata, or both', async () => {
    const vectors = await filled();
    const read = async (id: string): Promise<unknown> =>
      getDocument((await vectors.cell(indexName)).read(), id);
    const was = await read('a');
    await vectors.updateVector({ indexName, id: 'a', update: { vector: [0, -2] } });
    expect(await read('a')).toBe(was);
    await vectors.updateVector({ indexName, id: 'b', update: { metadata: { z: 1 } } });
    expect(await read('b')).toEqual({ metadata: { z: 1 } });
    const [first] = await vectors.query({ indexName, queryVector: [0, -1], includeVector: true });
    expect([first.id, first.vector]).toEqual(['a', [0, -2]]);
    await vectors.updateVector({ indexName, id: 'nobody', update: { vector: [1, 0] } });
    expect((await vectors.describeIndex({ indexName })).count).toBe(4);
  });

  test('by a filter, in one commit', async () => {
    const vectors = await filled();
    const cell = (await vectors.cell(indexName)) as CowShardexIndex;
    const { version } = cell;
    await vectors.updateVector({
      indexName,
      filter: { tag: 'y' },
      update: { vector: [-1, -1], metadata: { old: true } },
    });
    expect(await idsOf(vectors, { old: true })).toEqual(['b', 'c']);
    await vectors.deleteVectors({ indexName, filter: { old: true } });
    await vectors.deleteVectors({ indexName, ids: ['a', 'nobody'] });
    expect(await idsOf(vectors)).toEqual(['d']);
    expect(cell.version).toBe(version + 3);
  });

  test('takes what says of what, and only that', async () => {
    const vectors = await filled();
    const before = (await vectors.cell(indexName)).read();
    const update = { metadata: {} };
    const calls = [
      vectors.updateVector({ indexName, update } as never),
      vectors.updateVector({ indexName, id: 'a', filter: { n: 1 }, update } as never),
      vectors.updateVector({ indexName, id: 'a', update: {} }),
      vectors.updateVector({ indexName, filter: {}, update }),
      vectors.deleteVectors({ indexName }),
      vectors.deleteVectors({ indexName, ids: [] }),
      vectors.deleteVectors({ indexName, ids: ['a'], filter: { n: 1 } }),
      vectors.deleteVectors({ indexName, filter: {} }),
      vectors.deleteVectors({ indexName, filter: { $and: [] } }),
    ];
    for (const call of calls) expect(await rejectionOf(call)).toBeInstanceOf(InvalidOptionError);
    expect((await vectors.cell(indexName)).read()).toBe(before);
  });
});

describe('branches', () => {
  const kinds: [string, () => Promise<Partial<ShardexVectorConfig>>][] = [
    ['cells', () => Promise.resolve({})],
    ['stores', async () => ({ indexes: { [indexName]: await openStore(memoryLog(), { dimensions: 2 }) } })],
  ];

  test.each(kinds)('of %s see nothing of each other until they are merged', async (_, config) => {
    const main = await filled(await config());
    const branch = await main.fork();
    await branch.upsert({ indexName, ids: ['e'], vectors: [[1, 0]], metadata: [{ n: 5 }] });
    await branch.deleteVector({ indexName, id: 'b' });
    await branch.createIndex({ indexName: 'new', dimension: 3, metric: 'dotproduct' });
    await branch.upsert({ indexName: 'new', ids: ['z'], vectors: [[1, 2, 3]] });
    await main.updateVector({ indexName, id: 'a', update: { metadata: { n: 10 } } });
    expect((await idsOf(main)).sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(await idsOf(branch, { n: 10 })).toEqual([]);
    const { version } = await main.cell(indexName);
    await main.merge(branch);
    expect((await idsOf(main)).sort()).toEqual(['a', 'c', 'd', 'e']);
    expect(await idsOf(main, { n: { $gte: 5 } })).toEqual(['a', 'e']);
    expect(await main.describeIndex({ indexName: 'new' })).toEqual({
      dimension: 3,
      count: 1,
      metric: 'dotproduct',
    });
    expect((await main.cell(indexName)).version).toBe(version + 1);
    // And once more, from where it was merged.
    await branch.upsert({ indexName, ids: ['f'], vectors: [[0, 1]] });
    await main.deleteVector({ indexName, id: 'e' });
    await main.merge(branch);
    expect((await idsOf(main)).sort()).toEqual(['a', 'c', 'd', 'f']);
  });

  test('that changed the same are in conflict, and nothing is merged', async () => {
    const main = await filled();
    const branch = await main.fork({ id: 'draft' });
    expect(branch.id).toBe('draft');
    await branch.updateVector({ indexName, id: 'a', update: { vector: [0, 1] } });
    await main.updateVector({ indexName, id: 'a', update: { vector: [0, -1] } });
    const before = (await main.cell(indexName)).read();
    expect(await rejectionOf(main.merge(branch))).toBeInstanceOf(MergeConflictError);
    expect((await main.cell(indexName)).read()).toBe(before);
    await main.merge(branch, { onConflict: () => 'theirs' });
    const [best] = await main.query({ indexName, queryVector: [0, 1], filter: { n: 1 } });
    expect(best.score).toBe(1);
    expect(await rejectionOf(main.merge(await filled()))).toBeInstanceOf(InvalidOptionError);
  });
});
