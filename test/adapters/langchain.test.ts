import { Document } from '@langchain/core/documents';
import { index } from '@langchain/core/indexing';
import { maximalMarginalRelevance } from '@langchain/core/utils/math';
import { FakeVectorStore } from '@langchain/core/utils/testing';
import fc from 'fast-check';
import {
  ConfigError,
  CowShardexIndex,
  InvalidFilterError,
  InvalidMetadataError,
  InvalidOptionError,
  InvalidPostingError,
  InvalidVectorError,
  createIndex,
  getDocument,
} from 'shardex';
import { type LangChainMetadata, ShardexVectorStore } from 'shardex/langchain';
import { memoryLog, openStore } from 'shardex/store';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { rejectionOf, thrownBy } from '../support/thrown.js';
import { LetterEmbeddings, letters } from './embeddings.js';
import { ClockedRecordManager } from './record-manager.js';

const embeddings = new LetterEmbeddings();
const texts = ['a cat', 'a cart', 'bees buzz', 'zebra'];

const ids = (found: readonly { readonly id?: string }[]): unknown[] => found.map(({ id }) => id);

/** Documents with ids, and a group that goes round. */
const documents = (...contents: string[]): Document[] =>
  contents.map(
    (pageContent, i) => new Document({ id: `d${i}`, pageContent, metadata: { group: i % 3, n: i } }),
  );

describe('adding', () => {
  test('gives back what was put, under the ids of the options, of the documents, or new ones', async () => {
    const store = new ShardexVectorStore(embeddings);
    const [a, b] = documents('a cat', 'bees buzz');
    expect(await store.addDocuments([a, b], { ids: ['x', 'y'] })).toEqual(['x', 'y']);
    expect(await store.addDocuments([a])).toEqual(['d0']);
    const [made, other] = await store.addDocuments(
      ['zebra', 'zebra'].map((pageContent) => new Document({ pageContent })),
    );
    expect(made).not.toBe(other);
    const [hit] = await store.similaritySearch('bees buzz', 1);
    expect(hit).toBeInstanceOf(Document);
    expect({ ...hit }).toEqual({ id: 'y', pageContent: 'bees buzz', metadata: { group: 1, n: 1 } });
    expect(store.cell.documentCount).toBe(5);
  });

  test('replaces what has the same id, and is one commit', async () => {
    const store = await ShardexVectorStore.fromDocuments(documents(...texts), embeddings);
    expect(store.cell.version).toBe(1);
    await store.addDocuments([new Document({ id: 'd0', pageContent: 'zebra' })]);
    expect([store.cell.documentCount, store.cell.postingCount, store.cell.version]).toEqual([4, 4, 2]);
    expect(getDocument(store.cell.read(), 'd0')).toEqual({ text: 'zebra', metadata: {} });
  });

  test('puts more than fit into one step in slices, all the same in one commit', async () => {
    const store = new ShardexVectorStore(embeddings);
    await store.addDocuments(
      documents(...Array.from({ length: 1000 }, (_, i) => `text ${i.toString(36)} x`)),
    );
    expect([store.cell.documentCount, store.cell.version]).toEqual([1000, 1]);
    await store.addDocuments([]);
    expect(store.cell.version).toBe(1);
  });

  test('puts nothing where anything is unusable', async () => {
    const store = await ShardexVectorStore.fromDocuments(documents('a cat'), embeddings);
    const before = store.cell.read();
    const [good] = documents('bees');
    const calls: [Promise<unknown>, new (...args: never[]) => Error][] = [
      [store.addVectors([letters('a')], [good, good]), InvalidOptionError],
      [store.addDocuments([good], { ids: [] }), InvalidOptionError],
      [store.addDocuments([good], { ids: [''] }), InvalidPostingError],
      [store.addVectors([letters('a'), [1]], [good, good]), InvalidVectorError],
      [
        store.addDocuments([good, new Document({ pageContent: 'x', metadata: { m: new Map() } })]),
        InvalidMetadataError,
      ],
    ];
    for (const [call, kind] of calls) expect(await rejectionOf(call)).toBeInstanceOf(kind);
    expect(store.cell.read()).toBe(before);
  });
});

