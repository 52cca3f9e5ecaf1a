import fc from 'fast-check';
import {
  AsyncRecipeError,
  CowShardexIndex,
  InvalidFilterError,
  InvalidMetadataError,
  InvalidOptionError,
  count,
  createIndex,
  documents,
  type Filter,
  type Metadata,
  type ShardexIndex,
  update,
  verify,
} from 'shardex';
import { describe, expect, it, vi } from 'vitest';
import { nodesOf } from '../../src/collections/sorted-set.js';
import * as predicates from '../../src/documents/filter/predicate.js';
import { parseFilter } from '../../src/documents/filter/parse.js';
import type { FieldIndex } from '../../src/documents/field-indexes.js';
import { PATHS, filters, metadata } from './filter-values.js';

const INDEXED = ['a', 'b', 'a.x', 'c.x', 'a.0'] as const;
const id = fc.integer({ min: 0, max: 30 }).map((i) => `d${i}`);

type Model = Map<string, Metadata | undefined>;

/** What happens to an index: documents with postings, with metadata, without either. */
const step = fc.oneof(
  fc.record({ put: id, metadata, posting: fc.boolean() }),
  fc.record({ set: id, metadata }),
  fc.record({ remove: id }),
);

function applied(
  index: ShardexIndex<Metadata>,
  model: Model,
  steps: readonly object[],
): ShardexIndex<Metadata> {
  return update(index, (draft) => {
    for (const one of steps as {
      put?: string;
      set?: string;
      remove?: string;
      metadata?: Metadata;
      posting?: boolean;
    }[]) {
      if (one.put !== undefined) {
        const postings = one.posting === true ? [{ vector: [1, Number(one.put.slice(1))] }] : [];
        draft.putDocument(one.put, { ...(one.metadata && { metadata: one.metadata }), postings });
        if (one.metadata !== undefined || one.posting === true) model.set(one.put, one.metadata);
        else model.delete(one.put);
      } else if (one.set !== undefined) {
        if (!draft.has(one.set)) continue;
        draft.setMetadata(one.set, one.metadata);
        if (draft.has(one.set)) model.set(one.set, one.metadata);
        else model.delete(one.set);
      } else if (one.remove !== undefined) {
        draft.removeDocument(one.remove);
        model.delete(one.remove);
      }
    }
  });
}

function passing(model: Model, filter: object): string[] {
  const passes = predicates.predicateOf(parseFilter(filter).condition);
  return [...model]
    .filter(([documentId, data]) => passes(documentId, data))
    .map(([documentId]) => documentId)
    .sort();
}

const indexOf = (index: ShardexIndex, path: string): FieldIndex =>
  index.fields.value.byPath.get(path) as FieldIndex;

const idsIn = (index: ShardexIndex, where: object): string[] =>
  [...documents(index, { where: where as Filter })].map(({ documentId }) => documentId);

