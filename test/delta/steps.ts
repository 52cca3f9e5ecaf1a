import fc from 'fast-check';
import * as shardex from 'shardex';
import { type ShardexIndex, verify } from 'shardex';
import { expect } from 'vitest';
import { fingerprint } from '../support/fingerprint.js';

export const QUERIES = [
  [1, 0],
  [-0.5, 0.75],
];

/** Documents and a coarse grid of vectors, so that keys and vectors meet again. */
const operation = fc.record({
  documentId: fc.integer({ min: 0, max: 40 }).map((n) => `d${n}`),
  start: fc.integer({ min: 0, max: 2 }),
  vector: fc.tuple(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -4, max: 4 })),
  remove: fc.boolean(),
});
export const commits = fc.array(fc.array(operation, { minLength: 1, maxLength: 25 }), {
  minLength: 1,
  maxLength: 12,
});
export const metric = fc.constantFrom('cosine' as const, 'euclidean' as const, 'dot' as const);

export type Step = readonly {
  documentId: string;
  start: number;
  vector: readonly [number, number];
  remove: boolean;
}[];

export const recipeOf = (step: Step) => (draft: shardex.IndexDraft) => {
  for (const { remove, ...posting } of step) {
    if (remove) draft.removeDocument(posting.documentId);
    else draft.addPosting(posting);
  }
};

/** Equal in every way that can be observed, down to the last bit of a result. */
export function expectEqual(actual: ShardexIndex, expected: ShardexIndex): void {
  expect(fingerprint(shardex, actual, QUERIES)).toBe(fingerprint(shardex, expected, QUERIES));
  expect(shardex.statistics(actual)).toEqual(shardex.statistics(expected));
  expect([...actual.shards.keys()].sort()).toEqual([...expected.shards.keys()].sort());
  expect([...verify(actual)]).toEqual([]);
}

/** All postings as text, by key. */
export function contents(index: ShardexIndex): Map<string, string> {
  const all = new Map<string, string>();
  for (const id of shardex.documentIds(index)) {
    for (const { start, length, vector } of shardex.postings(index, id))
      all.set(`${id} ${start} ${length}`, vector.join());
  }
  return all;
}

export function expectKeyChanges(delta: shardex.Delta, before: ShardexIndex, after: ShardexIndex): void {
  const [a, b] = [contents(before), contents(after)];
  const text = ({ documentId, start, length }: shardex.PostingKey): string =>
    `${documentId} ${start} ${length}`;
  const sorted = (keys: Iterable<string>): string[] => [...keys].sort();
  expect(sorted(delta.added.map(text))).toEqual(sorted([...b.keys()].filter((key) => !a.has(key))));
  expect(sorted(delta.removed.map(text))).toEqual(sorted([...a.keys()].filter((key) => !b.has(key))));
  expect(sorted(delta.updated.map(text))).toEqual(
    sorted([...b.keys()].filter((key) => a.has(key) && a.get(key) !== b.get(key))),
  );
  const { added, removed } = delta.documents;
  expect(added.every((id) => !shardex.hasDocument(before, id) && shardex.hasDocument(after, id))).toBe(true);
  expect(removed.every((id) => shardex.hasDocument(before, id) && !shardex.hasDocument(after, id))).toBe(
    true,
  );
}

/** A delta that has been on its way through bytes, so that nothing of its maker's memory is in it. */
export function sent(delta: shardex.Delta): shardex.Delta {
  return shardex.decodeDelta(shardex.encodeDelta(delta));
}