describe('searching', () => {
  test('finds and scores as a brute force by cosine does, with and without filters', async () => {
    const word = fc.string({
      unit: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
      minLength: 1,
      maxLength: 9,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 40 }), word, async (contents, query) => {
        const store = await ShardexVectorStore.fromDocuments(documents(...contents), embeddings);
        const fake = await FakeVectorStore.fromDocuments(documents(...contents), embeddings);
        const isInGroup = ({ metadata }: Document): boolean => metadata.group === 1;
        for (const filtered of [false, true]) {
          const found = await store.similaritySearchWithScore(query, 50, filtered ? { group: 1 } : undefined);
          const expected = await fake.similaritySearchWithScore(query, 50, filtered ? isInGroup : undefined);
          const scoreOf = new Map(expected.map(([{ metadata }, score]) => [metadata.n, score]));
          expect(found).toHaveLength(expected.length);
          found.forEach(([{ metadata }, score], i) => {
            expect(score).toBeCloseTo(expected[i][1], 6);
            expect(score).toBeCloseTo(scoreOf.get(metadata.n) ?? NaN, 6);
          });
        }
      }),
    );
  });

  test('scores by the metric, and a higher score is better by each', async () => {
    const scores = async (metric: 'cosine' | 'dot' | 'euclidean'): Promise<number[]> => {
      const store = new ShardexVectorStore(embeddings, { metric, dimensions: 2 });
      const vectors = [
        [3, 4],
        [-3, 0],
      ];
      await store.addVectors(vectors, documents('near', 'far'));
      return (await store.similaritySearchVectorWithScore([3, 0], 2)).map(([, score]) => score);
    };
    expect(await scores('cosine')).toEqual([expect.closeTo(0.6), -1]);
    expect(await scores('dot')).toEqual([9, -9]);
    expect(await scores('euclidean')).toEqual([1 / 5, 1 / 7]);
  });

  test('chooses by maximal marginal relevance as LangChain does', async () => {
    const contents = ['abc', 'abcc', 'abd', 'aab', 'bcd', 'efg', 'aeg', 'gab', 'fab', 'cde'];
    const store = await ShardexVectorStore.fromDocuments(documents(...contents), embeddings);
    for (const lambda of [0, 0.3, 0.5, 1]) {
      const nearest = await store.similaritySearch('abcg', 6);
      const chosen = maximalMarginalRelevance(
        letters('abcg'),
        nearest.map(({ pageContent }) => letters(pageContent)),
        lambda,
        4,
      );
      const found = await store.maxMarginalRelevanceSearch('abcg', { k: 4, fetchK: 6, lambda });
      expect(ids(found)).toEqual(chosen.map((i) => nearest[i].id));
    }
    const all = await store.maxMarginalRelevanceSearch('abcg', { k: 9, fetchK: 2, filter: { group: 0 } });
    expect(ids(all).sort()).toEqual(['d0', 'd3', 'd6', 'd9']);
  });

  test('is what a retriever does, with its filter', async () => {
    const store = await ShardexVectorStore.fromDocuments(documents(...texts), embeddings);
    expect(ids(await store.asRetriever(2).invoke('cat'))).toEqual(['d0', 'd1']);
    const retriever = store.asRetriever({ k: 3, filter: { n: { $gte: 2 } } });
    expect(ids(await retriever.invoke('zebra'))).toEqual(['d3', 'd2']);
    const varied = store.asRetriever({ searchType: 'mmr', k: 2, filter: { n: { $lt: 3 } } });
    expect(ids(await varied.invoke('cat'))).toEqual(['d0', 'd2']);
    expect(retriever._vectorstoreType()).toBe('shardex');
  });

  test('gives none for k of 0 and before anything is there, and as many as are asked for', async () => {
    const store = new ShardexVectorStore(embeddings);
    expect(await store.similaritySearch('a', 3)).toEqual([]);
    expect(await store.maxMarginalRelevanceSearch('a', { k: 1 })).toEqual([]);
    await store.delete({ ids: ['a'] });
    const many = Array.from({ length: 10_050 }, (_, i) => new Document({ id: `${i}`, pageContent: 'a' }));
    await store.addVectors(
      many.map((_, i) => [1, i]),
      many,
    );
    const vector = [1, 0];
    expect(await store.similaritySearchVectorWithScore(vector, 0)).toEqual([]);
    expect(await store.similaritySearchVectorWithScore(vector, 10_020)).toHaveLength(10_020);
  });

  test('refuses what is no filter, and what is no number of results', async () => {
    const store = await ShardexVectorStore.fromDocuments(documents('a'), embeddings);
    const wrong = { n: { $near: 1 } } as never;
    expect(await rejectionOf(store.similaritySearch('a', 1, wrong))).toBeInstanceOf(InvalidFilterError);
    expect(await rejectionOf(store.similaritySearch('a', -1))).toBeInstanceOf(InvalidOptionError);
    const predicate = (() => true) as never;
    expect(await rejectionOf(store.similaritySearch('a', 1, predicate))).toBeInstanceOf(InvalidFilterError);
  });
});

