import fc from 'fast-check';
import {
  type Delta,
  DeltaMismatchError,
  type PostingKey,
  type ShardexIndex,
  applyDelta,
  composeDeltas,
  createIndex,
  diff,
  updateWithDelta,
} from 'shardex';
import { expect, test } from 'vitest';
import { commits, contents, expectEqual, metric, recipeOf, sent } from './steps.js';

const text = ({ documentId, start, length }: PostingKey): string => `${documentId} ${start} ${length}`;
const texts = (keys: readonly PostingKey[]): string[] => keys.map(text);

/** Without the updates that changed nothing, which a composition cannot tell from others. */
function realUpdates(delta: Delta, before: ShardexIndex, after: ShardexIndex): string[] {
  const [a, b] = [contents(before), contents(after)];
  return texts(delta.updated).filter((key) => a.get(key) !== b.get(key));
}

test('what every commit wrote down comes, one after the other, to what looking at both ends finds', () => {
  fc.assert(
    fc.property(metric, commits, commits, (metric, common, steps) => {
      let base = createIndex({ dimensions: 2, metric, shardCapacity: 8 });
      for (const step of common) base = updateWithDelta(base, recipeOf(step)).index;
      let last = base;
      let composed = diff(base, base);
      for (const step of steps) {
        const { index, delta } = updateWithDelta(last, recipeOf(step));
        composed = composeDeltas(composed, delta);
        last = index;
      }
      const seen = diff(base, last);
      expect(texts(composed.added)).toEqual(texts(seen.added));
      expect(texts(composed.removed)).toEqual(texts(seen.removed));
      expect(realUpdates(composed, base, last)).toEqual(texts(seen.updated));
      expect(composed.documents.added).toEqual(seen.documents.added);
      expect(composed.documents.removed).toEqual(seen.documents.removed);
      expectEqual(applyDelta(base, composed), last);
      expectEqual(applyDelta(base, sent(composed)), last);
      expectEqual(applyDelta(base, seen), last);
    }),
    { numRuns: 150 },
  );
}, 120_000);

test('deltas that do not follow each other are refused', () => {
  const base = createIndex({ dimensions: 1 });
  const first = updateWithDelta(base, (draft) => {
    draft.addPosting({ documentId: 'a', vector: [1] });
  });
  const second = updateWithDelta(first.index, (draft) => {
    draft.addPosting({ documentId: 'b', vector: [2] });
  });
  expect(() => composeDeltas(second.delta, first.delta)).toThrow(DeltaMismatchError);
  expect(() => composeDeltas(first.delta, first.delta)).toThrow(DeltaMismatchError);
  const both = composeDeltas(first.delta, second.delta);
  expect(both.base).toEqual(first.delta.base);
  expect(both.next).toEqual(second.delta.next);
});
