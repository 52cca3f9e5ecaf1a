import fc from 'fast-check';
import {
  type Filter,
  type IndexDraft,
  InvalidFilterError,
  type Metadata,
  type SearchOptions,
  type SearchResult,
  type ShardexIndex,
  cacheBytes,
  configureCache,
  createIndex,
  distance,
  dropCaches,
  getDocument,
  postings,
  search,
  searchExplained,
  searchMany,
  update,
} from 'shardex';
import { describe, expect, it } from 'vitest';
import { parseFilter } from '../../src/documents/filter/parse.js';
import { predicateOf } from '../../src/documents/filter/predicate.js';
import { filters, metadata } from '../documents/filter-values.js';
import { type Random, dyadicVector, integerBelow, seeded } from '../support/random.js';

type Found = Pick<SearchResult, 'documentId' | 'start' | 'distance'>;

/** The nearest postings that pass, by looking at all. */
function truth(index: ShardexIndex<Metadata>, query: readonly number[], where: object, k: number): Found[] {
  const passes = predicateOf(parseFilter(where).condition);
  return [...postings(index)]
    .filter(({ documentId }) => passes(documentId, getDocument(index, documentId)?.metadata))
    .map(({ documentId, start, vector }) => ({
      documentId,
      start,
      distance: distance(index.config.metric, query, vector),
    }))
    .sort(
      (a, b) =>
        a.distance - b.distance ||
        (a.documentId < b.documentId ? -1 : a.documentId > b.documentId ? 1 : a.start - b.start),
    )
    .slice(0, k);
}

const found = (results: readonly SearchResult[]): Found[] =>
  results.map(({ documentId, start, distance: apart }) => ({ documentId, start, distance: apart }));

/** A version with postings and metadata by chance, and some without either. */
function changedBy(
  index: ShardexIndex<Metadata>,
  random: Random,
  data: readonly (Metadata | undefined)[],
  most: number,
): ShardexIndex<Metadata> {
  const { dimensions } = index.config;
  return update(index, (draft) => {
    data.forEach((given) => {
      const id = `d${integerBelow(random, most)}`;
      const kind = random();
      if (kind < 0.15) draft.removeDocument(id);
      else if (kind < 0.35) {
        if (draft.has(id)) draft.setMetadata(id, given);
      } else {
        const count = integerBelow(random, 4);
        draft.putDocument(id, {
          ...(given && { metadata: given }),
          postings: Array.from({ length: count }, (_, start) => ({
            start,
            vector: dyadicVector(random, dimensions),
          })),
        });
      }
    });
  });
}

const ids = fc.integer({ min: 0, max: 400 }).map((i) => `d${i}`);

describe('an exact search with a filter', () => {
  // With few dimensions nothing is estimated; with 24 and a thousand rows there is an engine.
  it.each([
    { dimensions: 4, documents: 40, runs: 25, indexed: [] },
    { dimensions: 4, documents: 40, runs: 25, indexed: ['a', 'b', 'a.x'] },
    { dimensions: 24, documents: 300, runs: 6, indexed: [] },
    { dimensions: 24, documents: 300, runs: 6, indexed: ['a', 'b', 'c.x'] },
  ])(
    'is brute force over what passes: $dimensions dimensions, indexed $indexed',
    ({ dimensions, documents, runs, indexed }) => {
      fc.assert(
        fc.property(
          fc.nat(),
          fc.constantFrom('cosine' as const, 'euclidean' as const, 'dot' as const),
          fc.array(fc.array(metadata, { minLength: 1, maxLength: documents }), {
            minLength: 1,
            maxLength: 4,
          }),
          fc.array(filters(ids), { minLength: 3, maxLength: 6 }),
          fc.integer({ min: 1, max: 12 }),
          (seed, metric, versions, asked, k) => {
            const random = seeded(seed);
            let index: ShardexIndex<Metadata> = createIndex({
              dimensions,
              metric,
              shardCapacity: 16,
              indexed,
            });
            // Many documents at first, so that there are shards enough.
            const first = Array.from(
              { length: 10 * documents },
              (_, i) => versions[0][i % versions[0].length],
            );
            for (const data of [first, ...versions]) {
              index = changedBy(index, random, data, documents);
              for (const where of asked as Filter[]) {
                const query = dyadicVector(random, dimensions);
                const expected = truth(index, query, where, k);
                expect(found(search(index, query, { k, where, slopFactor: 'all' }))).toEqual(expected);
                expect(search(index, query, { k, where })).toHaveLength(expected.length);
                const some = found(search(index, query, { k, where, slopFactor: 2 }));
                expect(some).toHaveLength(expected.length);
              }
            }
          },
        ),
        { numRuns: runs },
      );
    },
  );
});

