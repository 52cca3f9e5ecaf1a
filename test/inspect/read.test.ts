import {
  createIndex,
  documentIds,
  hasDocument,
  InvalidIndexError,
  InvalidPostingError,
  postings,
  type ShardexIndex,
  update,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { NaiveTwin } from '../support/naive-twin.js';
import { ofDocuments } from '../support/postings.js';
import { gaussianVector, seeded } from '../support/random.js';

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
