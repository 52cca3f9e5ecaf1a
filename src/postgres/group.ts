/*
 * The statement that appends a group of entries, and its values.
 */

import type { Entry, Head } from '../store/log/commit-log.js';
import { sumOf } from '../store/log/checks.js';
import { piecesOf, stored } from './pieces.js';
import type { Statements } from './statements.js';

/** A group on its way. */
export interface Group {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Names of the pieces that were put for it. */
  readonly uploads: readonly string[];
}

/**
 * Makes the statement; what is large is put before. With a `lock`, a number, the transaction holds it as long as it is open.
 * Time: O(bytes).
 */
export async function groupOf(
  sql: Statements,
  branch: number,
  parent: Head | undefined,
  entries: readonly Entry[],
  putPiece: (upload: string, place: number, piece: Uint8Array) => Promise<unknown>,
  lock?: string,
): Promise<Group> {
  const values: unknown[] = [];
  const uploads: string[] = [];
  let pieces = 0;
  let before = parent?.token;
  for (const { version, token, bytes } of entries) {
    const inRow = await stored(bytes, putPiece);
    if (inRow.upload !== null) uploads.push(inRow.upload);
    pieces += piecesOf(inRow);
    const sum = sumOf(version, token, before, bytes);
    values.push(version, token, before ?? null, sum, inRow.size, inRow.bytes, inRow.upload);
    before = token;
  }
  const ofGroup = [branch, parent?.version ?? 0, parent?.token ?? '', uploads, pieces, lock ?? null];
  return { text: sql.append(entries.length, lock !== undefined), values: [...ofGroup, ...values], uploads };
}
