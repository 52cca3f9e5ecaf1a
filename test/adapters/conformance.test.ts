/*
 * One suite for all adapters: whatever the framework calls it, vectors that are put are found, nearest first, with scores that
 * say how near, by filters, until they are deleted; each write is one commit; what was read before stays as it was; and a
 * brute force finds the same.
 */
import { Document as LangChainDocument } from '@langchain/core/documents';
import { TextNode } from '@llamaindex/core/schema';
import { VectorStoreQueryMode } from '@llamaindex/core/vector-store';
import fc from 'fast-check';
import {
  CowShardexIndex,
  InvalidMetadataError,
  InvalidVectorError,
  type Metadata,
  type Metric,
  createIndex,
  distance,
  search,
} from 'shardex';
import { type LangChainMetadata, ShardexVectorStore as LangChainStore } from 'shardex/langchain';
import { ShardexVectorStore as LlamaIndexStore } from 'shardex/llamaindex';
import { ShardexVector } from 'shardex/mastra';
import { type Store, memoryLog, openStore } from 'shardex/store';
import { describe, expect, test } from 'vitest';
import { rejectionOf } from '../support/thrown.js';
import { LetterEmbeddings } from './embeddings.js';
import { LlamaLetters } from './llama-embeddings.js';

interface Item {
  readonly id: string;
  readonly vector: number[];
  readonly metadata: Record<string, unknown>;
}

interface Hit {
  readonly id: string;
  readonly score: number;
  readonly metadata: Record<string, unknown>;
}

type Cell = CowShardexIndex<Metadata> | Store<Metadata>;

/** What every adapter can do, in the words of none. */
interface Subject {
  put(items: readonly Item[]): Promise<unknown>;
  /** The nearest, of a group if one is given. */
  nearest(vector: number[], k: number, group?: number): Promise<Hit[]>;
  /** Deletes all of a group. */
  deleteGroup(group: number): Promise<unknown>;
}

const ADAPTERS: Record<string, (cell: Cell) => Subject> = {
  langchain(cell) {
    const store = LangChainStore.fromExistingIndex(new LetterEmbeddings(), cell);
    return {
      put: (items) =>
        store.addVectors(
          items.map(({ vector }) => vector),
          items.map(
            ({ id, metadata }) =>
              new LangChainDocument({ id, pageContent: `of ${id}`, metadata: metadata as LangChainMetadata }),
          ),
        ),
      async nearest(vector, k, group) {
        const found = await store.similaritySearchVectorWithScore(
          vector,
          k,
          group === undefined ? undefined : { group },
        );
        return found.map(([{ id = '', metadata }, score]) => ({ id, metadata, score }));
      },
      deleteGroup: (group) => store.delete({ filter: { group } }),
    };
  },
  mastra(cell) {
    const vectors = new ShardexVector({ id: 'test', indexes: { all: cell } });
    const indexName = 'all';
    return {
      put: (items) =>
        vectors.upsert({
          indexName,
          ids: items.map(({ id }) => id),
          vectors: items.map(({ vector }) => vector),
          metadata: items.map(({ metadata }) => metadata),
        }),
      async nearest(queryVector, topK, group) {
        const found = await vectors.query({
          indexName,
          queryVector,
          topK,
          ...(group !== undefined && { filter: { group } }),
        });
        return found.map(({ id, score, metadata = {} }) => ({ id, score, metadata }));
      },
      deleteGroup: (group) => vectors.deleteVectors({ indexName, filter: { group } }),
    };
  },
  llamaindex(cell) {
    const store = new LlamaIndexStore({ cell, embedModel: new LlamaLetters() });
    const source = (group: unknown): object => ({
      SOURCE: { nodeId: `group ${String(group)}`, metadata: {} },
    });
    return {
      put: (items) =>
        store.add(
          items.map(
            ({ id, vector, metadata }) =>
              new TextNode({
                id_: id,
                text: `of ${id}`,
                metadata,
                embedding: vector,
                relationships: source(metadata.group),
              }),
          ),
        ),
      async nearest(queryEmbedding, similarityTopK, group) {
        const query = { queryEmbedding, similarityTopK, mode: VectorStoreQueryMode.DEFAULT };
        const filters = { filters: [{ key: 'group', operator: '==' as const, value: group ?? 0 }] };
        const found = await store.query(group === undefined ? query : { ...query, filters });
        return found.ids.map((id, i) => ({
          id,
          score: found.similarities[i],
          metadata: (found.nodes ?? [])[i].metadata,
        }));
      },
      deleteGroup: (group) => store.delete(`group ${group}`),
    };
  },
};

const CELLS: Record<string, (metric?: Metric) => Promise<Cell>> = {
  cell: (metric = 'cosine') => Promise.resolve(new CowShardexIndex(createIndex({ dimensions: 3, metric }))),
  store: (metric = 'cosine') => openStore(memoryLog(), { dimensions: 3, metric }),
};

const item = (id: string, vector: number[], metadata: Record<string, unknown> = {}): Item => ({
  id,
  vector,
  metadata,
});

/** How near, by the definition of each metric. */
function score(metric: Metric, a: number[], b: number[]): number {
  const apart = distance(metric, a, b);
  return metric === 'cosine' ? 1 - apart : metric === 'dot' ? -apart : 1 / (1 + apart);
}

const component = fc.integer({ min: -3, max: 3 });
const vectors = fc
  .tuple(component, component, component)
  .filter((vector) => vector.some((each) => each !== 0));

