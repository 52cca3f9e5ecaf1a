/*
 * The branches of a log in SQLite. A branch starts after a version of another one, which has what came before; so reading
 * goes up from a branch to its ancestors, and dropping looks down at the branches that start there.
 */

import type { BranchSummary, Forked, Head } from '../log/commit-log.js';
import type { Connection } from './connection.js';
import { EngineFailure } from './failure.js';
import { LAST_BRANCH, VERSIONS, branchAt, positionOf, versionAt } from './schema.js';

/** In front of the names of branches that were dropped and are still needed; no caller's name has it. */
const DROPPED = '\u007f';

/** A row of the table. */
export interface Branch {
  readonly id: number;
  /** The key of the version that it starts after; that of version 0 of its parent where it starts empty. */
  readonly start: number | undefined;
  readonly token: string | undefined;
  /** Entries before this version were dropped, but those that branches need which start there. */
  readonly trimmed: number;
  readonly settings: Uint8Array;
}

/** Finds a branch by its name. */
export function branchOf(db: Connection, name: string): Branch | undefined {
  return found(db.get('SELECT id, start, token, trimmed, settings FROM branch WHERE name = ?', name));
}

function branchWith(db: Connection, id: number): Branch | undefined {
  return found(db.get('SELECT id, start, token, trimmed, settings FROM branch WHERE id = ?', id));
}

function found(row: Readonly<Record<string, unknown>> | undefined): Branch | undefined {
  if (row === undefined) return undefined;
  const { id, start, token, trimmed, settings } = row;
  return {
    id: id as number,
    start: (start as number | null) ?? undefined,
    token: (token as string | null) ?? undefined,
    trimmed: trimmed as number,
    settings: settings as Uint8Array,
  };
}

/** The version that a branch starts after; `undefined` where that is none. */
export function startOf({ start, token }: Branch): Head | undefined {
  return start === undefined || token === undefined ? undefined : { version: versionAt(start), token };
}

/** The branch that another one starts from. */
export function parentOf(db: Connection, { start }: Branch): Branch | undefined {
  return start === undefined ? undefined : branchWith(db, branchAt(start));
}

/** The newest entry of a branch, or the one that it starts after. */
export function headOf(db: Connection, branch: Branch): Head | undefined {
  const { id } = branch;
  const row = db.get(
    'SELECT position, token FROM entry WHERE position > ? AND position < ? ORDER BY position DESC LIMIT 1',
    positionOf(id, 0),
    positionOf(id + 1, 0),
  );
  if (row === undefined) return startOf(branch);
  return { version: versionAt(row.position as number), token: row.token as string };
}

/** The branch among one and its ancestors that has a version, and the last one that both have in common. */
export function holderOf(
  db: Connection,
  branch: Branch,
  version: number,
): { readonly branch: Branch; readonly last: number } {
  let holder = branch;
  let last = Infinity;
  for (;;) {
    const start = startOf(holder);
    if (start === undefined || version > start.version) return { branch: holder, last };
    const parent = parentOf(db, holder);
    if (parent === undefined)
      throw new EngineFailure({ kind: 'corrupt', message: 'The log has lost the start of a branch.' });
    holder = parent;
    last = start.version;
  }
}

/** Lists all branches, the main one first. */
export function listBranches(db: Connection): readonly BranchSummary[] {
  return db.all('SELECT id, name FROM branch ORDER BY id').flatMap(({ id, name }) => {
    const branch = branchWith(db, id as number);
    if (branch === undefined) return [];
    const { start } = branch;
    return {
      id: String(id),
      name: (name as string).startsWith(DROPPED) ? undefined : (name as string),
      parent: start === undefined ? undefined : String(branchAt(start)),
      start: startOf(branch),
      head: headOf(db, branch),
    };
  });
}

/** Adds a branch after a version of another one, within a transaction. */
export function addBranch(db: Connection, from: Branch, name: string, at: Head | undefined): Forked {
  if (branchOf(db, name) !== undefined) return 'taken';
  const { branch } = holderOf(db, from, at?.version ?? 0);
  if (at !== undefined && !isReachable(db, branch, at)) return 'gone';
  const row = db.get('SELECT min(id) + 1 AS id FROM branch WHERE id + 1 NOT IN (SELECT id FROM branch)') as {
    readonly id: number;
  };
  if (row.id > LAST_BRANCH)
    throw new EngineFailure({
      kind: 'failed',
      message: `The log has ${LAST_BRANCH} branches, and no room for more. Drop some.`,
    });
  db.run(
    'INSERT INTO branch (id, name, settings, start, token) SELECT ?, ?, settings, ?, ? FROM branch WHERE id = ?',
    row.id,
    name,
    positionOf(branch.id, at?.version ?? 0),
    at?.token ?? null,
    branch.id,
  );
  return 'made';
}