describe('field indexes', () => {
  it('find what looking at every document finds, in every version', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(step, { maxLength: 25 }), { minLength: 1, maxLength: 4 }),
        fc.array(filters(id), { minLength: 5, maxLength: 10 }),
        (batches, asked) => {
          let index: ShardexIndex<Metadata> = createIndex({ dimensions: 2, indexed: INDEXED });
          const model: Model = new Map();
          for (const batch of batches) {
            index = applied(index, model, batch);
            expect(verify(index)).toHaveLength(0);
            for (const filter of asked) {
              const expected = passing(model, filter);
              expect(idsIn(index, filter)).toEqual(expected);
              expect(count(index, filter as Filter)).toBe(expected.length);
            }
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  const many = update(
    createIndex<{ n: number; even: boolean; tags: string[] }>({ dimensions: 2, indexed: ['n', 'tags'] }),
    (draft) => {
      for (let n = 0; n < 5000; n++)
        draft.putDocument(`d${n}`, {
          metadata: { n, even: n % 2 === 0, tags: [`t${n % 10}`, `u${n % 1000}`] },
        });
    },
  );

  it.each<[object, number]>([
    [{ n: 7 }, 1],
    [{ n: { $in: [1, 2, 3] } }, 3],
    [{ n: { $gte: 100, $lt: 110 }, even: true }, 10],
    [{ n: { $lt: 10 }, tags: 't3' }, 10],
    [{ tags: 'u5', even: false }, 5],
    [{ $or: [{ n: 1 }, { tags: 'u7' }] }, 6],
    [{ documentId: { $in: ['d1', 'd2', 'none'] }, even: true }, 2],
    [{ tags: { $regex: '^u99' }, even: true }, 55],
  ])('leave few documents to be looked at: %j', (filter, most) => {
    let looked = 0;
    const spy = vi.spyOn(predicates, 'predicateOf').mockImplementation((condition) => {
      spy.mockRestore();
      const passes = predicates.predicateOf(condition);
      return (documentId, data) => (looked++, passes(documentId, data));
    });
    const found = count<object>(many, filter as Filter);
    vi.restoreAllMocks();
    expect(found).toBeGreaterThan(0);
    expect(looked).toBeLessThanOrEqual(most);
  });

  it('take two bounds for one range only where every document has one value', () => {
    const index = update(createIndex({ dimensions: 2, indexed: ['n'] }), (draft) => {
      draft.putDocument('apart', { metadata: { n: [0, 5] } });
      draft.putDocument('between', { metadata: { n: 2 } });
    });
    expect(idsIn(index, { n: { $gt: 1, $lt: 3 } })).toEqual(['apart', 'between']);
  });

  it('are shared but for the leaves that a commit changes', () => {
    const next = update(many, (draft) => {
      draft.editMetadata('d2500', (data) => {
        data.n = -1;
      });
    });
    const [before, after] = [many.fields.value.byPath, next.fields.value.byPath];
    expect(after.get('tags')).toBe(before.get('tags'));
    const known = new Set(nodesOf(indexOf(many, 'n').keys));
    const copied = [...nodesOf(indexOf(next, 'n').keys)].filter((node) => !known.has(node));
    // A leaf where it was, one where it is, their branches and the root.
    expect(copied.length).toBeLessThanOrEqual(5);
    const same = update(many, (draft) => {
      draft.setText('d1', 'x');
    });
    expect(same.fields).toBe(many.fields);
  });

  it('cost an index without any nothing', () => {
    const plain = createIndex({ dimensions: 2 });
    const next = update(plain, (draft) => {
      draft.putDocument('a', { metadata: { n: 1 } });
    });
    expect(next.fields).toBe(plain.fields);
    expect(count(next, { n: 1 })).toBe(1);
  });

  it('are checked by verify', () => {
    const { byPath, numbers } = many.fields.value;
    const wrong = new Map(byPath);
    wrong.set('n', indexOf(many, 'tags'));
    const broken = Object.freeze({
      ...many,
      fields: { value: { numbers, byPath: wrong }, isMade: true },
    }) as unknown as ShardexIndex;
    expect(verify(broken).map(({ where }) => where)).toContain('the index of "n"');
  });
});

describe('documents by a filter', () => {
  const films = update(
    createIndex<{ year: number; seen: boolean }>({ dimensions: 2, indexed: ['year'] }),
    (draft) => {
      for (let i = 0; i < 20; i++)
        draft.putDocument(`film ${String(i).padStart(2, '0')}`, {
          metadata: { year: 1990 + i, seen: i % 2 === 0 },
        });
      draft.addPosting({ documentId: 'without metadata', vector: [1, 1] });
    },
  );

  it('come in pages, ascending by id', () => {
    const seen: string[] = [];
    for (let after: string | undefined; ;) {
      const page = [
        ...documents(films, { where: { seen: true }, limit: 3, ...(after !== undefined && { after }) }),
      ];
      if (page.length === 0) break;
      seen.push(...page.map(({ documentId }) => documentId));
      after = seen.at(-1);
    }
    expect(seen).toEqual(Array.from({ length: 10 }, (_, i) => `film ${String(2 * i).padStart(2, '0')}`));
    expect([...documents(films, { where: { year: null } })]).toEqual([{ documentId: 'without metadata' }]);
    expect(count(films)).toBe(21);
  });

  it('are removed together', () => {
    let removed = 0;
    const next = update(films, (draft) => {
      draft.putDocument('new', { metadata: { year: 1995, seen: true } });
      removed = draft.removeWhere({ year: { $gte: 1995 }, seen: true });
    });
    // The draft's own document is among them.
    expect(removed).toBe(count(films, { year: { $gte: 1995 }, seen: true }) + 1);
    expect(count(next, { year: { $gte: 1995 }, seen: true })).toBe(0);
    expect(next.documentCount).toBe(21 + 1 - removed);
    const nothing = update(films, (draft) => {
      draft.removeWhere({ year: 1 });
    });
    expect(nothing).toBe(films);
  });

  it('are edited together, or none of them', () => {
    const cell = new CowShardexIndex(films);
    cell.update((draft) => {
      const edited = draft.editWhere({ year: { $lt: 1993 } }, (film, documentId) => {
        film.seen = true;
        film.year -= documentId === 'film 00' ? 100 : 0;
      });
      expect(edited).toBe(3);
    });
    expect(count(cell.read(), { year: { $lt: 1993 }, seen: true })).toBe(3);
    expect(count(cell.read(), { year: 1890 })).toBe(1);
    const before = cell.read();
    cell.update((draft) => {
      expect(() =>
        draft.editWhere({ year: { $lt: 1993 } }, (film, documentId) => {
          film.year = documentId === 'film 02' ? NaN : 0;
        }),
      ).toThrow(InvalidMetadataError);
    });
    expect(cell.read()).toBe(before);
    cell.update((draft) => {
      expect(draft.editWhere({ year: null }, () => undefined)).toBe(0);
    });
    expect(cell.read()).toBe(before);
  });

  it('are not edited by recipes that are async, no functions, or change the document by another way', () => {
    update(films, (draft) => {
      const late = (async (film: { seen?: boolean }) => {
        await Promise.resolve();
        film.seen = true;
      }) as unknown as () => void;
      expect(() => draft.editWhere({ year: { $lt: 1993 } }, late)).toThrow(AsyncRecipeError);
      expect(() => draft.editWhere({ year: 1 }, 5 as never)).toThrow(InvalidOptionError);
      expect(() =>
        draft.editWhere({ year: { $lt: 1993 } }, (film, documentId) => {
          if (documentId === 'film 02') draft.editMetadata('film 00', (other) => void (other.year = 2000));
          film.seen = true;
        }),
      ).toThrow(InvalidOptionError);
      expect(count(draft.preview(), { seen: true })).toBe(count(films, { seen: true }));
    });
  });

  it('are none by what is no filter', () => {
    expect(() => count(films, { year: { $near: 1 } } as object)).toThrow(InvalidFilterError);
    expect(() => documents(films, { where: { yaer: undefined } as object })).toThrow(InvalidFilterError);
    update(films, (draft) => {
      expect(() => draft.removeWhere({ $or: [] })).toThrow(InvalidFilterError);
    });
  });
});

it('knows all paths that filters ask for', () => {
  expect(PATHS).toEqual(expect.arrayContaining([...INDEXED]));
});
