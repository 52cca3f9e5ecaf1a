/*
 * A bucket of the string map: its entries packed in a string, or a branch if they are too many.
 *
 * Document ids may come from attackers, who can choose them so that their hashes collide. A packed string is scanned from
 * its beginning, so one that grows long becomes a crit-bit tree (D. J. Bernstein) over the bits of the hash, then of the key.
 * No choice of keys makes it deeper than a key is long, and it needs no secret: a bucket follows from its entries (I10).
 */
import { hashOf } from './hash.js';
import {
  type Numbers,
  type OpenBucket,
  type Span,
  type TextBucket,
  closed,
  firstKeyOf,
  isBefore,
  opened,
  replaced,
  spanOf,
  valueIn,
} from './text-bucket.js';

/** A bucket of the hash table. */
export type Bucket = TextBucket | Branch;

/** Characters of a string with more than one entry, at most: more than buckets of ordinary ids have, and fast to scan. */
const MOST_CHARACTERS = 2048;

/** A bucket as a tree: its entries differ in a bit, and in none before it. */
export class Branch {
  readonly bit: number;
  /** Entries where the bit is 0, and where it is 1. */
  readonly low: Bucket;
  readonly high: Bucket;
  /** Characters of all strings in it. */
  readonly length: number;

  constructor(bit: number, low: Bucket, high: Bucket) {
    this.bit = bit;
    this.low = low;
    this.high = high;
    this.length = low.length + high.length;
    Object.freeze(this);
  }
}

/** The value of a key with this hash. Time: O(key length). */
export function find(bucket: Bucket, key: string, hash: number): Numbers | undefined {
  return valueIn(textFor(bucket, key, hash), key);
}

/** The bucket with the entry of a key set, or removed if the value is `undefined`. Time: O(key length). */
export function changed(bucket: Bucket, key: string, hash: number, value: Numbers | undefined): Bucket {
  if (typeof bucket === 'string') return changedText(bucket, spanOf(bucket, key), key, value);
  const text = textFor(bucket, key, hash);
  const like = firstKeyOf(text);
  const differs = firstDifference(like, hashOf(like), key, hash);
  const above: Branch[] = [];
  let at: Bucket = bucket;
  while (typeof at !== 'string' && at.bit < differs) {
    above.push(at);
    at = bitOf(key, hash, at.bit) === 0 ? at.low : at.high;
  }
  // The key is in this string if anywhere; or it differs from all entries here in one bit.
  if (typeof at === 'string') at = changedText(at, spanOf(at, key), key, value);
  else if (value !== undefined) {
    const alone = closed([key, value]);
    at = bitOf(key, hash, differs) === 0 ? branch(differs, alone, at) : branch(differs, at, alone);
  }
  for (let parent = above.pop(); parent !== undefined; parent = above.pop()) {
    const { bit, low, high } = parent;
    at = bitOf(key, hash, bit) === 0 ? branch(bit, at, high) : branch(bit, low, at);
  }
  return at;
}

/** As {@link changed}, of a packed bucket in which the span of the key's entry is known. */
export function changedText(text: TextBucket, span: Span, key: string, value: Numbers | undefined): Bucket {
  const next = replaced(text, span, key, value);
  return next.length > MOST_CHARACTERS ? openedUp(opened(next)) : next;
}

/** The entries whose hashes have 0 at a bit, and those with 1; all bits before that are alike. Time: O(1) for a branch. */
export function splitAt(bucket: Bucket, bit: number): [Bucket, Bucket] {
  if (typeof bucket !== 'string') {
    if (bucket.bit === bit) return [bucket.low, bucket.high];
    const key = anyKeyOf(bucket);
    return bitOf(key, hashOf(key), bit) === 0 ? [bucket, ''] : ['', bucket];
  }
  const [low, high]: [OpenBucket, OpenBucket] = [[], []];
  const entries = opened(bucket);
  for (let at = 0; at < entries.length; at += 2) {
    const key = entries[at] as string;
    (bitOf(key, hashOf(key), bit) === 0 ? low : high).push(key, entries[at + 1]);
  }
  return [closed(low), closed(high)];
}

