import { Document, IndexNode, NodeRelationship, TextNode } from '@llamaindex/core/schema';
import { type MetadataFilters, VectorStoreQueryMode } from '@llamaindex/core/vector-store';
import { Settings, VectorStoreIndex, storageContextFromDefaults } from 'llamaindex';
import {
  ConfigError,
  CowShardexIndex,
  InvalidFilterError,
  InvalidMetadataError,
  InvalidOptionError,
  InvalidVectorError,
  createIndex,
} from 'shardex';
import { ShardexVectorStore } from 'shardex/llamaindex';
import { memoryLog, openStore } from 'shardex/store';
import { describe, expect, test } from 'vitest';
import { rejectionOf, thrownBy } from '../support/thrown.js';
import { letters } from './embeddings.js';
import { LlamaLetters } from './llama-embeddings.js';

Settings.embedModel = new LlamaLetters();

/** A node of a document, embedded. */
function node(id: string, text: string, metadata: Record<string, unknown> = {}, source = 'book'): TextNode {
  return new TextNode({
    id_: id,
    text,
    metadata,
    embedding: letters(text),
    relationships: { [NodeRelationship.SOURCE]: { nodeId: source, metadata: {} } },
  });
}

async function filled(): Promise<ShardexVectorStore> {
  const store = new ShardexVectorStore();
  await store.add([
    node('a', 'a cat', { n: 1, tag: 'x', tags: ['p', 'q'], documentId: 'd1' }),
    node('b', 'bees', { n: 2, tag: 'y', tags: ['q'], at: new Date(0) }),
    node('c', 'zebra', { n: 3, tag: 'y', tags: [], title: 'Up (2)' }, 'other'),
  ]);
  return store;
}

const mode = VectorStoreQueryMode.DEFAULT;

async function idsOf(
  store: ShardexVectorStore,
  filters?: MetadataFilters,
  docIds?: string[],
): Promise<string> {
  const query = { queryEmbedding: letters('a cat'), similarityTopK: 9, mode, ...(docIds && { docIds }) };
  const { ids } = await store.query({ ...query, filters });
  return [...ids].sort().join('');
}

test('nodes come back as they were, without their vectors', async () => {
  const store = await filled();
  const index = new IndexNode({ id_: 'i', text: 'quux', indexId: 'sub', embedding: letters('quux') });
  expect(await store.add([index])).toEqual(['i']);
  const {
    nodes = [],
    similarities,
    ids,
  } = await store.query({
    queryEmbedding: letters('quux'),
    similarityTopK: 2,
    mode,
  });
  expect(ids[0]).toBe('i');
  expect(similarities[0]).toBeCloseTo(1);
  expect(nodes[0]).toBeInstanceOf(IndexNode);
  expect(nodes[0].toJSON()).toMatchObject({ indexId: 'sub', text: 'quux' });
  const [cat] =
    (await store.query({ queryEmbedding: letters('a cat'), similarityTopK: 1, mode })).nodes ?? [];
  expect(cat).toBeInstanceOf(TextNode);
  const was = node('a', 'a cat', { n: 1, tag: 'x', tags: ['p', 'q'], documentId: 'd1' });
  expect(cat.toJSON()).toEqual({ ...was.toJSON(), embedding: undefined });
  expect(cat.sourceNode?.nodeId).toBe('book');
});

test('what is added again is replaced; what belongs to a document is deleted with it', async () => {
  const store = await filled();
  await store.add([node('a', 'bees')]);
  expect(store.client()?.documentCount).toBe(3);
  await store.delete('book');
  expect(await idsOf(store)).toBe('c');
  await store.delete('nobody');
  expect(store.client()?.version).toBe(3);
});

