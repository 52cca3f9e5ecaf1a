/*
 * Which documents pass a filter, as a set of their numbers: from field indexes where they answer, by looking at records
 * where not. The set of one version is made into that of the next by the records that changed.
 */
import { type Range, eachInRange } from '../../collections/sorted-set.js';
import { eachDifference } from '../../collections/trie-difference.js';
import type { DocumentNumbers } from '../../documents/document-numbers.js';
import { ALL_KEYS, type FieldIndexes } from '../../documents/field-indexes.js';
import { type Indexed, answered, indexedBy } from '../../documents/filter/by-index.js';
import { type Condition, DOCUMENT_ID, allOf, anyOf } from '../../documents/filter/condition.js';
import type { ParsedFilter } from '../../documents/filter/parse.js';
import type { FieldKey } from '../../documents/field-keys.js';
import { type Predicate, predicateOf } from '../../documents/filter/predicate.js';
import type { ShardexIndex } from '../../version/shardex-index.js';
import { Bitmap } from './bitmap.js';

/** What of a version says which documents pass. */
export type Described = Pick<ShardexIndex, 'records' | 'fields'>;

/** The documents that pass a filter in one version. Whatever has a number below `count` is in the set if, and only if, it passes. */
export interface MatchingDocuments {
  readonly set: Bitmap;
  readonly count: number;
}

/** Where more than this share of the documents is left, looking at all takes less time than looking them up. */
const FEW = 1 / 16;

/** The documents that pass, of all that have numbers. */
export function matchingDocuments(index: Described, { condition }: ParsedFilter): MatchingDocuments {
  const count = index.fields.value.numbers.size;
  return { set: new Finder(index).find(condition), count };
}

/** The documents that pass in another version, and the numbers of those that pass in one of the two only. */
export interface ChangedMatches {
  readonly matching: MatchingDocuments;
  readonly flipped: readonly number[];
}

/**
 * The same from those of an earlier version; `undefined` where so much has changed that this would not pay. Time: O(changed
 * records · log records + documents / 32).
 */
export function matchingAfter(
  before: Described,
  known: MatchingDocuments,
  index: Described,
  { condition }: ParsedFilter,
): ChangedMatches | undefined {
  const { numbers } = index.fields.value;
  const passes = predicateOf(condition);
  const changed: number[] = [];
  if (index.records !== before.records) {
    eachDifference(before.records, index.records, (id) => {
      const n = numbers.of(id);
      if (n < known.count) changed.push(n);
    });
    if (changed.length > numbers.size * FEW) return undefined;
  }
  const count = numbers.size;
  for (let n = known.count; n < count; n++) changed.push(n);
  const flipped = changed.filter((n) => passesNow(passes, index, numbers, n) !== known.set.has(n));
  if (flipped.length === 0) return { matching: { set: known.set, count }, flipped };
  const set = known.set.copy();
  for (const n of flipped) set.set(n, passesNow(passes, index, numbers, n));
  return { matching: { set, count }, flipped };
}

function passesNow(passes: Predicate, { records }: Described, { ids }: DocumentNumbers, n: number): boolean {
  return passes(ids[n], records.get(ids[n])?.metadata);
}

/** Finds what passes conditions. */
class Finder {
  readonly #index: Described;
  readonly #fields: FieldIndexes;
  readonly #numbers: DocumentNumbers;

  constructor(index: Described) {
    this.#index = index;
    this.#fields = index.fields.value;
    this.#numbers = this.#fields.numbers;
  }

  /** The documents that pass a condition; a set for the caller to change. */
  find(condition: Condition): Bitmap {
    if (!this.#isHelped(condition)) return this.#look(condition);
    switch (condition.is) {
      case 'all':
        return this.#findAll(condition.of);
      case 'any': {
        const helped = condition.of.filter((part) => this.#isHelped(part));
        const others = condition.of.filter((part) => !helped.includes(part));
        const sets = helped.map((part) => this.find(part));
        if (others.length > 0) sets.push(this.#look(anyOf(others)));
        return sets.reduce((all, set) => all.unite(set));
      }
      case 'not':
        return this.find(condition.of).invert(this.#numbers.size);
      case 'field': {
        if (condition.path === DOCUMENT_ID) return this.#byId(condition);
        return this.#byIndex(indexedBy(condition, this.#fields) as Indexed);
      }
    }
  }

  /** Whether indexes or ids answer a part of a condition. */
  #isHelped(condition: Condition): boolean {
    if (condition.is === 'not') return this.#isHelped(condition.of);
    if (condition.is !== 'field') return condition.of.some((part) => this.#isHelped(part));
    return condition.path === DOCUMENT_ID || indexedBy(condition, this.#fields) !== undefined;
  }

  #findAll(conditions: readonly Condition[]): Bitmap {
    let set: Bitmap | undefined;
    const others: Condition[] = [];
    for (const part of answered(conditions, this.#fields)) {
      if (part.is !== 'indexed' && !this.#isHelped(part)) {
        others.push(part);
        continue;
      }
      const found = part.is === 'indexed' ? this.#byIndex(part) : this.find(part);
      set = set === undefined ? found : set.intersect(found);
    }
    if (set === undefined) return this.#look(allOf(others));
    if (others.length === 0) return set;
    if (set.size > this.#numbers.size * FEW) return set.intersect(this.#look(allOf(others)));
    const passes = predicateOf(allOf(others));
    const column = this.#numbers.records.of(this.#index.records, this.#numbers);
    const left = set;
    set.each((n) => {
      if (!passes('', column[n]?.metadata)) left.set(n, false);
    });
    return set;
  }

  /** Looks at all records. */
  #look(condition: Condition): Bitmap {
    const passes = predicateOf(condition);
    // No part of the condition is about ids, so documents without metadata all pass, or none does.
    const others = passes('', undefined);
    const column = this.#numbers.records.of(this.#index.records, this.#numbers);
    const set = new Bitmap(this.#numbers.size, others);
    for (let n = 0; n < column.length; n++) {
      const record = column[n];
      if (record !== undefined && passes('', record.metadata) !== others) set.set(n, !others);
    }
    return set;
  }

  #byId(condition: Condition & { readonly is: 'field' }): Bitmap {
    const { ids, size } = this.#numbers;
    const set = new Bitmap(size);
    const { test } = condition;
    const named = test.op === 'eq' ? [test.value] : test.op === 'in' ? test.values : undefined;
    if (named !== undefined) {
      for (const id of named) {
        const n = typeof id === 'string' ? this.#numbers.find(id) : undefined;
        if (n !== undefined) set.set(n, true);
      }
      return set;
    }
    const passes = predicateOf(condition);
    for (let n = 0; n < size; n++) if (passes(ids[n], undefined)) set.set(n, true);
    return set;
  }

  #byIndex({ index, keys: { ranges, check, missing } }: Indexed): Bitmap {
    const set = new Bitmap(this.#numbers.size);
    for (const range of ranges) this.#collect(index, range, set, check);
    if (!missing) return set;
    const present = new Bitmap(this.#numbers.size);
    this.#collect(index, ALL_KEYS, present);
    return set.unite(present.invert(this.#numbers.size));
  }

  #collect(
    { keys }: Indexed['index'],
    range: Range<FieldKey>,
    set: Bitmap,
    check?: Indexed['keys']['check'],
  ): void {
    eachInRange(keys, range, (leaf, from, to) => {
      if (check === undefined) set.addAll(leaf.numbers, from, to);
      else for (let i = from; i < to; i++) if (check(leaf.keys[i])) set.set(leaf.numbers[i], true);
    });
  }
}
