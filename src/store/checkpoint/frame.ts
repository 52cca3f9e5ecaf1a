/*
 * The frame around each part of a checkpoint: eight words in front, with what it is and a checksum over all the rest. Other
 * kinds of parts can come later; one that is not known is refused.
 */

import { because } from '../../checks/given.js';
import { InvalidDeltaError } from '../../errors.js';
import { ByteReader } from '../../delta/bytes.js';
import { checksumOf } from '../../delta/checksum.js';
import { CorruptLogError, LogFormatError } from '../errors.js';

/** The bytes "SHXC". */
const MAGIC = 0x43_58_48_53;
/** The format that is written; the one before, in which no sample was waiting to be looked for, is read, too. */
const FORMAT = 2;
const OLDEST = 1;
/** Words of the frame. */
export const FRAME = 8;
const CHECKSUM = 5;

/** What a part of a checkpoint is. */
export const KINDS = Object.freeze({ manifest: 1, rows: 2, records: 3 });

/** Two numbers that the kind gives a meaning to. */
export type Counts = readonly [number, number];

/** Fills in the frame of words whose rest is written. Time: O(words). */
export function framed(words: Uint32Array, kind: number, [a, b]: Counts): Uint8Array<ArrayBuffer> {
  words.set([MAGIC, FORMAT, kind, a, b, 0, 0, 0]);
  words.set(checksumOf(words, CHECKSUM), CHECKSUM);
  return new Uint8Array(words.buffer as ArrayBuffer, words.byteOffset, words.byteLength);
}

/** The words of a part, aligned to eight bytes, and its counts. */
export interface Unframed {
  readonly words: Uint32Array;
  readonly counts: Counts;
}

/**
 * Checks a frame. Copies bytes that are not aligned.
 *
 * @throws {@link CorruptLogError}, {@link LogFormatError}
 */
export function unframed(bytes: Uint8Array, kind: number, what: string): Unframed {
  if (bytes.length < 4 * FRAME || bytes.length % 4 !== 0) throw damaged(what, 'it is cut off');
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, bytes.length / 4);
  const [magic, format, found, a, b, sumA, sumB, rest] = words;
  if (magic !== MAGIC) throw damaged(what, 'it does not begin as one');
  const sum = checksumOf(words, CHECKSUM);
  if (sumA !== sum[0] || sumB !== sum[1] || rest !== 0) throw damaged(what, 'its checksum is wrong');
  if (format < OLDEST || format > FORMAT || found !== kind)
    throw new LogFormatError(
      `The log's ${what} has format ${format} and kind ${found}; this version of the library reads formats ${OLDEST} and ${FORMAT} and expects kind ${kind}. Use the one that wrote it.`,
    );
  return { words, counts: [a, b] };
}

/** Reads what lies behind the frame, from a word on; what is not as it should be is damage of the log. */
export function readRest<T>(
  { words }: Unframed,
  from: number,
  what: string,
  read: (reader: ByteReader) => T,
): T {
  const reader = new ByteReader(
    new Uint8Array(words.buffer, words.byteOffset + 4 * from, 4 * (words.length - from)),
  );
  try {
    const result = read(reader);
    reader.end();
    return result;
  } catch (error) {
    if (error instanceof InvalidDeltaError) throw because(damaged(what, 'it contradicts itself'), error);
    throw error;
  }
}

export function damaged(what: string, why: string): CorruptLogError {
  return new CorruptLogError(`The log's ${what} is damaged: ${why}. Restore the log from a copy.`);
}