/** Whether a version of a branch's own is there, with all that leads to it from the newest checkpoint before it. */
function isReachable(db: Connection, branch: Branch, { version, token }: Head): boolean {
  const [first, at] = [positionOf(branch.id, 0), positionOf(branch.id, version)];
  const newest = db.get(
    'SELECT max(position) AS position FROM checkpoint WHERE position BETWEEN ? AND ?',
    first,
    at,
  )?.position as number | null | undefined;
  const base = Math.max(newest ?? first, first + (startOf(branch)?.version ?? 0));
  const { count } = db.get(
    'SELECT count(*) AS count FROM entry WHERE position > ? AND position <= ?',
    base,
    at,
  ) as { readonly count: number };
  const isThere =
    db.get('SELECT 1 FROM entry WHERE position = ? AND token = ?', at, token) ??
    db.get('SELECT 1 FROM checkpoint WHERE position = ? AND token = ?', at, token);
  return count === at - base && isThere !== undefined;
}

/** Gives up the name and the notes of a branch, within a transaction; `dropUnneeded` and `forgetBranches` do the rest. */
export function unname(db: Connection, { id }: Branch): void {
  db.run('DELETE FROM note WHERE branch = ?', id);
  db.run(`UPDATE branch SET name = ? WHERE id = ?`, `${DROPPED}${id}`, id);
}

/** The branches that were dropped. */
export function droppedBranches(db: Connection): readonly Branch[] {
  const rows = db.all('SELECT id FROM branch WHERE name >= ? AND name < ?', DROPPED, '\u0080');
  return rows.flatMap(({ id }) => branchWith(db, id as number) ?? []);
}

/** Forgets dropped branches that have nothing left and that none starts from. Returns whether there was one. */
export function forgetBranches(db: Connection): boolean {
  const { changes } = db.run(
    `DELETE FROM branch WHERE name >= ? AND name < ?
      AND NOT EXISTS (SELECT 1 FROM branch AS other WHERE other.start / ${VERSIONS} = branch.id)
      AND NOT EXISTS (SELECT 1 FROM entry WHERE position / ${VERSIONS} = branch.id)
      AND NOT EXISTS (SELECT 1 FROM checkpoint WHERE position / ${VERSIONS} = branch.id)`,
    DROPPED,
    '\u0080',
  );
  return Number(changes) > 0;
}

/**
 * Drops entries and checkpoints of a branch before a version, at most so many at once, but those that lead to versions after
 * which other branches start: the newest checkpoint up to there, and the entries in between. Returns whether it found some.
 */
export function dropUnneeded(
  db: Connection,
  { id }: Branch,
  before: number,
  keep: readonly number[],
  most: number,
): boolean {
  const [first, end] = [positionOf(id, 0), positionOf(id, before)];
  db.run('UPDATE branch SET trimmed = max(trimmed, ?) WHERE id = ?', before, id);
  // Of the branches that start from this one: what the version is read from that they start after.
  const base = '(SELECT max(position) FROM checkpoint WHERE position BETWEEN ? AND branch.start)';
  const { changes } = db.run(
    `DELETE FROM entry WHERE position IN (
      SELECT position FROM entry WHERE position >= ? AND position < ? AND NOT EXISTS (
        SELECT 1 FROM branch WHERE start / ${VERSIONS} = ? AND start >= entry.position
          AND entry.position > coalesce(${base}, 0)
      ) ORDER BY position LIMIT ?)`,
    ...[first, end, id, first, most],
  );
  if (Number(changes) > 0) return true;
  const kept = keep.map((version) => positionOf(id, version));
  const needed = db
    .all(`SELECT ${base} AS position FROM branch WHERE start / ${VERSIONS} = ?`, first, id)
    .map(({ position }) => position as number | null);
  const old = db
    .all('SELECT position FROM checkpoint WHERE position >= ? AND position < ?', first, end)
    .map(({ position }) => position as number)
    .filter((position) => !kept.includes(position) && !needed.includes(position));
  for (const position of old) db.run('DELETE FROM checkpoint WHERE position = ?', position);
  return old.length > 0;
}
