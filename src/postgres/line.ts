/*
 * The line of a branch: itself, the branch that it starts from, and so on up to the first one. Each has the versions after
 * its own start, up to where the one before it in the line starts. It never changes, so it is read once.
 */

import type { EntrySummary, Head } from '../store/log/commit-log.js';
import type { Row } from './pool.js';

/** A branch in a line. */
export interface LineBranch {
  readonly id: number;
  /** The version that it starts after, with the token of that; version 0 has none. */
  readonly start: Head;
  /** The last of its versions that belong to the line. */
  readonly top: number;
}

/** Reads a line from the rows that have it, the branch itself first. */
export function lineOf(rows: readonly Row[]): readonly LineBranch[] {
  let top = Number.MAX_SAFE_INTEGER;
  return rows.map((row) => {
    const branch = {
      id: row.id as number,
      start: { version: row.start as number, token: row.token as string },
      top,
    };
    top = Math.min(top, branch.start.version);
    return branch;
  });
}

/** The branch of a line that has a version; the first one has version 0. */
export function holderIn(line: readonly LineBranch[], version: number): LineBranch | undefined {
  return line.find(({ start }) => version > start.version) ?? line.at(-1);
}

/** A head as callers know it: of version 0 there is none. */
export function headFrom(version: unknown, token: unknown): Head | undefined {
  return typeof version === 'number' && version > 0 ? { version, token: String(token) } : undefined;
}

/** What a list says of an entry. */
export function summaryOf({ version, token, parent, size, start }: Row): EntrySummary {
  return {
    version: version as number,
    token: token as string,
    parent: (parent as string | null) ?? undefined,
    byteLength: size as number,
    start: start as Uint8Array,
  };
}