/** Joins two buckets that differ in a bit, and in none before it. */
export function branch(bit: number, low: Bucket, high: Bucket): Bucket {
  if (low === '') return high;
  if (high === '') return low;
  if (low.length + high.length > MOST_CHARACTERS) return new Branch(bit, low, high);
  return closed(inOrder([...entriesOf(low), ...entriesOf(high)]));
}

/** All entries of a bucket, in the order of {@link isBefore}. */
export function ordered(bucket: Bucket): OpenBucket {
  return typeof bucket === 'string' ? opened(bucket) : inOrder(entriesOf(bucket));
}

/** All entries of a bucket, in an order that follows from them alone. */
export function entriesOf(bucket: Bucket): OpenBucket {
  const entries: OpenBucket = [];
  const left = [bucket];
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    if (typeof at !== 'string') left.push(at.high, at.low);
    else for (const part of opened(at)) entries.push(part);
  }
  return entries;
}

/** The side of a branch on which another bucket lies, whose entries differ only behind the branch's bit. */
export function sideOf({ bit }: Branch, other: Bucket): 'low' | 'high' {
  const key = anyKeyOf(other);
  return bitOf(key, hashOf(key), bit) === 0 ? 'low' : 'high';
}

/** Makes a bucket of entries in order. */
function openedUp(entries: OpenBucket): Bucket {
  const text = closed(entries);
  if (entries.length === 2 || text.length <= MOST_CHARACTERS) return text;
  const first = entries[0] as string;
  const hash = hashOf(first);
  let bit = Infinity;
  for (let at = 2; at < entries.length; at += 2) {
    const key = entries[at] as string;
    bit = Math.min(bit, firstDifference(first, hash, key, hashOf(key)));
  }
  const [low, high]: [OpenBucket, OpenBucket] = [[], []];
  for (let at = 0; at < entries.length; at += 2) {
    const key = entries[at] as string;
    (bitOf(key, hashOf(key), bit) === 0 ? low : high).push(key, entries[at + 1]);
  }
  return new Branch(bit, openedUp(low), openedUp(high));
}

function textFor(bucket: Bucket, key: string, hash: number): TextBucket {
  let at = bucket;
  while (typeof at !== 'string') at = bitOf(key, hash, at.bit) === 0 ? at.low : at.high;
  return at;
}

function anyKeyOf(bucket: Bucket): string {
  let at = bucket;
  while (typeof at !== 'string') at = at.low;
  return firstKeyOf(at);
}

/** A bit of a key: of its hash, the lowest first, then of its length and its code units, the highest first. */
function bitOf(key: string, hash: number, bit: number): number {
  if (bit < 32) return (hash >>> bit) & 1;
  if (bit < 64) return (key.length >>> (63 - bit)) & 1;
  return (key.charCodeAt((bit - 64) >>> 4) >>> (15 - (bit & 15))) & 1;
}

/** The first bit in which two keys differ; infinite for equal ones. */
function firstDifference(a: string, hashA: number, b: string, hashB: number): number {
  const hashes = hashA ^ hashB;
  if (hashes !== 0) return 31 - Math.clz32(hashes & -hashes);
  if (a.length !== b.length) return 32 + Math.clz32(a.length ^ b.length);
  for (let i = 0; i < a.length; i++) {
    const units = a.charCodeAt(i) ^ b.charCodeAt(i);
    if (units !== 0) return 64 + 16 * i + Math.clz32(units) - 16;
  }
  return Infinity;
}

function inOrder(entries: OpenBucket): OpenBucket {
  const pairs = Array.from({ length: entries.length / 2 }, (_, i) => entries.slice(2 * i, 2 * i + 2));
  return pairs.sort(([a], [b]) => (isBefore(a as string, b as string) ? -1 : 1)).flat();
}
