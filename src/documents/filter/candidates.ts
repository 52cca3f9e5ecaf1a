// Documents among which are all that pass a condition, by field indexes: so that few have to be looked at.
import { countInRange, eachInRange } from '../../collections/sorted-set.js';
import type { FieldIndexes } from '../field-indexes.js';
import { type Indexed, answered, indexedBy } from './by-index.js';
import { type Condition, DOCUMENT_ID, type FieldCondition } from './condition.js';

/** Some documents, not yet listed. */
export interface Candidates {
  /** How many there are at most. */
  readonly count: number;
  /** Adds their ids. */
  list(ids: Set<string>): void;
}

/** The fewest documents that indexes can narrow a condition down to; `undefined` where that may be any. */
export function candidatesFor(condition: Condition, fields: FieldIndexes): Candidates | undefined {
  switch (condition.is) {
    case 'all': {
      const parts = answered(condition.of, fields).flatMap((part) => {
        return (part.is === 'indexed' ? candidatesOf(part, fields) : candidatesFor(part, fields)) ?? [];
      });
      return parts.reduce<Candidates | undefined>(
        (least, part) => (least === undefined || part.count < least.count ? part : least),
        undefined,
      );
    }
    case 'any': {
      const parts: Candidates[] = [];
      for (const part of condition.of) {
        const found = candidatesFor(part, fields);
        if (found === undefined) return undefined;
        parts.push(found);
      }
      return {
        count: parts.reduce((sum, { count }) => sum + count, 0),
        list(ids) {
          for (const part of parts) part.list(ids);
        },
      };
    }
    case 'not':
      return undefined;
    case 'field': {
      if (condition.path === DOCUMENT_ID) return named(condition);
      const indexed = indexedBy(condition, fields);
      return indexed && candidatesOf(indexed, fields);
    }
  }
}

function named({ test }: FieldCondition): Candidates | undefined {
  const given = test.op === 'eq' ? [test.value] : test.op === 'in' ? test.values : undefined;
  const strings = given?.filter((value) => typeof value === 'string');
  return (
    strings && {
      count: strings.length,
      list(ids) {
        for (const id of strings) ids.add(id);
      },
    }
  );
}

function candidatesOf(
  { index, keys: { ranges, check, missing } }: Indexed,
  { numbers: { ids: names } }: FieldIndexes,
): Candidates | undefined {
  if (missing) return undefined;
  return {
    count: ranges.reduce((sum, range) => sum + countInRange(index.keys, range), 0),
    list(ids) {
      for (const range of ranges)
        eachInRange(index.keys, range, (leaf, from, to) => {
          for (let i = from; i < to; i++)
            if (check?.(leaf.keys[i]) !== false) ids.add(names[leaf.numbers[i]]);
        });
    },
  };
}