for (const [adapterName, adapter] of Object.entries(ADAPTERS)) {
  for (const [cellName, newCell] of Object.entries(CELLS)) {
    describe(`${adapterName} on a ${cellName}`, () => {
      test('finds what a brute force finds, after puts, replacements and deletions', async () => {
        const put = fc.record({ id: fc.nat(9), vector: vectors, group: fc.nat(2) });
        const step = fc.oneof(
          { weight: 3, arbitrary: fc.array(put, { minLength: 1, maxLength: 5 }) },
          fc.nat(2),
        );
        const metrics = fc.constantFrom<Metric>('cosine', 'dot', 'euclidean');
        await fc.assert(
          fc.asyncProperty(
            metrics,
            fc.array(step, { maxLength: 6 }),
            vectors,
            async (metric, steps, query) => {
              const subject = adapter(await newCell(metric));
              const twin = new Map<string, Item>();
              for (const step of steps) {
                if (typeof step === 'number') {
                  await subject.deleteGroup(step);
                  for (const [id, { metadata }] of twin) if (metadata.group === step) twin.delete(id);
                } else {
                  const items = step.map(({ id, vector, group }) =>
                    item(`i${id}`, vector, { group, by: { id } }),
                  );
                  await subject.put(items);
                  for (const each of items) twin.set(each.id, each);
                }
              }
              for (const group of [undefined, 0, 1]) {
                const expected = [...twin.values()]
                  .filter(({ metadata }) => group === undefined || metadata.group === group)
                  .map(({ id, vector, metadata }) => ({ id, metadata, score: score(metric, query, vector) }))
                  .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
                const found = await subject.nearest(query, 100, group);
                expect(found.map(({ id, metadata }) => [id, metadata])).toEqual(
                  expected.map(({ id, metadata }) => [id, metadata]),
                );
                found.forEach((hit, i) => {
                  expect(hit.score).toBeCloseTo(expected[i].score, 6);
                });
              }
            },
          ),
          { numRuns: 30 },
        );
      });

      test('writes in one commit each, and leaves alone what was read before', async () => {
        const cell = await newCell();
        const subject = adapter(cell);
        await subject.put([item('a', [1, 0, 0], { group: 1 }), item('b', [0, 1, 0], { group: 2 })]);
        const before = cell.read();
        expect(before.version).toBe(1);
        await subject.deleteGroup(1);
        expect(cell.version).toBe(2);
        expect((await subject.nearest([1, 0, 0], 9)).map(({ id }) => id)).toEqual(['b']);
        expect(search(before, [1, 0, 0], { k: 9 }).map(({ documentId }) => documentId)).toEqual(['a', 'b']);
        await subject.put([item('b', [0, 1, 0], { group: 2 })]);
        expect(cell.version).toBe(2);
      });

      test('puts all or nothing', async () => {
        const cell = await newCell();
        const subject = adapter(cell);
        const good = item('a', [1, 0, 0]);
        expect(await rejectionOf(subject.put([good, item('b', [1, 0])]))).toBeInstanceOf(InvalidVectorError);
        const lost = item('b', [1, 0, 0], { at: { all: NaN } });
        const error = await rejectionOf(subject.put([good, lost]));
        expect(error).toBeInstanceOf(InvalidMetadataError);
        expect((error as InvalidMetadataError).path).toBe('at.all');
        expect(cell.version).toBe(0);
      });

      test('keeps metadata as JSON', async () => {
        const subject = adapter(await newCell());
        const metadata = {
          at: new Date(0),
          gone: undefined,
          none: null,
          nested: { list: [1, { deep: 'x' }], date: new Date(1) },
          group: 7,
        };
        await subject.put([item('a', [1, 0, 0], metadata)]);
        const [first] = await subject.nearest([1, 0, 0], 1);
        expect(first.metadata).toEqual(JSON.parse(JSON.stringify(metadata)));
        Object.assign(first.metadata, { none: 'changed' });
        const [again] = await subject.nearest([1, 0, 0], 1, 7);
        expect(again.metadata).toEqual(JSON.parse(JSON.stringify(metadata)));
      });

      // A store takes the same way, at some cost.
      test.runIf(cellName === 'cell')(
        'takes many at once in one commit, and gives more than ten thousand',
        async () => {
          const cell = await newCell();
          const subject = adapter(cell);
          await subject.put(
            Array.from({ length: 10_020 }, (_, i) => item(`${i}`, [1, i, 0], { group: i % 2 })),
          );
          expect(cell.version).toBe(1);
          expect(await subject.nearest([1, 0, 0], 10_010)).toHaveLength(10_010);
          expect(await subject.nearest([1, 0, 0], 20_000, 1)).toHaveLength(5010);
        },
      );

      test('does not lose what others write meanwhile', async () => {
        const cell = await newCell();
        const subject = adapter(cell);
        const many = Array.from({ length: 2000 }, (_, i) => item(`${i}`, [1, i, 0], { group: 0 }));
        await Promise.all([
          subject.put(many),
          subject.put([item('other', [0, 0, 1], { group: 1 }), item('7', [0, 0, 1], { group: 1 })]),
        ]);
        expect(cell.documentCount).toBe(2001);
        const ids = (await subject.nearest([0, 0, 1], 9, 1)).map(({ id }) => id);
        expect(ids).toContain('other');
      });
    });
  }
}