describe('deleting', () => {
  test('by ids or by a filter, in one commit', async () => {
    const store = await ShardexVectorStore.fromDocuments(documents(...texts), embeddings);
    await store.delete({ ids: ['d0', 'nobody'] });
    await store.delete({ filter: { n: { $gt: 2 } } });
    expect(ids(await store.similaritySearch('a', 9)).sort()).toEqual(['d1', 'd2']);
    expect(store.cell.version).toBe(3);
  });

  test('takes one of both', async () => {
    const store = await ShardexVectorStore.fromDocuments(documents('a'), embeddings);
    for (const deletion of [{}, { ids: ['d0'], filter: { n: 0 } }, { id: 'd0' } as never])
      expect(await rejectionOf(store.delete(deletion))).toBeInstanceOf(InvalidOptionError);
    expect(store.cell.documentCount).toBe(1);
  });
});

describe('metadata', () => {
  const put = async (metadata: object): Promise<LangChainMetadata> => {
    const store = await ShardexVectorStore.fromTexts(['a'], metadata, embeddings);
    return (await store.similaritySearch('a', 1))[0].metadata;
  };

  test('come back as JSON has them', async () => {
    class Pdf {
      pages = 3;
      author = { name: 'Lem', born: undefined };
    }
    const loc = { lines: { from: 1, to: 9 } };
    expect(await put({ loc, none: undefined, empty: null, pdf: new Pdf() })).toEqual({
      loc,
      empty: null,
      pdf: { pages: 3, author: { name: 'Lem' } },
    });
    const url = new URL('https://example.org/a');
    expect(await put({ at: new Date(0), url })).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      url: 'https://example.org/a',
    });
    expect(await put(JSON.parse('{"__proto__":{"a":1}}') as object)).toEqual(
      JSON.parse('{"__proto__":{"a":1}}'),
    );
  });

  test('that JSON would lose are refused, with their path', async () => {
    const around: { self?: unknown } = {};
    around.self = around;
    const lost = [new Map(), new Set(), NaN, 1n, () => 1, new Date(NaN), new Uint8Array(1), /x/, around];
    for (const value of lost) {
      const error = await rejectionOf(put({ a: { b: value } }));
      expect(error).toBeInstanceOf(InvalidMetadataError);
      expect((error as InvalidMetadataError).path).toMatch(/^a\.b/);
    }
  });

  test('are found by dates and by paths', async () => {
    const store = new ShardexVectorStore(embeddings);
    const day = (n: number): Date => new Date(Date.UTC(2026, 0, n));
    await store.addDocuments(
      [1, 2, 3].map(
        (n) => new Document({ id: `${n}`, pageContent: 'a', metadata: { at: day(n), loc: { n } } }),
      ),
    );
    expect(
      ids(await store.similaritySearch('a', 9, { at: { $gt: day(1) as never, $lt: day(3) as never } })),
    ).toEqual(['2']);
    await store.delete({ filter: { 'loc.n': { $in: [1, 3] } } });
    expect(ids(await store.similaritySearch('a', 9))).toEqual(['2']);
  });

  test('that are found are the caller’s own, to be changed at will', async () => {
    const store = await ShardexVectorStore.fromTexts(['a'], { tags: ['x'] }, embeddings);
    const [{ metadata }] = await store.similaritySearch('a', 1);
    metadata.tags.push('y');
    Object.assign(metadata, { score: 1 });
    expect((await store.similaritySearch('a', 1))[0].metadata).toEqual({ tags: ['x'] });
  });

  test('are one for each text, or one for all', async () => {
    const each = await ShardexVectorStore.fromTexts(['a', 'b'], [{ n: 1 }, { n: 2 }], embeddings);
    expect((await each.similaritySearch('b', 1))[0].metadata).toEqual({ n: 2 });
    const all = await ShardexVectorStore.fromTexts(['a', 'b'], { n: 3 }, embeddings);
    expect((await all.similaritySearch('b', 1))[0].metadata).toEqual({ n: 3 });
  });
});

