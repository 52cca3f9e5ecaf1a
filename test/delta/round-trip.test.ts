import fc from 'fast-check';
import * as shardex from 'shardex';
import {
  DeltaMismatchError,
  type ShardexIndex,
  applyDelta,
  createIndex,
  diff,
  invertDelta,
  update,
  updateWithDelta,
  verify,
} from 'shardex';
import { expect, test } from 'vitest';
import { fingerprint } from '../support/fingerprint.js';

const QUERIES = [
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
const commits = fc.array(fc.array(operation, { minLength: 1, maxLength: 25 }), { minLength: 1, maxLength: 12 });
const metric = fc.constantFrom('cosine' as const, 'euclidean' as const, 'dot' as const);

type Step = readonly {
  documentId: string;
  start: number;
  vector: readonly [number, number];
  remove: boolean;
}[];

const recipeOf = (step: Step) => (draft: shardex.IndexDraft) => {
  for (const { remove, ...posting } of step) {
    if (remove) draft.removeDocument(posting.documentId);
    else draft.addPosting(posting);
  }
};

/** Equal in every way that can be observed, down to the last bit of a result. */
function expectEqual(actual: ShardexIndex, expected: ShardexIndex): void {
  expect(fingerprint(shardex, actual, QUERIES)).toBe(fingerprint(shardex, expected, QUERIES));
  expect(shardex.statistics(actual)).toEqual(shardex.statistics(expected));
  expect([...actual.shards.keys()].sort()).toEqual([...expected.shards.keys()].sort());
  expect([...verify(actual)]).toEqual([]);
}

/** All postings as text, by key. */
function contents(index: ShardexIndex): Map<string, string> {
  const all = new Map<string, string>();
  for (const id of shardex.documentIds(index)) {
    for (const { start, length, vector } of shardex.postings(index, id))
      all.set(`${id} ${start} ${length}`, vector.join());
  }
  return all;
}

function expectKeyChanges(delta: shardex.Delta, before: ShardexIndex, after: ShardexIndex): void {
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

test('a replica that applies every delta is equal to its owner, and difference and inverse lead where they say', () => {
  fc.assert(
    fc.property(metric, commits, fc.constantFrom('strict' as const, 64), (metric, steps, reassign) => {
      const empty = createIndex({ dimensions: 2, metric, shardCapacity: 8, reassign });
      let owner = empty;
      let replica = empty;
      for (const step of steps) {
        const { previous, index, delta } = updateWithDelta(owner, recipeOf(step));
        expect(previous).toBe(owner);
        expectKeyChanges(delta, owner, index);
        const inverse = invertDelta(owner, delta);
        expectEqual(applyDelta(index, inverse), owner);
        // A replica of another history of memory: it never shares the block that the owner goes on to write.
        replica = applyDelta(replica, delta);
        expectEqual(replica, index);
        owner = index;
      }
      expectKeyChanges(diff(empty, owner), empty, owner);
      expectEqual(applyDelta(empty, diff(empty, owner)), owner);
      // What replicas go on to do is the same too (I10).
      const further = recipeOf([{ documentId: 'd1', start: 1, vector: [3, 1], remove: false }]);
      expectEqual(update(replica, further), update(owner, further));
    }),
    { numRuns: 150 },
  );
}, 120_000);

test('differences between forks of one version lead from one to the other', () => {
  fc.assert(
    fc.property(metric, commits, commits, commits, (metric, common, left, right) => {
      const grow = (from: ShardexIndex, steps: readonly Step[]): ShardexIndex =>
        steps.reduce((index, step) => update(index, recipeOf(step)), from);
      const base = grow(createIndex({ dimensions: 2, metric, shardCapacity: 8 }), common);
      const [ours, theirs] = [grow(base, left), grow(base, right)];
      const before = fingerprint(shardex, ours, QUERIES);
      expectKeyChanges(diff(ours, theirs), ours, theirs);
      expectEqual(applyDelta(ours, diff(ours, theirs)), theirs);
      expect(fingerprint(shardex, ours, QUERIES)).toBe(before);
    }),
    { numRuns: 150 },
  );
}, 120_000);

test('a delta is refused on any other base, even one with the same number', () => {
  const base = createIndex({ dimensions: 2 });
  const posting = (documentId: string) => (draft: shardex.IndexDraft) => {
    draft.addPosting({ documentId, vector: [1, 0] });
  };
  const ours = update(base, posting('a'));
  const theirs = update(base, posting('b'));
  const { delta } = updateWithDelta(ours, posting('c'));
  expect(theirs.version).toBe(ours.version);
  expect(() => applyDelta(theirs, delta)).toThrow(DeltaMismatchError);
  expect(() => applyDelta(base, delta)).toThrow(DeltaMismatchError);
  expect(() => invertDelta(theirs, delta)).toThrow(DeltaMismatchError);
  expect(applyDelta(ours, delta).postingCount).toBe(2);
});

test('a version that did not change has an empty delta, which leads nowhere', () => {
  const index = createIndex({ dimensions: 2 }, [{ documentId: 'a', vector: [1, 0] }]);
  const { delta } = updateWithDelta(index, (draft) => {
    draft.removeDocument('nobody');
  });
  expect(delta.isEmpty).toBe(true);
  expect(applyDelta(index, delta)).toBe(index);
  expect(diff(index, index).isEmpty).toBe(true);
});