test('an empty id and metadata named as fields of the index are taken', async () => {
  const store = await filled();
  expect(await store.add([node('', 'quux', { documentId: 'x', documentId_: 'y' })])).toEqual(['']);
  const { ids, nodes } = await store.query({
    queryEmbedding: letters('quux'),
    similarityTopK: 1,
    mode,
    docIds: [''],
  });
  expect(ids).toEqual(['']);
  expect(nodes?.[0].metadata).toEqual({ documentId: 'x', documentId_: 'y' });
  expect(nodes?.[0].id_).toBe('');
});

describe('filters', () => {
  const cases: [filter: MetadataFilters['filters'][number], ids: string][] = [
    [{ key: 'tag', operator: '==', value: 'y' }, 'bc'],
    [{ key: 'tag', operator: '!=', value: 'y' }, 'a'],
    [{ key: 'n', operator: '>', value: 1 }, 'bc'],
    [{ key: 'n', operator: '>=', value: 3 }, 'c'],
    [{ key: 'n', operator: '<', value: 2 }, 'a'],
    [{ key: 'n', operator: '<=', value: 2 }, 'ab'],
    [{ key: 'n', operator: 'in', value: [1, 3] }, 'ac'],
    [{ key: 'n', operator: 'nin', value: [1, 3] }, 'b'],
    [{ key: 'tags', operator: 'any', value: ['p', 'z'] }, 'a'],
    [{ key: 'tags', operator: 'all', value: ['p', 'q'] }, 'a'],
    [{ key: 'tags', operator: 'contains', value: 'q' }, 'ab'],
    [{ key: 'title', operator: 'text_match', value: '(2)' }, 'c'],
    [{ key: 'title', operator: 'text_match', value: '.*' }, ''],
    [{ key: 'tags', operator: 'is_empty' }, 'c'],
    [{ key: 'title', operator: 'is_empty' }, 'ab'],
    [{ key: 'documentId', operator: '==', value: 'd1' }, 'a'],
    [{ key: 'at', operator: '==', value: '1970-01-01T00:00:00.000Z' }, 'b'],
  ];

  test.each(cases)('%j finds %s', async (filter, ids) => {
    expect(await idsOf(await filled(), { filters: [filter] })).toBe(ids);
  });

  test('are joined by and, or by or', async () => {
    const filters: MetadataFilters['filters'] = [
      { key: 'tag', operator: '==', value: 'y' },
      { key: 'n', operator: '<', value: 3 },
    ];
    const store = await filled();
    expect(await idsOf(store, { filters })).toBe('b');
    expect(await idsOf(store, { filters, condition: 'and' })).toBe('b');
    expect(await idsOf(store, { filters, condition: 'or' })).toBe('abc');
    expect(await idsOf(store, { filters: [], condition: 'or' })).toBe('abc');
    expect(await idsOf(store, { filters }, ['other', 'b'])).toBe('b');
    expect(await idsOf(store, undefined, ['other', 'b'])).toBe('bc');
  });

  test('that are none are refused', async () => {
    const store = await filled();
    const wrong = [
      { filters: [{ key: 'n', operator: 'near', value: 1 }] },
      { filters: [{ key: 'n', operator: 'toString', value: 1 }] },
      { filters: [{ key: 'n', operator: '>' }] },
      { filters: [{ key: 'n', operator: 'in', value: 1 }] },
      { filters: [{ key: 'n', operator: 'text_match', value: 1 }] },
      { filters: [], condition: 'not' },
    ];
    for (const filters of wrong)
      expect(await rejectionOf(idsOf(store, filters as MetadataFilters))).toBeInstanceOf(InvalidFilterError);
  });
});

test('queries with variety choose what is unlike', async () => {
  const store = new ShardexVectorStore();
  await store.add([node('a', 'abc'), node('b', 'abcabc'), node('c', 'abd')]);
  const query = { queryEmbedding: letters('abcd'), similarityTopK: 2 };
  const idsBy = async (how: VectorStoreQueryMode, mmrThreshold?: number): Promise<string[]> =>
    (await store.query({ ...query, mode: how, ...(mmrThreshold !== undefined && { mmrThreshold }) })).ids;
  expect(await idsBy(mode)).toEqual(['a', 'b']);
  expect(await idsBy(VectorStoreQueryMode.MMR)).toEqual(['a', 'c']);
  expect(await idsBy(VectorStoreQueryMode.MMR, 1)).toEqual(['a', 'b']);
});

