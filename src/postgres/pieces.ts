/*
 * Bytes in pieces: what is larger than a piece is put piece by piece, under a name of its own, before the row that needs it,
 * so that no message is large and no row is seen without its bytes.
 */

import { CorruptLogError } from '../store/errors.js';

/** Bytes of a piece, at most; less than that goes into the row itself. */
export const PIECE_BYTES = 2 << 20;

/** Bytes as a row has them. */
export interface Stored {
  readonly size: number;
  /** `null` where they are in pieces. */
  readonly bytes: Uint8Array | null;
  /** The name of the pieces. */
  readonly upload: string | null;
}

/** Puts what does not go into a row. Time: O(bytes); one piece is on its way at a time. */
export async function stored(
  bytes: Uint8Array,
  put: (upload: string, place: number, piece: Uint8Array) => Promise<unknown>,
): Promise<Stored> {
  const size = bytes.length;
  if (size <= PIECE_BYTES) return { size, bytes, upload: null };
  const upload = crypto.randomUUID();
  for (let place = 0; place * PIECE_BYTES < size; place++)
    await put(upload, place, bytes.subarray(place * PIECE_BYTES, (place + 1) * PIECE_BYTES));
  return { size, bytes: null, upload };
}

/** Pieces of so many bytes. */
export function piecesOf({ size, upload }: Stored): number {
  return upload === null ? 0 : Math.ceil(size / PIECE_BYTES);
}

/**
 * Gets the bytes of a row; `undefined` where a piece is gone.
 *
 * @throws {@link CorruptLogError} where there are more bytes, or fewer, than the row says.
 */
export async function restored(
  { size, bytes, upload }: Stored,
  get: (upload: string, place: number) => Promise<Uint8Array | undefined>,
): Promise<Uint8Array | undefined> {
  if (upload === null) return bytes ?? new Uint8Array();
  const whole = new Uint8Array(size);
  let at = 0;
  for (let place = 0; at < size; place++) {
    const piece = await get(upload, place);
    if (piece === undefined) return undefined;
    if (piece.length === 0 || at + piece.length > size)
      throw new CorruptLogError(`A piece of the log has ${piece.length} bytes where others were put.`);
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
