/*
 * Merges a branch into the one that a store is on: three-way, by what both have in common. That is the version at which they
 * parted or, where one was merged into the other since then, what was merged.
 */

import { fieldOf, takeOptions } from '../checks/given.js';
import { show } from '../checks/show.js';
import { diff } from '../delta/between.js';
import type { Commit } from '../delta/commit.js';
import { type MergeOptions, merge } from '../delta/merge.js';
import { InvalidOptionError, VersionNotKeptError } from '../errors.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { noBranch } from './branches.js';
import { commitsBefore } from './commit-infos.js';
import { loadVersion, readOn } from './load-version.js';
import { requireBranchName } from './log/checks.js';
import type { BranchSummary, CommitLog, Head } from './log/commit-log.js';
import { LogReader } from './log-reader.js';
import type { StoreParts } from './parts.js';
import { publishState, stateAfter } from './publish-state.js';
import { type Merged, mergedIn } from './entry-bytes.js';
import { WRITE_OPTIONS, type WriteOptions } from './write-options.js';

/** Options of `Store.merge`. */
export interface BranchMergeOptions extends WriteOptions, MergeOptions {}

/** In front of the names of notes that say up to where a branch was merged, for when the commit's entry is gone. */
const NOTE = 'merged:';

/** A version that both sides have: one of ours, or only of theirs. */
interface Common {
  readonly version: number;
  readonly of: 'ours' | 'theirs' | 'both';
}

/** A merge that was made: in which version, and of what. */
interface Made {
  readonly at: number;
  readonly merged: Merged;
}

/** Merges a branch; see `Store.merge`. */
export async function mergeBranch(
  parts: StoreParts,
  name: string,
  options: BranchMergeOptions,
): Promise<Commit> {
  const { onConflict, ...given } = takeOptions(options, [...WRITE_OPTIONS, 'onConflict']);
  requireBranchName(name);
  const { log, branch } = parts;
  if (name === branch)
    throw new InvalidOptionError('branch', `This store is on the branch ${show(name)} itself.`);
  const theirs = log.branch(name);
  try {
    if ((await theirs.open()).settings === undefined) throw await noBranch(log, name);
    let merged: Merged | undefined;
    const commit = await publishState(parts, given, async (current) => {
      const head = await theirs.head();
      merged = head && { branch: name, ...head };
      if (merged === undefined) return { index: current };
      const found = await sidesOf(parts, theirs, merged, current);
      if (found === undefined) return { index: current };
      const conflicts = onConflict === undefined ? {} : { onConflict };
      const index = merge(current, found.theirs, found.base, conflicts);
      if (index !== found.theirs) return { index, info: { merged } };
      // It has all of ours: its state itself, unless only its history is another one.
      if (hasSameContents(current, index)) return { index: current };
      return { index: stateAfter(current, { index, isLoaded: false }), info: { merged } };
    });
    if (commit !== undefined && merged !== undefined && !commit.isEmpty) {
      const bytes = new TextEncoder().encode(JSON.stringify({ at: commit.version, ...merged }));
      await log.putNote(NOTE + name, bytes);
    }
    return commit as Commit;
  } finally {
    await theirs.close();
  }
}

function hasSameContents(a: ShardexIndex, b: ShardexIndex): boolean {
  const { added, updated, removed, records } = diff(a, b);
  return added.length + updated.length + removed.length + records.length === 0;
}

