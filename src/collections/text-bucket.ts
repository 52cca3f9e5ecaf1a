/** What a key of a {@link StringMap} stands for: a whole number that is not negative, or several, ascending. */
export type Numbers = number | readonly number[];

/**
 * The entries of a bucket as one text, shorter keys first and equally long ones ascending. Each is the length of its key, the
 * key, and a number: twice the value, or one more than twice the number of values that follow. Numbers are written in digits
 * of seven bits, the lowest first, with 128 more in each but the last, so that they are characters of a byte: a text takes two
 * bytes for each only where a key does.
 * An entry takes some 3 bytes beside its key, where two places of an array would take 16 and the key as a string of its own 32.
 */
export type TextBucket = string;

/** The same, to be looked at: keys, in that order, each followed by what it stands for. */
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
    // Said this way round, so that beyond the end of a text it ends.
    if (!(digit >= MORE)) return digit;
    let value = digit - MORE;
    for (let weight = MORE; ; weight *= MORE) {
      digit = this.#text.charCodeAt(this.#at++);
      // Not by shifting: there may be more than 32 bits.
      if (!(digit >= MORE)) return value + weight * digit;
      value += weight * (digit - MORE);
    }
  }

  /** Whether a key of this length, which comes next, is the given one; it is passed over. */
  isKey(length: number, key: string): boolean {
    const at = this.#at;
    this.#at = at + length;
    return length === key.length && this.#text.startsWith(key, at);
  }

  /**
   * Compares the key that comes next, which is as long as the given one, with that: less than 0 where it comes before it.
   * It is passed over.
   */
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

/** What a key stands for; `undefined` where it is not there. Time: O(entries). */
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

/** Where the entry of a key is in a bucket, from its first place to the one after its last; both the same where it would be. */
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

/** The bucket with another entry of a key in its span, or none where the value is `undefined`; in one piece. */
export function replaced(
  text: TextBucket,
  { from, to }: Span,
  key: string,
  value: Numbers | undefined,
): TextBucket {
  return [text.slice(0, from), value === undefined ? '' : entryOf(key, value), text.slice(to)].join('');
}

/** What is in a bucket. */
export function opened(text: TextBucket): OpenBucket {
  const bucket: OpenBucket = [];
  const cursor = new Cursor(text);
  while (!cursor.atEnd) bucket.push(cursor.key(cursor.number()), cursor.value());
  return bucket;
}

/** The bucket of some entries, which are in order; in one piece. */
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

/** The order of keys in a bucket. */
export function isBefore(a: string, b: string): boolean {
  return a.length === b.length ? a < b : a.length < b.length;
}

/** Whether two values are the same. */
export function sameNumbers(a: Numbers | undefined, b: Numbers | undefined): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
