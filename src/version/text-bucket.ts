/** What a key of a {@link StringMap} stands for: a whole number that is not negative, or several, ascending. */
export type Numbers = number | readonly number[];

/**
 * The entries of a bucket as one text, ascending by key: for each the length of its key, the key, and a number, which is twice the
 * value, or one more than twice the number of values that follow. Numbers are written in digits of seven bits, the lowest first,
 * and 128 more in each but the last; so a text of such keys as have a byte for each character has a byte for each as well.
 * An entry takes some 3 bytes beside its key, where two places of an array would take 16 and the key as a string of its own 32.
 */
export type TextBucket = string;

/** The same, to be changed: keys, ascending, each followed by what it stands for. */
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

/** The bucket as it can be changed. */
export function opened(text: TextBucket): OpenBucket {
  const bucket: OpenBucket = [];
  const cursor = new Cursor(text);
  while (!cursor.atEnd) bucket.push(cursor.key(cursor.number()), cursor.value());
  return bucket;
}

/** The bucket as a text, in one piece. */
export function closed(bucket: OpenBucket): TextBucket {
  const parts: string[] = [];
  for (let at = 0; at < bucket.length; at += 2) {
    const [key, value] = [bucket[at] as string, bucket[at + 1] as Numbers];
    parts.push(digits(key.length), key);
    if (typeof value === 'number') parts.push(digits(2 * value));
    else {
      parts.push(digits(2 * value.length + 1));
      for (const each of value) parts.push(digits(each));
    }
  }
  return parts.join('');
}

function digits(value: number): string {
  if (value < MORE) return String.fromCharCode(value);
  return String.fromCharCode(MORE + (value % MORE)) + digits(Math.floor(value / MORE));
}

/** Where a key is in an open bucket, or would have to be. */
export function positionIn(bucket: OpenBucket, key: string): number {
  let low = 0;
  let high = bucket.length >>> 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((bucket[2 * middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return 2 * low;
}

/** Whether two values are the same. */
export function sameNumbers(a: Numbers | undefined, b: Numbers | undefined): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