/** What a three-way merge needs beside ours; `undefined` where ours has all of theirs. */
async function sidesOf(
  parts: StoreParts,
  theirLog: CommitLog,
  head: Merged,
  current: ShardexIndex,
): Promise<{ readonly theirs: ShardexIndex; readonly base: ShardexIndex } | undefined> {
  const reader = new LogReader(theirLog, current.config, parts.slices);
  for (const { version, of } of await commons(parts, theirLog, head, current.version)) {
    if (of !== 'ours' && version === head.version) return undefined;
    const base =
      of === 'theirs' ? (await loadVersion(theirLog, reader, version))?.index : await ours(parts, version);
    if (base === undefined) continue;
    // On top of the base, so that both share what did not change since then.
    const onBase = of === 'ours' ? undefined : await readOn(theirLog, reader, base, head.version);
    const theirs = onBase ?? (await loadVersion(theirLog, reader, head.version))?.index;
    if (theirs !== undefined) return { theirs, base };
  }
  throw new VersionNotKeptError(
    `The branch ${show(head.branch)} cannot be merged: the version at which it and this one parted is gone.`,
    head.branch,
  );
}

async function ours({ kept }: StoreParts, version: number): Promise<ShardexIndex | undefined> {
  try {
    return await kept.load(version);
  } catch (error) {
    if (error instanceof VersionNotKeptError) return undefined;
    throw error;
  }
}

/** What both sides have in common, the best first: the less has changed since then, the fewer conflicts there are. */
async function commons(
  { log, branch }: StoreParts,
  theirLog: CommitLog,
  head: Merged,
  version: number,
): Promise<Common[]> {
  const parted = partedAt(await log.branches(), branch, head.branch, version, head.version);
  const mine =
    (await newestMerge(log, version, parted, theirLog)) ??
    (await notedMerge(log, head.branch, parted, theirLog));
  const other = await newestMerge(theirLog, head.version, parted, log);
  const found: Common[] = [{ version: parted, of: 'both' }];
  if (mine !== undefined) found.unshift({ version: mine.merged.version, of: 'theirs' });
  if (other !== undefined) {
    const common: Common = { version: other.merged.version, of: 'ours' };
    // What they merged of ours may have their earlier changes in it already, and the other way round.
    if (mine === undefined || other.merged.version >= mine.at) found.unshift(common);
    else found.splice(1, 0, common);
  }
  return found;
}

/** The newest version that two branches have in common by where they start. */
function partedAt(
  all: readonly BranchSummary[],
  ours: string,
  theirs: string,
  ourVersion: number,
  theirVersion: number,
): number {
  const byId = new Map(all.map((one) => [one.id, one]));
  const lineage = (name: string, newest: number): Map<string, number> => {
    const upTo = new Map<string, number>();
    let version = newest;
    for (let one = all.find((each) => each.name === name); one !== undefined;) {
      upTo.set(one.id, version);
      version = one.start?.version ?? 0;
      one = one.parent === undefined ? undefined : byId.get(one.parent);
    }
    return upTo;
  };
  const mine = lineage(ours, ourVersion);
  for (const [id, version] of lineage(theirs, theirVersion)) {
    const own = mine.get(id);
    if (own !== undefined) return Math.min(own, version);
  }
  return 0;
}

/** The newest commit of a log that merged something of the other one, after a version. */
async function newestMerge(
  log: CommitLog,
  newest: number,
  after: number,
  other: CommitLog,
): Promise<Made | undefined> {
  for await (const [{ version }, { merged }] of commitsBefore(log, newest + 1)) {
    if (version <= after) return undefined;
    if (merged !== undefined && (await isIn(other, merged))) return { at: version, merged };
  }
  return undefined;
}

/** The same of our log by its note. */
async function notedMerge(
  log: CommitLog,
  name: string,
  after: number,
  other: CommitLog,
): Promise<Made | undefined> {
  const note = (await log.notes()).get(NOTE + name);
  if (note === undefined) return undefined;
  const given: unknown = JSON.parse(new TextDecoder().decode(note));
  const [at, merged] = [fieldOf(given, 'at'), mergedIn(given)];
  if (typeof at !== 'number' || at <= after || merged === undefined) return undefined;
  return (await isIn(other, merged)) ? { at, merged } : undefined;
}

async function isIn(log: CommitLog, { version, token }: Head): Promise<boolean> {
  const found = (await log.entries(version + 1, 1)).at(0);
  return found?.version === version && found.token === token;
}
