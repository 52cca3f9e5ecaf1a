// The entries of a bucket packed in a string, and how they are read and changed.

/** The value of a key of a {@link StringMap}: a whole number that is not negative, or several, ascending. */
export type Numbers = number | readonly number[];

/**
 * The entries of a bucket as one string, shorter keys first, keys of one length ascending.
 *
 * An entry is the length of its key, the key, and a number: twice the value, or 1 + twice the number of values that follow.
 * Numbers are LEB128: digits of seven bits, the lowest first, plus 128 in each but the last. So they are characters of one
 * byte, and a string takes two bytes for each only if a key does. An entry takes some 3 bytes beside its key; in an array
 * it would take 16, and 32 for the key.
 */
export type TextBucket = string;

/** The entries of a bucket unpacked: keys in the same order, each followed by its value. */
export type OpenBucket = (string | Numbers)[];

/** What is added to a digit that is not the last one. */
const MORE = 128;

/** Goes through a bucket from entry to entry. */
class Cursor {
  #at = 0;
  readonly #text: TextBucket;

  constructor(text: TextBucket) {
    this.#text = text;
  }

  get at(): number {
    return this.#at;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  number(): number {
    let digit = this.#text.charCodeAt(this.#at++);
    // Negated, so that NaN, beyond the end of the string, ends it.
    if (!(digit >= MORE)) return digit;
    let value = digit - MORE;
    for (let weight = MORE; ; weight *= MORE) {
      digit = this.#text.charCodeAt(this.#at++);
      // Not by shifts: there may be more than 32 bits.
      if (!(digit >= MORE)) return value + weight * digit;
      value += weight * (digit - MORE);
    }
  }

  /** Reads a key of this length. Returns whether it is the given one. */
  isKey(length: number, key: string): boolean {
    const at = this.#at;
    this.#at = at + length;
    return length === key.length && this.#text.startsWith(key, at);
  }

  /** Reads a key as long as the given one, and compares it with that: below 0 if it comes before it. */
  compareKey(key: string): number {
    const at = this.#at;
    this.#at = at + key.length;
    for (let i = 0; i < key.length; i++) {
      const difference = this.#text.charCodeAt(at + i) - key.charCodeAt(i);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  skipKey(length: number): void {
    this.#at += length;
  }

  key(length: number): string {
    return this.#text.slice(this.#at, (this.#at += length));
  }

  value(): Numbers {
    const head = this.number();
    if (head % 2 === 0) return head / 2;
    return Object.freeze(Array.from({ length: (head - 1) / 2 }, () => this.number()));
  }

  skipValue(): void {
    const head = this.number();
    if (head % 2 === 1) for (let left = (head - 1) / 2; left > 0; left--) this.number();
  }
}

/** The value of a key; `undefined` if it is missing. Time: O(entries). */
export function valueIn(text: TextBucket, key: string): Numbers | undefined {
  const cursor = new Cursor(text);
  while (!cursor.atEnd) {
    if (cursor.isKey(cursor.number(), key)) return cursor.value();
    cursor.skipValue();
  }
  return undefined;
}

/** The first key of a bucket that is not empty. */
export function firstKeyOf(text: TextBucket): string {
  const cursor = new Cursor(text);
  return cursor.key(cursor.number());
}

/** The characters [from, to) of a key's entry; if it is missing, both are where it would be. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Finds the entry of a key. Time: O(entries). */
export function spanOf(text: TextBucket, key: string): Span {
  const cursor = new Cursor(text);
  while (!cursor.atEnd) {
    const from = cursor.at;
    const length = cursor.number();
    if (length > key.length) return { from, to: from };
    if (length < key.length) cursor.skipKey(length);
    else {
      const order = cursor.compareKey(key);
      if (order > 0) return { from, to: from };
      cursor.skipValue();
      if (order === 0) return { from, to: cursor.at };
      continue;
    }
    cursor.skipValue();
  }
  return { from: cursor.at, to: cursor.at };
}

/** The bucket with another entry at a span, or none if the value is `undefined`; as a flat string. */
export function replaced(
  text: TextBucket,
  { from, to }: Span,
  key: string,
  value: Numbers | undefined,
): TextBucket {
  return [text.slice(0, from), value === undefined ? '' : entryOf(key, value), text.slice(to)].join('');
}

/** Unpacks a bucket. */
export function opened(text: TextBucket): OpenBucket {
  const bucket: OpenBucket = [];
  const cursor = new Cursor(text);
  while (!cursor.atEnd) bucket.push(cursor.key(cursor.number()), cursor.value());
  return bucket;
}

/** Packs entries, which are in order; as a flat string. */
export function closed(bucket: OpenBucket): TextBucket {
  const entries: string[] = [];
  for (let at = 0; at < bucket.length; at += 2)
    entries.push(entryOf(bucket[at] as string, bucket[at + 1] as Numbers));
  return entries.join('');
}

function entryOf(key: string, value: Numbers): string {
  const head = digits(key.length) + key;
  if (typeof value === 'number') return head + digits(2 * value);
  return head + digits(2 * value.length + 1) + value.map(digits).join('');
}

function digits(value: number): string {
  if (value < MORE) return String.fromCharCode(value);
  return String.fromCharCode(MORE + (value % MORE)) + digits(Math.floor(value / MORE));
}

/** Whether a key comes before another in a bucket. */
export function isBefore(a: string, b: string): boolean {
  return a.length === b.length ? a < b : a.length < b.length;
}

/** Whether two values are equal. */
export function sameNumbers(a: Numbers | undefined, b: Numbers | undefined): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
