/*
 * One branch of a log in memory, and what it has of its ancestors: the versions up to the one that it starts after.
 */

import type { StoredEntry } from './checks.js';
import type { Checkpoint, Head } from './commit-log.js';

/** A branch of a log in memory. */
export interface MemoryBranch {
  readonly id: string;
  name: string | undefined;
  readonly settings: Uint8Array;
  readonly parent: MemoryBranch | undefined;
  /** One of the parent's own versions; `undefined` where it starts empty. */
  readonly start: Head | undefined;
  /** Dense, but for what other branches need of those that were dropped. */
  entries: StoredEntry[];
  checkpoints: Checkpoint[];
  readonly notes: Map<string, Uint8Array>;
}

/** A branch without anything in it. */
export function newBranch(id: string, name: string, settings: Uint8Array): MemoryBranch {
  return {
    ...{ id, name, settings, parent: undefined, start: undefined },
    ...{ entries: [], checkpoints: [], notes: new Map() },
  };
}

/** The newest commit of a branch. */
export function headOf({ entries, start }: MemoryBranch): Head | undefined {
  const last = entries.at(-1);
  return last === undefined ? start : { version: last.version, token: last.token };
}

/** The branch among one and its ancestors that a version belongs to. */
export function ownerOf(branch: MemoryBranch, version: number): MemoryBranch {
  return holderOf(branch, version).branch;
}

/** The same, and the last version that it has in common with the branch. */
export function holderOf(
  branch: MemoryBranch,
  version: number,
): { readonly branch: MemoryBranch; readonly last: number } {
  let last = Infinity;
  let holder = branch;
  while (holder.parent !== undefined && version <= (holder.start?.version ?? 0)) {
    last = holder.start?.version ?? 0;
    holder = holder.parent;
  }
  return { branch: holder, last };
}

/** The newest checkpoint of at most a version, the branch's own or an ancestor's. */
export function checkpointUpTo(branch: MemoryBranch, atMost: number): Checkpoint | undefined {
  const own = branch.checkpoints.findLast(({ version }) => version <= atMost);
  const theirs = branch.parent && checkpointUpTo(branch.parent, Math.min(atMost, branch.start?.version ?? 0));
  return own !== undefined && own.version >= (theirs?.version ?? 0) ? own : theirs;
}

/** Whether a version of a branch's own is there, and can be read: by a checkpoint and all entries from there on. */
export function isReachable(branch: MemoryBranch, at: Head | undefined): boolean {
  if (at === undefined) return true;
  const { version, token } = at;
  const from = baseOf(branch, version);
  const isThere = (list: readonly Head[]): boolean =>
    list.some((one) => one.version === version && one.token === token);
  const between = branch.entries.filter((entry) => entry.version > from && entry.version <= version);
  return between.length === version - from && (isThere(branch.entries) || isThere(branch.checkpoints));
}

/** Drops entries and checkpoints before a version, but those that others need. */
export function trimBranch(
  branch: MemoryBranch,
  all: readonly MemoryBranch[],
  before: number,
  keep: readonly number[],
): void {
  const starts = all.filter(({ parent }) => parent === branch).map(({ start }) => start?.version ?? 0);
  const ranges = starts.map((last) => ({ base: baseOf(branch, last), last }));
  branch.entries = branch.entries.filter(
    ({ version }, i) =>
      version >= before ||
      (before < Infinity && i === branch.entries.length - 1) ||
      ranges.some(({ base, last }) => version > base && version <= last),
  );
  branch.checkpoints = branch.checkpoints.filter(
    ({ version }) =>
      version >= before || keep.includes(version) || ranges.some(({ base }) => version === base),
  );
}

/** The version of a branch's own from which another one of it is read: of its newest checkpoint up to there. */
function baseOf({ checkpoints, start }: MemoryBranch, version: number): number {
  const checkpoint = checkpoints.findLast((one) => one.version <= version);
  return Math.max(checkpoint?.version ?? 0, start?.version ?? 0);
}
