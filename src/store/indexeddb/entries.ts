/*
 * Reads the entries and checkpoints of a branch, its own and those of its ancestors.
 */

import { checkStored } from '../log/checks.js';
import { CorruptLogError, TrimmedError } from '../errors.js';
import {
  type Checkpoint,
  type EntrySummary,
  type Head,
  type LoggedEntry,
  SUMMARY_BYTES,
} from '../log/commit-log.js';
import { holderOf, parentOf } from './branches.js';
import { newestOf, versionsOf } from './ranges.js';
import type { BranchRow, Reading } from './schema.js';

/** Entries of a batch at most, however small they are. */
const MOST_ENTRIES = 1000;

/**
 * The entries after a version, dense, up to so many bytes but one at least; none at the end.
 *
 * @throws {@link TrimmedError}, {@link CorruptLogError}
 */
export async function readBatch(
  tx: Reading,
  own: BranchRow,
  after: number,
  maxBytes: number,
): Promise<readonly LoggedEntry[]> {
  const { branch, last } = await holderOf(tx, own, after + 1);
  const { id, start, trimmed } = branch;
  const known = start?.version === after ? start : await newestOf(tx, 'entry', id, after, after);
  let before: Head = known ?? { version: after, token: '' };
  const batch: LoggedEntry[] = [];
  let size = 0;
  let cursor = await tx.objectStore('entry').openCursor(versionsOf(id, after + 1, last));
  const next = cursor?.value.version ?? (last === Infinity ? after + 1 : last + 1);
  if (next > after + 1) {
    if ((await newestOf(tx, 'entry', id, Math.max(1, trimmed), after)) === undefined)
      throw new TrimmedError(after, next);
    throw new CorruptLogError(`The log has no entry of version ${after + 1}, but later ones.`, after + 1);
  }
  while (cursor !== null && batch.length < MOST_ENTRIES) {
    const row = cursor.value;
    if (batch.length > 0 && size + row.bytes.length > maxBytes) break;
    checkStored(row, before);
    before = row;
    size += row.bytes.length;
    const { version, token, parent, bytes } = row;
    batch.push({ version, token, parent, bytes });
    cursor = await cursor.continue();
  }
  return batch;
}

/** Entries before a version, newest first, at most so many. */
export async function listEntries(
  tx: Reading,
  own: BranchRow,
  before: number,
  limit: number,
): Promise<EntrySummary[]> {
  const list: EntrySummary[] = [];
  let end = before;
  for (
    let branch: BranchRow | undefined = own;
    branch !== undefined && list.length < limit;
    branch = await parentOf(tx, branch)
  ) {
    const from = (branch.start?.version ?? 0) + 1;
    // A range must not end before it begins.
    let cursor =
      from < end
        ? await tx.objectStore('entry').openCursor(versionsOf(branch.id, from, end - 1), 'prev')
        : null;
    while (cursor !== null && list.length < limit) {
      const { version, token, parent, bytes } = cursor.value;
      list.push({ version, token, parent, byteLength: bytes.length, start: bytes.slice(0, SUMMARY_BYTES) });
      cursor = await cursor.continue();
    }
    end = Math.min(end, from);
  }
  return list;
}

/** The newest checkpoint of at most a version, the branch's own or an ancestor's. */
export async function checkpointUpTo(
  tx: Reading,
  own: BranchRow,
  atMost: number,
): Promise<Checkpoint | undefined> {
  let found: Head | undefined;
  let of = own.id;
  let end = atMost;
  for (let branch: BranchRow | undefined = own; branch !== undefined; branch = await parentOf(tx, branch)) {
    const head = await newestOf(tx, 'checkpoint', branch.id, 0, end);
    if ((head?.version ?? 0) > (found?.version ?? 0)) [found, of] = [head, branch.id];
    end = Math.min(end, branch.start?.version ?? 0);
  }
  if (found === undefined) return undefined;
  const row = await tx.objectStore('checkpoint').get([of, found.version]);
  if (row === undefined) return undefined;
  const { version, token, manifest, chunks } = row;
  return { version, token, manifest, chunks };
}
