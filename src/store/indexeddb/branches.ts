/*
 * The branches of a log in IndexedDB. A branch starts after a version of another one, which has what came before; so reading
 * goes up from a branch to its ancestors, and dropping looks down at the branches that start there.
 */

import { CorruptLogError } from '../errors.js';
import { type BranchSummary, type Forked, type Head, MAIN } from '../log/commit-log.js';
import { allOf, newestOf, notesOf, oldestOf, versionsOf } from './ranges.js';
import type { BranchRow, Reading, Writing } from './schema.js';

/** Finds a branch by its name. */
export async function branchOf(tx: Reading, name: string): Promise<BranchRow | undefined> {
  return tx.objectStore('branch').index('name').get(name);
}

/** The branch that another one starts from. */
export async function parentOf(tx: Reading, { parent }: BranchRow): Promise<BranchRow | undefined> {
  return parent === undefined ? undefined : tx.objectStore('branch').get(parent);
}

/** The newest entry of a branch, or the one that it starts after. */
export async function headOf(tx: Reading, { id, start }: BranchRow): Promise<Head | undefined> {
  return (await newestOf(tx, 'entry', id)) ?? start;
}

/** The branch among one and its ancestors that has a version, and the last one that both have in common. */
export async function holderOf(
  tx: Reading,
  branch: BranchRow,
  version: number,
): Promise<{ readonly branch: BranchRow; readonly last: number }> {
  let holder = branch;
  let last = Infinity;
  while (holder.start !== undefined && version <= holder.start.version) {
    last = holder.start.version;
    const parent = await parentOf(tx, holder);
    if (parent === undefined) throw new CorruptLogError('The log has lost the start of a branch.');
    holder = parent;
  }
  return { branch: holder, last };
}

/** Lists all branches, the main one first. */
export async function listBranches(tx: Reading): Promise<readonly BranchSummary[]> {
  const rows = await tx.objectStore('branch').getAll();
  return Promise.all(
    rows.map(async (row) => ({
      id: String(row.id),
      name: row.name,
      parent: row.parent === undefined ? undefined : String(row.parent),
      start: row.start,
      head: await headOf(tx, row),
    })),
  );
}

/** Adds a branch after a version of another one. */
export async function addBranch(
  tx: Writing,
  from: BranchRow,
  name: string,
  at: Head | undefined,
): Promise<Forked> {
  if ((await branchOf(tx, name)) !== undefined) return 'taken';
  const { branch } = await holderOf(tx, from, at?.version ?? 0);
  if (at !== undefined && !(await isReachable(tx, branch, at))) return 'gone';
  const start = at && { version: at.version, token: at.token };
  await add(tx, { name, settings: branch.settings, parent: branch.id, start, trimmed: 0 });
  return 'made';
}

/** Adds the main branch, unless it is there. */
export async function addMain(tx: Writing, settings: Uint8Array): Promise<void> {
  if ((await branchOf(tx, MAIN)) !== undefined) return;
  await add(tx, { name: MAIN, settings, parent: undefined, start: undefined, trimmed: 0 });
}

/** Adds a row; the database gives it its id. */
async function add(tx: Writing, row: Omit<BranchRow, 'id'>): Promise<void> {
  await tx.objectStore('branch').add(row as BranchRow);
}

/** Whether a version of a branch's own is there, with all that leads to it from the newest checkpoint before it. */
async function isReachable(tx: Reading, branch: BranchRow, { version, token }: Head): Promise<boolean> {
  const base = await baseOf(tx, branch, version);
  const between =
    base < version ? await tx.objectStore('entry').count(versionsOf(branch.id, base + 1, version)) : 0;
  const found =
    (await newestOf(tx, 'entry', branch.id, version, version)) ??
    (await newestOf(tx, 'checkpoint', branch.id, version, version));
  return between === version - base && found?.token === token;
}

