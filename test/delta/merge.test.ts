import fc from 'fast-check';
import {
  InvalidIndexError,
  InvalidOptionError,
  type MergeConflict,
  type RecordConflict,
  MergeConflictError,
  type MergeOptions,
  type ShardexIndex,
  createIndex,
  merge,
  update,
  verify,
} from 'shardex';
import { expect, test } from 'vitest';
import { thrownBy } from '../support/thrown.js';
import { type Step, commits, contents, metric, recipeOf } from './steps.js';

const grow = (from: ShardexIndex, steps: readonly Step[]): ShardexIndex =>
  steps.reduce((index, step) => update(index, recipeOf(step)), from);

const textOf = ({ documentId, start, length }: MergeConflict): string => `${documentId} ${start} ${length}`;

/** Three-way by key on plain maps: what is merged, and what is in conflict. */
function naive(
  ours: Map<string, string>,
  theirs: Map<string, string>,
  base: Map<string, string>,
): { merged: Map<string, string>; conflicts: string[] } {
  const merged = new Map(ours);
  const conflicts: string[] = [];
  for (const key of new Set([...base.keys(), ...theirs.keys()])) {
    const [our, their, before] = [ours.get(key), theirs.get(key), base.get(key)];
    if (their === before || their === our) continue;
    if (our !== before) conflicts.push(key);
    else if (their === undefined) merged.delete(key);
    else merged.set(key, their);
  }
  return { merged, conflicts: conflicts.sort() };
}

const sorted = (map: Map<string, string>): [string, string][] => [...map].sort();

test('three-way merges come to what plain maps come to, conflicts included, over branches of branches', () => {
  let met = 0;
  fc.assert(
    fc.property(metric, commits, commits, commits, commits, (metric, common, left, right, later) => {
      const base = grow(createIndex({ dimensions: 2, metric, shardCapacity: 8 }), common);
      const [ours, theirs] = [grow(base, left), grow(base, right)];
      const { merged: expected, conflicts } = naive(contents(ours), contents(theirs), contents(base));
      if (conflicts.length > 0) {
        met++;
        const error = thrownBy(() => merge(ours, theirs, base)) as MergeConflictError;
        expect(error).toBeInstanceOf(MergeConflictError);
        expect((error.conflicts as MergeConflict[]).map(textOf).sort()).toEqual(conflicts);
      }
      const merged = merge(ours, theirs, base, { onConflict: 'ours' });
      expect(sorted(contents(merged))).toEqual(sorted(expected));
      expect([...verify(merged)]).toEqual([]);
      if (merged !== ours && ours !== base) expect(merged.version).toBe(ours.version + 1);
      // Taking theirs leaves nothing that differs in what they changed.
      const theirWay = contents(merge(ours, theirs, base, { onConflict: 'theirs' }));
      const before = contents(base);
      for (const [key, vector] of contents(theirs))
        if (before.get(key) !== vector) expect(theirWay.get(key)).toBe(vector);
      // Merging is done: what came over is no change any more, and what they do next comes over too.
      const next = grow(theirs, later);
      const again = naive(contents(merged), contents(next), contents(theirs));
      const mergedAgain = merge(merged, next, theirs, { onConflict: 'ours' });
      expect(sorted(contents(mergedAgain))).toEqual(sorted(again.merged));
      expect([...verify(mergedAgain)]).toEqual([]);
    }),
    { numRuns: 150 },
  );
  expect(met).toBeGreaterThan(10);
}, 120_000);

test('merging meets the same conflicts from either side, and comes to the same', () => {
  fc.assert(
    fc.property(metric, commits, commits, commits, (metric, common, left, right) => {
      const base = grow(createIndex({ dimensions: 2, metric, shardCapacity: 8 }), common);
      const [one, other] = [grow(base, left), grow(base, right)];
      const met = [
        [one, other],
        [other, one],
      ].map(([ours, theirs]) => {
        const keys: string[] = [];
        const onConflict = (conflict: MergeConflict | RecordConflict): 'base' => {
          keys.push(textOf(conflict as MergeConflict));
          return 'base';
        };
        return { merged: sorted(contents(merge(ours, theirs, base, { onConflict }))), keys };
      });
      expect(met[0]).toEqual(met[1]);
    }),
    { numRuns: 60 },
  );
}, 60_000);

const BASE = createIndex({ dimensions: 1, metric: 'euclidean' }, [
  { documentId: 'a', vector: [1] },
  { documentId: 'b', vector: [2] },
]);
const put = (index: ShardexIndex, documentId: string, value: number): ShardexIndex =>
  update(index, (draft) => {
    draft.addPosting({ documentId, vector: [value] });
  });

test('a conflict says what each side has, and can be decided in every way', () => {
  const ours = put(BASE, 'a', 10);
  const theirs = update(BASE, (draft) => {
    draft.removeDocument('a');
  });
  const decided = (resolution: unknown): string | undefined =>
    contents(merge(ours, theirs, BASE, { onConflict: () => resolution } as MergeOptions)).get('a 0 0');
  expect([decided('ours'), decided('base'), decided('theirs'), decided('remove'), decided([7])]).toEqual([
    '10',
    '1',
    undefined,
    undefined,
    '7',
  ]);
  const { conflicts } = thrownBy(() => merge(ours, theirs, BASE)) as MergeConflictError;
  expect(conflicts).toEqual([
    {
      documentId: 'a',
      start: 0,
      length: 0,
      base: Float32Array.of(1),
      ours: Float32Array.of(10),
      theirs: undefined,
    },
  ]);
});

test('sides that did nothing, or the same, come for free', () => {
  const ours = put(BASE, 'c', 3);
  expect(merge(ours, BASE, BASE)).toBe(ours);
  expect(merge(BASE, ours, BASE)).toBe(ours);
  expect(merge(ours, put(BASE, 'c', 3), BASE)).toBe(ours);
});

test('bad options and strangers are refused', () => {
  const ours = put(BASE, 'a', 10);
  const theirs = put(BASE, 'a', 11);
  for (const options of [{ onConflict: 'mine' }, { on: 1 }, { onConflict: () => 'mine' }])
    expect(() => merge(ours, theirs, BASE, options as MergeOptions)).toThrow(InvalidOptionError);
  const other = createIndex({ dimensions: 2 });
  expect(() => merge(ours, other, BASE)).toThrow(InvalidIndexError);
});
