import {
  applyDelta,
  createIndex,
  decodeDelta,
  diff,
  documentIds,
  encodeDelta,
  getPosting,
  hasDocument,
  InvalidIndexError,
  InvalidPostingError,
  postings,
  type ShardexIndex,
  update,
} from 'shardex';
import { describe, expect, test, vi } from 'vitest';
import { IdColumn } from '../../src/collections/id-column.js';
import { NaiveTwin, comparePostings } from '../support/naive-twin.js';
import { ofDocuments } from '../support/postings.js';
import { gaussianVector, seeded } from '../support/random.js';
import { allPostings } from '../support/sound.js';

const options = { dimensions: 3, metric: 'euclidean', shardCapacity: 8 } as const;
const random = seeded(1);
const all = ofDocuments(7, 200, () => gaussianVector(random, 3));

describe('postings', () => {
  test('gives all of a document, from all its shards, by start and length', () => {
    const index = createIndex(options, all);
    const twin = new NaiveTwin(options);
    for (const posting of all) twin.add(posting);
    expect(index.shardCount).toBeGreaterThan(7);
    for (let d = 0; d < 7; d++) expect(postings(index, `d${d}`)).toEqual(twin.postings(`d${d}`));
  });

  test('gives nothing for an unknown document', () => {
    expect(postings(createIndex(options), 'a')).toEqual([]);
  });

  test('gives copies: what is done to them changes nothing (I1)', () => {
    const index = createIndex(options, all);
    const before = postings(index, 'd0');
    for (const { vector } of postings(index, 'd0')) vector.fill(Number.NaN);
    expect(postings(index, 'd0')).toEqual(before);
  });

  test('does not give what was removed or superseded (I7)', () => {
    const index = update(createIndex(options, all), (draft) => {
      draft.addPosting({ documentId: 'd0', start: 0, length: 1, vector: [9, 9, 9] });
      draft.removeDocument('d1');
    });
    expect(postings(index, 'd1')).toEqual([]);
    const [first] = postings(index, 'd0');
    expect(first).toEqual({ documentId: 'd0', start: 0, length: 1, vector: Float32Array.of(9, 9, 9) });
    expect(postings(index, 'd0')).toHaveLength(all.filter((p) => p.documentId === 'd0').length);
  });
});

describe('postings without a document', () => {
  const changed = update(createIndex(options, all), (draft) => {
    draft.removeDocument('d2');
    draft.addPosting({ documentId: 'd0', start: 0, length: 1, vector: [9, 9, 9] });
  });

  test('gives every posting once, live ones only (I7)', () => {
    const twin = new NaiveTwin(options);
    for (const posting of postings(changed)) {
      expect(twin.removePosting(posting)).toBe(false);
      twin.add(posting);
    }
    expect(twin.all()).toEqual(allPostings(changed));
    expect([...postings(createIndex(options))]).toEqual([]);
  });

  test('gives equal versions in the same order, also one that came as bytes', () => {
    const empty = createIndex(options);
    const loaded = applyDelta(empty, decodeDelta(encodeDelta(diff(empty, changed))));
    expect([...postings(loaded)]).toEqual([...postings(changed)]);
    expect([...postings(changed)]).toEqual([...postings(changed)]);
  });

  test('is lazy: taking a few reads the ids of one shard', () => {
    const spy = vi.spyOn(IdColumn.prototype, 'at');
    const taken = postings(changed);
    for (let i = 0; i < 3; i++) taken.next();
    expect(spy.mock.calls.length).toBeGreaterThan(0);
    expect(spy.mock.calls.length).toBeLessThanOrEqual(options.shardCapacity + 3);
    spy.mockRestore();
  });

  test('goes on with its version, whatever is written meanwhile (I1), and gives copies', () => {
    const before = allPostings(changed);
    const seen = [];
    let index = changed;
    for (const posting of postings(changed)) {
      seen.push({ ...posting, vector: posting.vector.slice() });
      posting.vector.fill(Number.NaN);
      index = update(index, (draft) => {
        draft.removePosting(posting);
      });
    }
    expect(seen.sort(comparePostings)).toEqual(before);
    expect(index.postingCount).toBe(0);
  });

  test('is not what an id gets that is missing', () => {
    expect(() => postings(changed, undefined as never)).toThrow(InvalidPostingError);
  });
});

describe('getPosting', () => {
  test('finds each posting by its key, and nothing by any other', () => {
    const index = createIndex(options, all);
    for (const { documentId, start, length, vector } of all) {
      const key = { documentId, start: start ?? 0, length: length ?? 0 };
      expect(getPosting(index, key)).toEqual({ ...key, vector: Float32Array.from(vector) });
      expect(getPosting(index, { ...key, length: key.length + 1 })).toBeUndefined();
      expect(getPosting(index, { ...key, start: key.start + 1 })).toBeUndefined();
    }
    expect(getPosting(index, { documentId: 'nobody' })).toBeUndefined();
  });

  test('gives a copy (I1), of what is live (I7)', () => {
    const key = { documentId: 'd0', start: 0, length: 1 };
    const index = createIndex(options, all);
    getPosting(index, key)?.vector.fill(Number.NaN);
    expect(getPosting(index, key)?.vector[0]).not.toBeNaN();
    const next = update(index, (draft) => {
      draft.removePosting(key);
    });
    expect(getPosting(next, key)).toBeUndefined();
    expect(getPosting(index, key)).toBeDefined();
  });

  test('refuses what is no key', () => {
    const index = createIndex(options, all);
    for (const bad of ['d0', null, {}, { documentId: '' }, { documentId: 'd0', length: 0.5 }])
      expect(() => getPosting(index, bad as never)).toThrow(InvalidPostingError);
  });
});

describe('hasDocument and documentIds', () => {
  test('tell which documents have postings', () => {
    const index = update(createIndex(options, all), (draft) => {
      draft.removeDocument('d3');
    });
    expect(['d2', 'd3', 'd99'].map((id) => hasDocument(index, id))).toEqual([true, false, false]);
    expect([...documentIds(index)].sort()).toEqual(['d0', 'd1', 'd2', 'd4', 'd5', 'd6']);
  });
});

describe('bad arguments', () => {
  test.each([postings, hasDocument])('are refused', (read) => {
    const index = createIndex(options);
    expect(() => read(index, '')).toThrow(InvalidPostingError);
    expect(() => read(index, 5 as unknown as string)).toThrow(InvalidPostingError);
    expect(() => read({} as ShardexIndex, 'a')).toThrow(InvalidIndexError);
    expect(() => documentIds(null as unknown as ShardexIndex)).toThrow(InvalidIndexError);
  });
});