/** The version of a branch's own from which another one of it is read: of its newest checkpoint up to there. */
async function baseOf(tx: Reading, { id, start }: BranchRow, version: number): Promise<number> {
  const checkpoint = await newestOf(tx, 'checkpoint', id, 0, version);
  return Math.max(checkpoint?.version ?? 0, start?.version ?? 0);
}

/**
 * Drops a branch: its name and notes, and all that no other branch needs of it, and of others that were dropped before.
 */
export async function dropBranch(tx: Writing, branch: BranchRow): Promise<void> {
  const branches = tx.objectStore('branch');
  await tx.objectStore('note').delete(notesOf(branch.id));
  await branches.put({ ...branch, name: undefined });
  let rows = await branches.getAll();
  for (;;) {
    const isUnneeded = (row: BranchRow): boolean =>
      row.name === undefined && !rows.some(({ parent }) => parent === row.id);
    const gone = rows.find(isUnneeded);
    if (gone === undefined) break;
    await tx.objectStore('entry').delete(versionsOf(gone.id));
    await tx.objectStore('checkpoint').delete(versionsOf(gone.id));
    await branches.delete(gone.id);
    rows = rows.filter((row) => row !== gone);
  }
  for (const row of rows) if (row.name === undefined) await dropUnneeded(tx, row, Infinity, []);
}

/**
 * Drops entries and checkpoints of a branch before a version, but those that lead to versions after which other branches
 * start: the newest checkpoint up to there, and the entries in between.
 */
export async function dropUnneeded(
  tx: Writing,
  branch: BranchRow,
  before: number,
  keep: readonly number[],
): Promise<void> {
  const branches = tx.objectStore('branch');
  const needed: { readonly base: number; readonly last: number }[] = [];
  for (const { parent, start } of await branches.getAll())
    if (parent === branch.id && start !== undefined)
      needed.push({ base: await baseOf(tx, branch, start.version), last: start.version });
  await branches.put({ ...branch, trimmed: Math.max(branch.trimmed, before) });
  let from = 0;
  for (const { base, last } of [...needed.sort((a, b) => a.base - b.base), { base: Infinity, last: 0 }]) {
    const to = Math.min(base, before - 1);
    if (from <= to) await tx.objectStore('entry').delete(versionsOf(branch.id, from, to));
    from = Math.max(from, last + 1);
  }
  for (const { version } of await allOf(tx, 'checkpoint', branch.id))
    if (version < before && !keep.includes(version) && !needed.some(({ base }) => base === version))
      await tx.objectStore('checkpoint').delete([branch.id, version]);
}

/** Drops chunks that no checkpoint of any branch needs. */
export async function dropOrphans(tx: Writing): Promise<void> {
  const chunks = tx.objectStore('chunk');
  const uses = tx.objectStore('checkpoint').index('chunks');
  for (const key of await chunks.getAllKeys())
    if ((await uses.getKey(key)) === undefined) await chunks.delete(key);
}

/**
 * Looks for entries that are missing, or of no branch. Time: O(entries), of which only the keys are read.
 *
 * @throws {@link CorruptLogError}
 */
export async function examine(tx: Reading): Promise<void> {
  const entries = tx.objectStore('entry');
  let strays = await entries.count();
  for (const { id, trimmed } of await tx.objectStore('branch').getAll()) {
    strays -= await entries.count(versionsOf(id));
    // Of what was dropped, only what other branches need is left.
    const count = await entries.count(versionsOf(id, trimmed));
    const oldest = await oldestOf(tx, 'entry', id, trimmed);
    const newest = await newestOf(tx, 'entry', id, trimmed);
    const length = oldest === undefined || newest === undefined ? 0 : newest.version - oldest.version + 1;
    if (count !== length)
      throw new CorruptLogError('The log is damaged: entries are missing. Restore it from a copy.');
  }
  if (strays > 0) throw new CorruptLogError('The log is damaged: entries are of no branch.');
}