test('what cannot be done is refused, and nothing is put', async () => {
  const store = await filled();
  const before = store.client()?.read();
  const queryEmbedding = letters('a');
  for (const call of [
    store.query({ queryEmbedding, similarityTopK: 1, mode: VectorStoreQueryMode.HYBRID }),
    store.query({ similarityTopK: 1, mode }),
    store.query({ queryEmbedding, similarityTopK: -1, mode }),
  ])
    expect(await rejectionOf(call)).toBeInstanceOf(InvalidOptionError);
  const lost = node('x', 'a', { f: () => 1 });
  expect(await rejectionOf(store.add([node('y', 'b'), lost]))).toBeInstanceOf(InvalidMetadataError);
  const short = new TextNode({ text: 'a', embedding: [1] });
  expect(await rejectionOf(store.add([short]))).toBeInstanceOf(InvalidVectorError);
  expect(store.client()?.read()).toBe(before);
  expect(thrownBy(() => new ShardexVectorStore({ dimensions: 0 }))).toBeInstanceOf(ConfigError);
  const cell = new CowShardexIndex(createIndex({ dimensions: 2 }));
  expect(thrownBy(() => new ShardexVectorStore({ cell, metric: 'dot' }))).toBeInstanceOf(InvalidOptionError);
});

test('cells and stores that are there are taken, with chunks, and what is put is durable', async () => {
  const log = memoryLog();
  const cell = await openStore(log, { dimensions: 26 });
  await cell.update((draft) => {
    draft.putDocument('book', {
      text: 'cats and zebras',
      metadata: { year: 1961 },
      postings: [
        { start: 0, length: 4, vector: letters('cats') },
        { start: 9, length: 6, vector: letters('zebras') },
      ],
    });
  });
  const store = new ShardexVectorStore({ cell });
  const [found] =
    (await store.query({ queryEmbedding: letters('zebra'), similarityTopK: 1, mode })).nodes ?? [];
  expect(found.toJSON()).toMatchObject({ id_: 'book', text: 'zebras', metadata: { year: 1961 } });
  await store.add([node('a', 'a cat')]);
  await cell.close();
  const again = new ShardexVectorStore({ cell: await openStore(memoryLog(log)) });
  expect(await idsOf(again, { filters: [{ key: 'ref_doc_id', operator: '==', value: 'book' }] })).toBe('a');
});

test('an index of LlamaIndex runs on it', async () => {
  const vectorStore = new ShardexVectorStore();
  const storageContext = await storageContextFromDefaults({ vectorStore });
  const documents = [
    new Document({ id_: 'cats', text: 'a cat', metadata: { kind: 'animal' } }),
    new Document({ id_: 'trains', text: 'trains run', metadata: { kind: 'traffic' } }),
  ];
  const index = await VectorStoreIndex.fromDocuments(documents, { storageContext });
  const retriever = index.asRetriever({ similarityTopK: 1 });
  const [{ node: found, score }] = await retriever.retrieve('a cat');
  expect(found.metadata).toMatchObject({ kind: 'animal' });
  expect(score).toBeGreaterThan(0.7);
  const filters: MetadataFilters = { filters: [{ key: 'kind', operator: '==', value: 'traffic' }] };
  const [{ node: other }] = await index.asRetriever({ similarityTopK: 1, filters }).retrieve('a cat');
  expect(other.metadata).toMatchObject({ kind: 'traffic' });
  await index.deleteRefDoc('cats', true);
  expect((await retriever.retrieve('a cat'))[0].node.sourceNode?.nodeId).toBe('trains');
});
