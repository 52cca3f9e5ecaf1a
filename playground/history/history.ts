// What was done on the page: versions with what they came from, and branches. Values in, values out; only the cells of the
// branches, which publish the versions, change.
import { type CowShardexIndex, type MergeOptions, type Recipe, type ShardexIndex, merge } from 'shardex';

/** A version, as one branch published it. */
export interface Version<M extends object> {
  /** Its place among all versions of the page. */
  readonly number: number;
  readonly index: ShardexIndex<M>;
  /** The branch that published it. */
  readonly branch: string;
  /** What was done. */
  readonly message: string;
  /** What it came from: none for the first, two for a merge, of which the first is that of its own branch. */
  readonly parents: readonly Version<M>[];
  /** What undoing it leads to. */
  readonly undo: Version<M> | undefined;
}

/** A branch: a cell, and the version that is current there. */
export interface Branch<M extends object> {
  readonly name: string;
  readonly cell: CowShardexIndex<M>;
  readonly tip: Version<M>;
}

/** All versions, the oldest first, and all branches. */
export interface History<M extends object> {
  readonly versions: readonly Version<M>[];
  readonly branches: readonly Branch<M>[];
}

/** The first branch. */
export const MAIN = 'main';

/** Begins with the current version of a cell. */
export function historyOf<M extends object>(cell: CowShardexIndex<M>, message: string): History<M> {
  const first: Version<M> = {
    number: 0,
    index: cell.read(),
    branch: MAIN,
    message,
    parents: [],
    undo: undefined,
  };
  return { versions: [first], branches: [{ name: MAIN, cell, tip: first }] };
}

/** The branch of this name. */
export function branchOf<M extends object>(history: History<M>, name: string): Branch<M> {
  const branch = history.branches.find((branch) => branch.name === name);
  if (branch === undefined) throw new Error(`There is no branch ${name}.`);
  return branch;
}

/** Commits a change to a branch; one that changes nothing makes no version. */
export function commit<M extends object>(
  history: History<M>,
  name: string,
  message: string,
  recipe: Recipe<M>,
): History<M> {
  const { cell, tip } = branchOf(history, name);
  const { index } = cell.update(recipe);
  return published(history, name, index, { message, parents: [tip], undo: tip });
}

/** Goes back to what the newest change of a branch was made to, by a version of its own. */
export function undo<M extends object>(history: History<M>, name: string): History<M> {
  const { cell, tip } = branchOf(history, name);
  if (tip.undo === undefined) return history;
  const { index } = cell.commitChanges(tip.undo.index, { expected: tip.index });
  return published(history, name, index, {
    message: `Undid: ${tip.message}`,
    parents: [tip],
    undo: tip.undo.undo,
  });
}

/** Starts a branch where another one is now; nothing is copied. */
export function fork<M extends object>(history: History<M>, from: string, name: string): History<M> {
  const { cell, tip } = branchOf(history, from);
  return { ...history, branches: [...history.branches, { name, cell: cell.fork(), tip }] };
}

/** Brings what was done on one branch to another; throws a `MergeConflictError` where nobody decides a conflict. */
export function mergeInto<M extends object>(
  history: History<M>,
  from: string,
  into: string,
  options: MergeOptions = {},
): History<M> {
  const [theirs, ours] = [branchOf(history, from), branchOf(history, into)];
  const base = mergeBase(ours.tip, theirs.tip);
  const merged = merge(ours.tip.index, theirs.tip.index, base.index, options);
  const { index } = ours.cell.commitChanges(merged, { expected: ours.tip.index });
  return published(history, into, index, {
    message: `Merged ${from}`,
    parents: [ours.tip, theirs.tip],
    undo: ours.tip,
  });
}

/** The newest version that both come from. */
export function mergeBase<M extends object>(a: Version<M>, b: Version<M>): Version<M> {
  const ofB = ancestors(b);
  const [newest] = [...ancestors(a)]
    .filter((version) => ofB.has(version))
    .sort((a, b) => b.number - a.number);
  return newest;
}

/** A version and all that it came from. */
function ancestors<M extends object>(version: Version<M>): Set<Version<M>> {
  const found = new Set([version]);
  for (const each of found) for (const parent of each.parents) found.add(parent);
  return found;
}

/** The history with a branch's next version, unless it is the one that the branch has. */
function published<M extends object>(
  { versions, branches }: History<M>,
  name: string,
  index: ShardexIndex<M>,
  made: Pick<Version<M>, 'message' | 'parents' | 'undo'>,
): History<M> {
  if (made.parents[0].index === index) return { versions, branches };
  const tip: Version<M> = { ...made, number: versions.length, index, branch: name };
  return {
    versions: [...versions, tip],
    branches: branches.map((branch) => (branch.name === name ? { ...branch, tip } : branch)),
  };
}
