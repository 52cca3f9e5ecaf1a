import type { MergeConflict, StoredPosting } from 'shardex';
import { NaiveTwin, type TwinConfig, comparePostings } from '../../support/naive-twin.js';
import { byKey, sameVector } from './difference.js';

/** What becomes of a posting that both sides changed. */
export type Decision = 'ours' | 'theirs' | 'base' | 'remove' | readonly number[];

/** What a three-way merge of plain maps comes to. */
export interface NaiveMerge {
  readonly merged: NaiveTwin;
  /** In the order of their keys. */
  readonly conflicts: readonly MergeConflict[];
}

export function naiveMerge(
  config: TwinConfig,
  ours: NaiveTwin,
  theirs: NaiveTwin,
  base: NaiveTwin,
  decide: (conflict: MergeConflict) => Decision,
): NaiveMerge {
  const [our, their, before] = [byKey(ours), byKey(theirs), byKey(base)];
  const merged = new NaiveTwin(config);
  const conflicts: {
    conflict: MergeConflict;
    sides: Record<'ours' | 'theirs' | 'base', StoredPosting | undefined>;
  }[] = [];
  for (const key of new Set([...our.keys(), ...their.keys(), ...before.keys()])) {
    const sides = { ours: our.get(key), theirs: their.get(key), base: before.get(key) };
    const { documentId, start, length } = (sides.ours ?? sides.theirs ?? sides.base) as StoredPosting;
    if (same(sides.theirs, sides.base) || same(sides.theirs, sides.ours)) {
      if (sides.ours !== undefined) merged.add(sides.ours);
    } else if (same(sides.ours, sides.base)) {
      if (sides.theirs !== undefined) merged.add(sides.theirs);
    } else {
      const vectors = {
        base: sides.base?.vector,
        ours: sides.ours?.vector,
        theirs: sides.theirs?.vector,
      };
      conflicts.push({ conflict: { documentId, start, length, ...vectors }, sides });
    }
  }
  conflicts.sort((a, b) => comparePostings(a.conflict, b.conflict));
  for (const { conflict, sides } of conflicts) {
    const { documentId, start, length } = conflict;
    const decision = decide(conflict);
    if (decision === 'remove') continue;
    const vector = typeof decision === 'string' ? sides[decision]?.vector : decision;
    if (vector !== undefined) merged.add({ documentId, start, length, vector });
  }
  return { merged, conflicts: conflicts.map(({ conflict }) => conflict) };
}

function same(a: StoredPosting | undefined, b: StoredPosting | undefined): boolean {
  return a === undefined || b === undefined ? a === b : sameVector(a.vector, b.vector);
}
