// Lists entries of a branch and of those that it started from, without their changes.
import { type EntrySummary, SUMMARY_BYTES } from '../log/commit-log.js';
import { type Branch, parentOf, startOf } from './branches.js';
import type { Connection, Row } from './connection.js';
import { DROPPED, LAST_VERSION, positionOf, versionAt } from './schema.js';

/** Up to `limit` entries before a version, newest first. */
export function entriesBefore(
  db: Connection,
  of: Branch | undefined,
  before: number,
  limit: number,
): EntrySummary[] {
  const list: EntrySummary[] = [];
  let end = Math.min(before, LAST_VERSION + 1);
  for (let branch = of; branch !== undefined && list.length < limit; branch = parentOf(db, branch)) {
    const start = startOf(branch)?.version ?? 0;
    // Where the changes were dropped, all that is left is what is known of the commit.
    const rows = db.all(
      `SELECT position, token, parent, length(bytes) AS size,
        substr(bytes, 1, CASE sum WHEN ? THEN length(bytes) ELSE ${SUMMARY_BYTES} END) AS start
        FROM entry WHERE position > ? AND position < ? ORDER BY position DESC LIMIT ?`,
      DROPPED,
      positionOf(branch.id, start),
      positionOf(branch.id, end),
      limit - list.length,
    );
    for (const row of rows) list.push(summaryOf(row));
    end = Math.min(end, start + 1);
  }
  return list;
}

function summaryOf({ position, token, parent, size, start }: Row): EntrySummary {
  return {
    version: versionAt(position as number),
    token: token as string,
    parent: (parent as string | null) ?? undefined,
    byteLength: size as number,
    // Drivers turn no bytes at all into NULL.
    start: (start as Uint8Array | null) ?? new Uint8Array(),
  };
}
