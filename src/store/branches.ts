/*
 * The branches of a store: made in O(1) from a version of another, listed, deleted.
 */

import { show } from '../checks/show.js';
import { takeOptions } from '../checks/given.js';
import { InvalidOptionError, VersionNotKeptError } from '../errors.js';
import { NoBranchError } from './errors.js';
import { requireBranchName } from './log/checks.js';
import { headAt } from './load-version.js';
import type { CommitLog, Forked } from './log/commit-log.js';
import type { StoreParts } from './parts.js';

/** Options of `Store.fork`. */
export interface ForkOptions {
  /** The version that the branch starts after, by its number or a tag. Default: the current one. */
  readonly at?: number | string;
}

/** A branch of a store. */
export interface Branch {
  /** Its name. */
  readonly name: string;
  /** Its newest version. */
  readonly version: number;
  /** Where it starts; `undefined` for the first one. The branch has no name where it was deleted. */
  readonly start:
    | {
        /** The branch that it starts from. */
        readonly branch: string | undefined;
        /** The version of that branch that it starts after. */
        readonly version: number;
      }
    | undefined;
  /** Whether it is the one that this store is on. */
  readonly isCurrent: boolean;
}

/** Adds a branch; see `Store.fork`. */
export async function forkBranch(parts: StoreParts, name: string, options: ForkOptions): Promise<void> {
  requireBranchName(name);
  const { log, kept, visible, keeper } = parts;
  const { at = visible.current.version } = takeOptions(options, ['at']);
  const version = await kept.numberOf(at);
  let answer = await forkAt(log, name, version);
  // The log has dropped that version. It may still be in memory, so make a checkpoint of it.
  if (answer === 'gone')
    answer = await kept.holding(version, async () => {
      await kept.keep(version);
      return forkAt(log, name, version);
    });
  if (answer === 'gone') throw notOurs(version);
  if (answer === 'taken')
    throw new InvalidOptionError('name', `There is a branch ${show(name)} already; delete it first.`);
  await keeper.policy.copyTo(() => log.branch(name));
}

/** Lists the branches; see `Store.branches`. */
export async function listBranches({ log, branch }: StoreParts): Promise<readonly Branch[]> {
  const all = await log.branches();
  const names = new Map(all.map(({ id, name }) => [id, name]));
  return Object.freeze(
    all.flatMap(({ name, parent, start, head }) =>
      name === undefined
        ? []
        : Object.freeze({
            name,
            version: head?.version ?? 0,
            start:
              parent === undefined
                ? undefined
                : Object.freeze({ branch: names.get(parent), version: start?.version ?? 0 }),
            isCurrent: name === branch,
          }),
    ),
  );
}

/** Deletes a branch; see `Store.deleteBranch`. */
export async function deleteBranch({ log, branch }: StoreParts, name: string): Promise<boolean> {
  if (name === branch)
    throw new InvalidOptionError(
      'name',
      `This store is on the branch ${show(name)}; delete it from another one.`,
    );
  return log.dropBranch(name);
}

/** What to say where there is no branch of a name. */
export async function noBranch(log: CommitLog, name: string): Promise<NoBranchError> {
  const names = (await log.branches()).flatMap((one) => one.name ?? []);
  return new NoBranchError(name, names);
}

async function forkAt(log: CommitLog, name: string, version: number): Promise<Forked> {
  if (version === 0) return log.fork(name, undefined);
  const head = await headAt(log, version);
  return head === undefined ? 'gone' : log.fork(name, head);
}

/** The error for a version that a child branch has tagged, but its parent has dropped: only the parent could branch there. */
function notOurs(version: number): VersionNotKeptError {
  return new VersionNotKeptError(
    `No branch can start at version ${version}: the branch that it belongs to has dropped it. Restore it here, and start at the version that this makes.`,
    version,
  );
}
