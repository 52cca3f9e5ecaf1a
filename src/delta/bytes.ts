/*
 * Writes and reads the bytes of a delta: LEB128 numbers and texts. Own code, because it must be strict: deltas come from
 * files and other machines, and numbers out of range and lengths beyond the end must be refused.
 */

import { InvalidDeltaError } from '../errors.js';

/** Longest text whose length fits a single byte, in code units. */
const MAX_SHORT_TEXT = 63;

/** A growing buffer to write to. Numbers are LEB128: seven bits a byte, the lowest first. */
export class ByteWriter {
  #bytes = new Uint8Array(256);
  #length = 0;
  readonly #utf8 = new TextEncoder();

  /** Writes a whole number from 0 to `Number.MAX_SAFE_INTEGER`. */
  number(value: number): void {
    this.#reserve(8);
    if (value < 0x80) {
      this.#bytes[this.#length++] = value;
      return;
    }
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
    this.#bytes[this.#length++] = rest;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Writes a text as UTF-8 or, if it has lone surrogates, as UTF-16; the lowest bit of the length says which. */
  text(text: string): void {
    if (text.length <= MAX_SHORT_TEXT && this.#short(text)) return;
    if (!/\p{Surrogate}/u.test(text)) {
      const bytes = this.#utf8.encode(text);
      this.number(2 * bytes.length);
      this.raw(bytes);
      return;
    }
    this.number(4 * text.length + 1);
    for (let i = 0; i < text.length; i++) {
      this.#reserve(2);
      this.#bytes[this.#length++] = text.charCodeAt(i) & 0xff;
      this.#bytes[this.#length++] = text.charCodeAt(i) >>> 8;
    }
  }

  /** Writes a short ASCII text, as most ids are; calling the encoder for each would dominate the time. */
  #short(text: string): boolean {
    this.#reserve(1 + text.length);
    const bytes = this.#bytes;
    const at = this.#length + 1;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) return false;
      bytes[at + i] = code;
    }
    bytes[this.#length] = 2 * text.length;
    this.#length = at + text.length;
    return true;
  }

  /** The written bytes, padded with zeros to a multiple of four. */
  padded(): Uint8Array {
    this.#reserve(4);
    const length = (this.#length + 3) & ~3;
    this.#bytes.fill(0, this.#length, length);
    return this.#bytes.subarray(0, length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const longer = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + count));
    longer.set(this.#bytes);
    this.#bytes = longer;
  }
}

/** Reads the bytes of a {@link ByteWriter}; others are an `InvalidDeltaError`. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  /** The codes of a short text, by its length: an array for each text would be most of the garbage of reading ids. */
  readonly #codes: (number[] | undefined)[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Where it goes on reading; to go back to a place is to read from there again. */
  get place(): number {
    return this.#at;
  }

  set place(place: number) {
    this.#at = place;
  }

  /** Reads a whole number of at most `most`. */
  number(most: number, what: string): number {
    const bytes = this.#bytes;
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      if (this.#at >= bytes.length || factor > 2 ** 49) throw damaged(`it breaks off in ${what}`);
      const byte = bytes[this.#at++];
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
    }
    if (value > most) throw damaged(`${what} is out of range`);
    return value;
  }

  /** Reads a count of items. Each takes at least a byte, so it cannot exceed the bytes that are left. */
  count(what: string): number {
    return this.number(this.#bytes.length - this.#at, `the number of ${what}`);
  }

  raw(length: number, what: string): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw damaged(`it breaks off in ${what}`);
    return this.#bytes.slice(this.#at, (this.#at += length));
  }

  text(what: string): string {
    const length = this.number(2 ** 32, what);
    if ((length & 1) === 0 && length <= 2 * MAX_SHORT_TEXT) {
      const short = this.#short(length >>> 1);
      if (short !== undefined) return short;
    }
    const bytes = this.raw(length >>> 1, what);
    if ((length & 1) === 0) {
      try {
        return this.#utf8.decode(bytes);
      } catch {
        throw damaged(`${what} is no text`);
      }
    }
    if (bytes.length % 2 !== 0) throw damaged(`${what} is no text`);
    const parts: string[] = [];
    for (let i = 0; i < bytes.length; i += 2) parts.push(String.fromCharCode(bytes[i] | (bytes[i + 1] << 8)));
    return parts.join('');
  }

  /** Goes past a text, which has to be one, without making it where that is short and ASCII. */
  skipText(what: string): void {
    const place = this.#at;
    const length = this.number(2 ** 32, what);
    if ((length & 1) === 0 && length <= 2 * MAX_SHORT_TEXT && this.#isAscii(length >>> 1)) {
      this.#at += length >>> 1;
      return;
    }
    this.#at = place;
    this.text(what);
  }

  /** Reads a short ASCII text; `undefined` if it is not ASCII. */
  #short(length: number): string | undefined {
    if (!this.#isAscii(length)) return undefined;
    const codes = (this.#codes[length] ??= Array.from({ length }, () => 0));
    for (let i = 0; i < length; i++) codes[i] = this.#bytes[this.#at + i];
    this.#at += length;
    return String.fromCharCode.apply(undefined, codes);
  }

  /** Whether so many bytes are there, and each of them is an ASCII character. */
  #isAscii(length: number): boolean {
    const bytes = this.#bytes;
    const end = this.#at + length;
    if (end > bytes.length) return false;
    for (let i = this.#at; i < end; i++) if (bytes[i] >= 0x80) return false;
    return true;
  }

  /** Checks that only padding follows. */
  end(): void {
    const rest = this.#bytes.subarray(this.#at);
    if (rest.length > 3 || rest.some((byte) => byte !== 0)) throw damaged('more follows than belongs to it');
  }
}

export function damaged(what: string): InvalidDeltaError {
  return new InvalidDeltaError(
    `These bytes are not a delta that can be used: ${what}. Get them again, or make the delta again with diff().`,
  );
}
