// The parts of a condition that a field index answers, and those that it does not.
import type { FieldIndex, FieldIndexes } from '../field-indexes.js';
import type { Condition } from './condition.js';
import { type KeyRanges, bothOf, rangesOf } from './key-ranges.js';

/** A condition that an index answers: exactly these keys of it pass. */
export interface Indexed {
  readonly is: 'indexed';
  readonly index: FieldIndex;
  readonly keys: KeyRanges;
}

/** The answer of an index to a condition; `undefined` where there is none. */
export function indexedBy(condition: Condition, { byPath }: FieldIndexes): Indexed | undefined {
  if (condition.is !== 'field' || typeof condition.path !== 'string') return undefined;
  const index = byPath.get(condition.path);
  const keys = index && rangesOf(condition.test);
  return index && keys && { is: 'indexed', index, keys };
}

/** Some conditions that all have to hold, with what indexes answer; ranges of one field are one where that is the same. */
export function answered(
  conditions: readonly Condition[],
  fields: FieldIndexes,
): readonly (Condition | Indexed)[] {
  const single = new Map<FieldIndex, Indexed>();
  const others: (Condition | Indexed)[] = [];
  for (const condition of conditions) {
    const one = indexedBy(condition, fields);
    if (one === undefined) {
      others.push(condition);
      continue;
    }
    const before = single.get(one.index);
    const isMultiple = one.index.keys.size !== one.index.documentCount;
    const both = before && !isMultiple ? bothOf(before.keys, one.keys) : undefined;
    if (both !== undefined) single.set(one.index, { ...one, keys: both });
    else if (before === undefined) single.set(one.index, one);
    else others.push(one);
  }
  return [...single.values(), ...others];
}
