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
} from 'shardex';
import { expect, test } from 'vitest';
import { fingerprint } from '../support/fingerprint.js';
import {
  QUERIES,
  type Step,
  commits,
  expectEqual,
  expectKeyChanges,
  metric,
  recipeOf,
  sent,
} from './steps.js';

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
        expectEqual(applyDelta(index, sent(inverse)), owner);
        expectKeyChanges(sent(delta), owner, index);
        // A replica of another history of memory: it never shares the block that the owner goes on to write.
        expectEqual(applyDelta(owner, delta), index);
        replica = applyDelta(replica, sent(delta));
        expectEqual(replica, index);
        owner = index;
      }
      expectKeyChanges(diff(empty, owner), empty, owner);
      expectEqual(applyDelta(empty, diff(empty, owner)), owner);
      expectEqual(applyDelta(empty, sent(diff(empty, owner))), owner);
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
      expectEqual(applyDelta(ours, sent(diff(ours, theirs))), theirs);
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
