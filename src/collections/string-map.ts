// A persistent map from strings to lists of numbers by linear hashing: the documents map of a version is one.
import { List } from 'immutable';
import { type Steps, runSteps } from './steps.js';
import { type Bucket, branch, changed, changedText, entriesOf, find, splitAt } from './bucket.js';
import { hashOf } from './hash.js';
import { type Numbers, spanOf } from './text-bucket.js';

/**
 * Entries of a bucket on average, at most.
 *
 * A bucket that is next to be split has about twice as many as one that was. More entries take less memory each, but
 * finding and changing one takes longer.
 */
const LOAD = 10;

/** Buckets put back in one step: about a tenth of a millisecond. */
const BUCKETS_PER_STEP = 128;

/** The buckets of a map. */
export let bucketsOf: (map: StringMap) => List<Bucket>;
let made: (size: number, buckets: List<Bucket>) => StringMap;

/**
 * An immutable map of strings to numbers.
 *
 * An entry takes about 6 bytes beside its key; in a `Map` of Immutable.js it takes some 130, because that shares single
 * entries rather than buckets. It is a hash table by linear hashing (Litwin, VLDB 1980) over an Immutable.js `List`: the
 * number of buckets grows by one at a time, so a change copies a bucket or two and the path to them, never the table. The
 * buckets follow from the entries alone, not from the order of changes (I10).
 */
export class StringMap {
  /** How many entries it has. */
  readonly size: number;
  readonly #buckets: List<Bucket>;

  static {
    bucketsOf = (map) => map.#buckets;
    made = (size, buckets) => new StringMap(size, buckets);
  }

  private constructor(size: number, buckets: List<Bucket>) {
    this.size = size;
    this.#buckets = buckets;
    Object.freeze(this);
  }

  static empty(): StringMap {
    return new StringMap(0, List());
  }

  /** Time: O(key length + log size). */
  get(key: string): Numbers | undefined {
    const hash = hashOf(key);
    const bucket = this.#buckets.get(bucketIndexOf(hash, this.#buckets.size));
    return bucket === undefined ? undefined : find(bucket, key, hash);
  }

  /** All keys, in an order that depends on nothing but the entries. */
  *keys(): IterableIterator<string> {
    for (const bucket of this.#buckets) {
      const entries = entriesOf(bucket);
      for (let at = 0; at < entries.length; at += 2) yield entries[at] as string;
    }
  }
}

/** A map in the making: it keeps the buckets that it has changed; the map that it started from stays as it is. */
export class StringMapDraft {
  #base: StringMap;
  #size: number;
  #bucketCount: number;
  readonly #own = new Map<number, Bucket>();

  constructor(base: StringMap) {
    this.#base = base;
    this.#size = base.size;
    this.#bucketCount = bucketsOf(base).size;
  }

  get(key: string): Numbers | undefined {
    const hash = hashOf(key);
    return find(this.#bucket(bucketIndexOf(hash, this.#bucketCount)), key, hash);
  }

  /** Sets an entry, or removes it if the value is `undefined`. Time: as {@link StringMap.get}. */
  set(key: string, value: Numbers | undefined): void {
    // There must be a bucket to look at before the first entry.
    if (this.#bucketCount === 0) this.#own.set(this.#bucketCount++, '');
    const hash = hashOf(key);
    const index = bucketIndexOf(hash, this.#bucketCount);
    const bucket = this.#bucket(index);
    const span = typeof bucket === 'string' ? spanOf(bucket, key) : undefined;
    const isThere = span === undefined ? find(bucket, key, hash) !== undefined : span.to > span.from;
    if (isThere || value !== undefined) {
      const isText = typeof bucket === 'string' && span !== undefined;
      this.#own.set(
        index,
        isText ? changedText(bucket, span, key, value) : changed(bucket, key, hash, value),
      );
    }
    this.#size += Number(value !== undefined) - Number(isThere);
    const wanted = Math.ceil(this.#size / LOAD);
    while (this.#bucketCount < wanted) this.#split();
    while (this.#bucketCount > wanted) this.#merge();
  }

  /** The map so far, the same one if nothing was set. The draft can go on from there. */
  finish(): StringMap {
    return runSteps(this.finishing());
  }

  /** As {@link finish}, with pauses in which nothing may be set. */
  *finishing(): Steps<StringMap> {
    if (this.#own.size === 0) return this.#base;
    const base = bucketsOf(this.#base);
    // Nodes made by mutation keep a token of it, so the usual one bucket takes less without.
    const mutable = this.#own.size === 1 ? base : base.asMutable();
    let buckets = mutable.size === this.#bucketCount ? mutable : mutable.setSize(this.#bucketCount);
    let pause = BUCKETS_PER_STEP;
    for (const [index, bucket] of this.#own) {
      if (index < this.#bucketCount) buckets = buckets.set(index, bucket);
      if (--pause > 0) continue;
      yield;
      pause = BUCKETS_PER_STEP;
    }
    this.#own.clear();
    return (this.#base = made(this.#size, buckets.asImmutable()));
  }

  #bucket(index: number): Bucket {
    return this.#own.get(index) ?? bucketsOf(this.#base).get(index) ?? '';
  }

  /** Adds a bucket, and moves to it what belongs there now. */
  #split(): void {
    const index = this.#bucketCount++;
    this.#own.set(index, '');
    if (index === 0) return;
    const parent = parentOf(index);
    const [kept, moved] = splitAt(this.#bucket(parent), topBitOf(index));
    this.#own.set(parent, kept);
    this.#own.set(index, moved);
  }

  /** Takes the last bucket away; what was in it goes to the one that it was split from. */
  #merge(): void {
    const index = --this.#bucketCount;
    const gone = this.#bucket(index);
    // It stays among the changed ones, which is what tells that there was a change.
    this.#own.set(index, '');
    if (index === 0) return;
    const parent = parentOf(index);
    this.#own.set(parent, branch(topBitOf(index), this.#bucket(parent), gone));
  }
}

/** The bucket of a hash in a table of `count` buckets: as many low bits of it as name one that is there. */
function bucketIndexOf(hash: number, count: number): number {
  if (count < 2) return 0;
  const bits = 32 - Math.clz32(count - 1);
  const index = hash & (2 ** bits - 1);
  return index < count ? index : index & (2 ** (bits - 1) - 1);
}

/** The bucket that another one, not the first, was split from. */
function parentOf(index: number): number {
  return index - 2 ** topBitOf(index);
}

/** The bit by which a bucket, not the first, differs from the one that it was split from. */
function topBitOf(index: number): number {
  return 31 - Math.clz32(index);
}
