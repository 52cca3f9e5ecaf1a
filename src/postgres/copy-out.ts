/*
 * Rows with bytes, read by COPY in its binary format. `pg` makes a text of whatever a plain query answers, which doubles
 * bytes on the line and, asked for binary, spoils them; what COPY sends it hands over as it came.
 */

import { CorruptLogError } from '../store/errors.js';
import type { Row } from './pool.js';

/** What a column holds. */
export type Column = 'integer' | 'text' | 'bytes';

/** A row of columns. */
type Columns = Readonly<Record<string, Column>>;

/** Bytes before the first row, if there is no extension: a signature of 11, flags, and the length of the extension. */
const SIGNATURE = 11;
const HEADER = SIGNATURE + 8;
const UTF8 = new TextDecoder();

type Done = (error: unknown, rows?: readonly Row[]) => void;

/**
 * A statement for `pg` to submit, which calls it back. Its pool sets `callback`, and so gets the rows, unless the answer takes
 * longer than `query_timeout`.
 */
export class CopyOut {
  callback: Done | undefined;
  readonly text: string;
  readonly query_timeout: number;
  readonly #columns: Columns;
  readonly #pieces: Uint8Array[] = [];

  /** `query` must name the columns in this order, and have no parameters. */
  constructor(query: string, columns: Columns, timeoutMs: number) {
    this.text = `COPY (${query}) TO STDOUT (FORMAT binary)`;
    this.#columns = columns;
    this.query_timeout = timeoutMs;
  }

  submit(connection: { query(text: string): void }): void {
    connection.query(this.text);
  }

  handleCopyData({ chunk }: { readonly chunk: Uint8Array }): void {
    // The connection uses its memory again.
    this.#pieces.push(Uint8Array.from(chunk));
  }

  handleReadyForQuery(): void {
    let rows: readonly Row[];
    try {
      rows = decodeRows(joined(this.#pieces), this.#columns);
    } catch (error) {
      this.callback?.(error);
      return;
    }
    this.callback?.(undefined, rows);
  }

  handleError(error: unknown): void {
    this.callback?.(error);
  }

  handleCommandComplete(): void {
    // Ready for the next one: see there.
  }

  handleEmptyQuery(): void {
    // Never empty.
  }

  handleRowDescription(): void {
    // COPY sends none.
  }

  handleDataRow(): void {
    // COPY sends none.
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0];
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Decodes what COPY sent: for each row the number of its columns, and each with its length; -1 is the end, or a null. */
function decodeRows(bytes: Uint8Array, columns: Columns): Row[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const named = Object.entries(columns);
  const rows: Row[] = [];
  try {
    let at = HEADER + view.getUint32(SIGNATURE + 4);
    for (;;) {
      const count = view.getInt16(at);
      at += 2;
      if (count === -1 && at === bytes.length) return rows;
      if (count !== named.length) break;
      const row: Record<string, unknown> = {};
      for (const [name, column] of named) {
        const length = view.getInt32(at);
        at += 4;
        const end = at + Math.max(length, 0);
        row[name] = length < 0 ? null : decoded(bytes.subarray(at, end), column);
        at = end;
      }
      rows.push(row);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new CorruptLogError('What the database sent is cut off, or is not what was asked for.');
}

function decoded(value: Uint8Array, column: Column): unknown {
  if (column === 'text') return UTF8.decode(value);
  // A copy, as a view would keep all of the answer, and may lie anywhere.
  if (column === 'bytes') return value.slice();
  return Number(new DataView(value.buffer, value.byteOffset, value.byteLength).getBigInt64(0));
}