/** Vectors in clusters, each a topic; so metadata may go with place or against it. */
function corpus(
  rows: number,
  dimensions: number,
): { readonly index: ShardexIndex<Topic>; readonly queries: readonly Query[] } {
  const random = seeded(11);
  const gaussian = (): number => random() + random() + random() + random() - 2;
  const topics = 60;
  const centres = Array.from({ length: topics }, () => Array.from({ length: dimensions }, gaussian));
  const near = (topic: number): number[] => centres[topic].map((component) => component + 0.6 * gaussian());
  const of = (i: number): number => i % topics;
  const index = update(
    createIndex<Topic>({ dimensions, shardCapacity: 64, indexed: ['chance', 'topic'] }),
    (draft) => {
      draft.addPostings(
        Array.from({ length: rows }, (_, i) => ({ documentId: `d${i}`, vector: near(of(i)) })),
      );
      for (let i = 0; i < rows; i++)
        draft.setMetadata(`d${i}`, {
          chance: Math.floor(random() * 10_000),
          topic: of(i),
          plain: Math.floor(random() * 10_000),
        });
    },
  );
  return {
    index,
    queries: Array.from({ length: 100 }, (_, i) => ({ vector: near(of(7 * i)), topic: of(7 * i) })),
  };
}

interface Topic {
  chance: number;
  topic: number;
  plain: number;
}

interface Query {
  readonly vector: readonly number[];
  readonly topic: number;
}

/** The share of the true nearest that pass which searches find. */
function recallOf(
  index: ShardexIndex<Topic>,
  queries: readonly Query[],
  options: SearchOptions<Topic>,
  whereFor: (query: Query) => Filter<Topic>,
): number {
  let [hits, all] = [0, 0];
  for (const query of queries) {
    const where = whereFor(query);
    const ids = new Set(
      search(index, query.vector, { k: options.k, where, slopFactor: 'all' }).map(
        ({ documentId }) => documentId,
      ),
    );
    all += ids.size;
    for (const { documentId } of search(index, query.vector, { ...options, where }))
      hits += Number(ids.has(documentId));
  }
  return hits / all;
}