describe('the cell beneath', () => {
  test('may be there already, with chunks, whose texts are cut out', async () => {
    const cell = new CowShardexIndex(createIndex({ dimensions: 26 }));
    cell.update((draft) => {
      draft.putDocument('book', {
        text: 'cats and zebras',
        metadata: { kind: 'book' },
        postings: [
          { start: 0, length: 4, vector: letters('cats') },
          { start: 9, length: 6, vector: letters('zebras') },
        ],
      });
      draft.putDocument('note', { text: 'bees', postings: [{ vector: letters('bees') }] });
      draft.addPosting({ documentId: 'bare', vector: letters('quux') });
    });
    const store = ShardexVectorStore.fromExistingIndex(embeddings, cell);
    const contentOf = async (query: string): Promise<string> =>
      (await store.similaritySearch(query, 1))[0].pageContent;
    expect(await contentOf('zebra')).toBe('zebras');
    expect(await contentOf('bees')).toBe('bees');
    expect(await contentOf('quux')).toBe('');
    // A snapshot is a store as well.
    const then = ShardexVectorStore.fromExistingIndex(embeddings, new CowShardexIndex(cell.read()));
    await store.delete({ ids: ['book'] });
    expect(ids(await then.similaritySearch('zebra', 1))).toEqual(['book']);
    expect(ids(await store.similaritySearch('zebra', 1))).not.toEqual(['book']);
  });

  test('may be durable', async () => {
    const log = memoryLog();
    const cell = await openStore(log, { dimensions: 26 });
    const store = ShardexVectorStore.fromExistingIndex(embeddings, cell);
    await store.addDocuments(documents(...texts));
    await store.delete({ filter: { n: 0 } });
    await cell.close();
    const again = ShardexVectorStore.fromExistingIndex(embeddings, await openStore(memoryLog(log)));
    expect(ids(await again.similaritySearch('a cat', 1))).toEqual(['d1']);
  });

  test('may be written by two processes at once: the last one wins', async () => {
    const log = memoryLog();
    const [one, other] = [await openStore(log, { dimensions: 26 }), await openStore(memoryLog(log))];
    const stores = [one, other].map((cell) => ShardexVectorStore.fromExistingIndex(embeddings, cell));
    await Promise.all(stores.map((store, i) => store.addDocuments(documents(`cat ${i}`, ...texts))));
    await Promise.all([one.refresh(), other.refresh()]);
    expect(one.read().fingerprint).toBe(other.read().fingerprint);
    expect(one.documentCount).toBe(5);
  });

  test('is not there before the first vectors, unless its dimensions are given', () => {
    expect(thrownBy(() => new ShardexVectorStore(embeddings).cell)).toBeInstanceOf(InvalidOptionError);
    expect(new ShardexVectorStore(embeddings, { dimensions: 3 }).cell.documentCount).toBe(0);
    const cell = new CowShardexIndex(createIndex({ dimensions: 3 }));
    const both = { cell, metric: 'dot' as const };
    expect(thrownBy(() => new ShardexVectorStore(embeddings, both))).toBeInstanceOf(InvalidOptionError);
    for (const wrong of [{ metrics: 'dot' } as never, { dimensions: 0 }, { indexed: [''] }])
      expect(thrownBy(() => new ShardexVectorStore(embeddings, wrong))).toBeInstanceOf(ConfigError);
  });
});

test('index() adds, skips, updates and removes', async () => {
  const model = new LetterEmbeddings();
  const store = new ShardexVectorStore(model);
  const recordManager = new ClockedRecordManager();
  const load = async (cleanup: 'incremental' | 'full', ...contents: string[]): Promise<unknown> => {
    recordManager.now++;
    const docsSource = contents.map(
      (pageContent) => new Document({ pageContent, metadata: { source: 'book' } }),
    );
    return index({
      docsSource,
      recordManager,
      vectorStore: store,
      options: { cleanup, sourceIdKey: 'source' },
    });
  };
  const counts = (numAdded: number, numSkipped: number, numDeleted: number): object => ({
    numAdded,
    numSkipped,
    numDeleted,
    numUpdated: 0,
  });
  expect(await load('incremental', 'one', 'two', 'two')).toEqual(counts(2, 0, 0));
  expect(await load('incremental', 'one', 'two')).toEqual(counts(0, 2, 0));
  expect(await load('incremental', 'one', 'three')).toEqual(counts(1, 1, 1));
  expect((await store.similaritySearch('x', 9)).map(({ pageContent }) => pageContent).sort()).toEqual([
    'one',
    'three',
  ]);
  expect(await load('full', 'four')).toEqual(counts(1, 0, 2));
  expect(store.cell.documentCount).toBe(1);
  // What is there already is not embedded again.
  expect(model.seen).toEqual(['one', 'two', 'three', 'four']);
});

test('types know the metadata', async () => {
  interface Film {
    title: string;
    year: number;
  }
  const films = [new Document<Film>({ pageContent: 'a', metadata: { title: 'Heat', year: 1995 } })];
  const store = await ShardexVectorStore.fromDocuments(films, embeddings, { indexed: ['year'] });
  expectTypeOf(store).toEqualTypeOf<ShardexVectorStore<Film>>();
  const [hit] = await store.similaritySearch('a', 1, { year: { $gte: 1990 }, title: /heat/i });
  expectTypeOf(hit.metadata).toEqualTypeOf<Film>();
  // @ts-expect-error -- A film has no pages.
  await store.similaritySearch('a', 1, { pages: 1 });
  // @ts-expect-error -- A year is a number.
  expect(await store.asRetriever({ filter: { year: 'x' } }).invoke('a')).toEqual([]);
  // @ts-expect-error -- The same where documents are deleted.
  await store.delete({ filter: { years: 1 } });
});