describe('a search by recall with a filter', () => {
  const { index, queries } = corpus(12_000, 32);
  const shares = [5000, 1000, 100, 10] as const;

  it.each(shares)('finds it where %i in 10,000 pass, by chance', (share) => {
    for (const where of [{ chance: { $lt: share } }, { plain: { $lt: share } }])
      expect(recallOf(index, queries, { k: 10 }, () => where)).toBeGreaterThan(0.94);
  });

  it('finds it where what passes lies around the query, and where it lies elsewhere', () => {
    const around = ({ topic }: Query): Filter<Topic> => ({ topic: { $in: [topic, (topic + 1) % 60] } });
    const elsewhere = ({ topic }: Query): Filter<Topic> => ({
      topic: { $nin: [topic] },
      chance: { $lt: 6000 },
    });
    const far = ({ topic }: Query): Filter<Topic> => ({
      topic: { $in: Array.from({ length: 30 }, (_, i) => (topic + 10 + i) % 60) },
    });
    for (const where of [around, elsewhere, far])
      for (const k of [1, 10, 50]) expect(recallOf(index, queries, { k }, where)).toBeGreaterThan(0.94);
  });

  it('goes on to more of them for a higher recall', () => {
    expect(
      recallOf(index, queries, { k: 10, recall: 0.99 }, () => ({ chance: { $lt: 5000 } })),
    ).toBeGreaterThan(0.985);
    expect(recallOf(index, queries, { k: 10, recall: 1 }, () => ({ plain: { $lt: 5000 } }))).toBe(1);
  });

  it('says how many match, what it chose and what it took', () => {
    const [{ vector }] = queries;
    const few = searchExplained(index, vector, { k: 10, where: { chance: { $lt: 100 } } });
    const { filter, exact, rowsScanned } = few.explanation;
    const matches = [...postings(index)].filter(
      ({ documentId }) => Number(getDocument(index, documentId)?.metadata?.chance) < 100,
    ).length;
    expect(filter).toMatchObject({ matches, chosen: 'all' });
    expect(exact).toBe(true);
    expect(rowsScanned).toBe(matches);
    const many = searchExplained(index, vector, { k: 10, where: { chance: { $lt: 9000 } } });
    expect(many.explanation.filter?.chosen).toBe('nearest');
    // Far fewer than all, if more than without a filter.
    expect(many.explanation.rowsScanned).toBeLessThan(index.postingCount / 2);
    expect(many.explanation.expected?.recall).toBeGreaterThan(0.9);
    expect(searchExplained(index, vector, { k: 10 }).explanation.filter).toBeUndefined();
    const none = searchExplained(index, vector, { k: 10, where: { chance: -1 } });
    expect(none).toMatchObject({
      results: [],
      explanation: { rowsScanned: 0, rowsMeasured: 0, filter: { matches: 0, shards: 0 } },
    });
  });

  it('is searchMany, distinct documents, callbacks and vectors as well', () => {
    const where: Filter<Topic> = { chance: { $lt: 3000 } };
    const vectors = queries.slice(0, 8).map(({ vector }) => vector);
    for (const way of [
      {},
      { slopFactor: 'all' },
      { slopFactor: 3 },
      { distinct: 'document' },
      { includeVector: true },
    ] as const) {
      const options = { k: 5, where, ...way };
      expect(searchMany(index, vectors, options)).toEqual(
        vectors.map((vector) => search(index, vector, options)),
      );
    }
    const even = search(index, vectors[0], {
      k: 10,
      where,
      slopFactor: 'all',
      filter: (_, metadata) => metadata !== undefined && metadata.topic % 2 === 0,
    });
    expect(even).toEqual(
      search(index, vectors[0], {
        k: 10,
        slopFactor: 'all',
        where: { ...where, topic: { $in: Array.from({ length: 30 }, (_, i) => 2 * i) } },
      }),
    );
  });

  it('finds nothing where nothing passes any more, however often it was asked, and what passes again', () => {
    const film = (year: number) => (draft: IndexDraft<{ year: number }>) => {
      draft.putDocument('heat', { metadata: { year }, postings: [{ vector: [1, 0] }] });
    };
    const films = update(createIndex<{ year: number }>({ dimensions: 2, indexed: ['year'] }), (draft) => {
      film(1995)(draft);
      // So many that the next version is made of this one.
      for (let i = 0; i < 40; i++)
        draft.putDocument(`film ${i}`, { metadata: { year: i }, postings: [{ vector: [i, 1] }] });
    });
    const options = { k: 3, where: { year: 1995 } } as const;
    const asked = (index: typeof films): number[] =>
      [1, 2, 3].map(() => search(index, [1, 0], options).length);
    expect(asked(films)).toEqual([1, 1, 1]);
    const none = update(films, film(1996));
    expect(asked(none)).toEqual([0, 0, 0]);
    expect(asked(update(none, film(1995)))).toEqual([1, 1, 1]);
    expect(asked(films)).toEqual([1, 1, 1]);
  });

  it('finds the same whatever is kept, and in versions that follow each other', () => {
    const where: Filter<Topic> = { chance: { $lt: 2000 }, plain: { $gte: 1000 } };
    const random = seeded(5);
    let version = index;
    for (let i = 0; i < 12; i++) {
      version = update(version, (draft) => {
        for (let j = 0; j < 3; j++) {
          const id = `d${integerBelow(random, 12_000)}`;
          if (draft.getDocument(id)?.metadata !== undefined)
            draft.editMetadata(id, (data) => {
              data.chance = integerBelow(random, 10_000);
            });
          draft.addPosting({
            documentId: `d${integerBelow(random, 12_000)}`,
            start: i,
            vector: queries[integerBelow(random, 100)].vector,
          });
        }
        draft.removeDocument(`d${integerBelow(random, 12_000)}`);
      });
      const options = { k: 20, where, slopFactor: 'all' } as const;
      const { vector } = queries[i];
      const results = [search(version, vector, options), search(version, vector, { k: 20, where })];
      if (i % 4 === 0) {
        dropCaches(version);
        expect(cacheBytes(version)).toBe(0);
        expect(search(version, vector, options)).toEqual(results[0]);
        expect(search(version, vector, { k: 20, where })).toEqual(results[1]);
        expect(cacheBytes(version)).toBeGreaterThan(0);
      }
      // An earlier version is what it was.
      expect(search(index, vector, { k: 5, where, slopFactor: 'all' })).toEqual(
        search(index, vector, {
          k: 5,
          slopFactor: 'all',
          filter: ({ documentId }) => {
            const data = getDocument(index, documentId)?.metadata;
            return data !== undefined && data.chance < 2000 && data.plain >= 1000;
          },
        }),
      );
      expect(found(results[0])).toEqual(
        truth(version as unknown as ShardexIndex<Metadata>, vector, where, 20),
      );
    }
    configureCache(index, { maxBytes: 0 });
    expect(search(index, queries[0].vector, { k: 5, where })).toHaveLength(5);
    configureCache(index, { maxBytes: 2 ** 28 });
  });

  it('refuses what is no filter', () => {
    const [{ vector }] = queries;
    expect(() => search(index, vector, { k: 1, where: { topic: { $near: 1 } } as Filter<Topic> })).toThrow(
      InvalidFilterError,
    );
    expect(() => searchMany(index, [], { k: 1, where: [] as unknown as Filter<Topic> })).toThrow(
      InvalidFilterError,
    );
  });
});
