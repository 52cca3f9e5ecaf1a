/*
 * The half of a store that is about time: tags, old versions, the log as people read it, undoing, branches.
 */

import { ReadableCell } from '../cell/readable-cell.js';
import { detachable } from '../checks/detached.js';
import { takeOptions } from '../checks/given.js';
import type { Commit } from '../delta/commit.js';
import { VersionNotKeptError } from '../errors.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { type Branch, type ForkOptions, deleteBranch, forkBranch, listBranches } from './branches.js';
import { type BranchMergeOptions, mergeBranch } from './merge-branch.js';
import { type LogEntry, type LogOptions, listCommits } from './list-commits.js';
import type { StoreParts } from './parts.js';
import { publishState, stateAfter } from './publish-state.js';
import { takeStep } from './undo.js';
import { WRITE_OPTIONS, type WriteOptions } from './write-options.js';

/** Options of `Store.load`. */
export interface LoadOptions<M extends object = object> {
  /**
   * An older version, of this branch or from before it began, on which the wanted one is made. Then both share whatever did not
   * change in between. Without it, a version out of the log shares nothing with others.
   */
  readonly since?: ShardexIndex<M>;
}

/** A cell with a past that survives the process. */
export class VersionedCell<M extends object = object> extends ReadableCell<M> {
  readonly #parts: StoreParts;

  static {
    detachable(this, (value) => #parts in value, 'stable');
  }

  /** @internal */
  constructor(parts: StoreParts) {
    super(parts.visible);
    this.#parts = parts;
  }

  /**
   * Finds a version in memory, as a cell does. Of a version that may be in the log alone, the error says to
   * {@link VersionedCell.load} it. Time: O(versions in memory).
   *
   * @throws {@link VersionNotKeptError}
   */
  override at(version: number | string): ShardexIndex<M> {
    try {
      return super.at(version);
    } catch (error) {
      throw error instanceof VersionNotKeptError ? this.#parts.kept.absent(version) : error;
    }
  }

  /**
   * Names a version, by default the current one, and keeps it, also across restarts, until {@link VersionedCell.untag}. It
   * may be any that {@link VersionedCell.load} finds; what is loaded for it does not stay in memory. Resolves when that is
   * durable. Time: as a checkpoint of that version, and for one out of the log, as opening a store.
   *
   * @throws {@link InvalidOptionError} for a name that is taken; {@link VersionNotKeptError}, {@link CellClosedError}
   */
  tag(name: string, version: number = this.version): Promise<void> {
    return this.#parts.kept.tag(name, version);
  }

  /** Removes a tag; resolves to whether there was one. */
  untag(name: string): Promise<boolean> {
    return this.#parts.kept.untag(name);
  }

  /**
   * Tags, each with the number of the version that it names, those of earlier processes included. Those that other processes
   * add meanwhile are there after `refresh()`, and whenever this store looks for a tag. Time: O(tags).
   */
  tags(): ReadonlyMap<string, number> {
    return this.#parts.kept.tags();
  }

  /**
   * Loads a version that the store keeps: one that the cell has in memory, a tagged one, or one that the log still leads
   * to. Time: O(1) for those in memory, else as opening a store; with `since` O(bytes of the commits since then).
   *
   * @throws {@link VersionNotKeptError}, {@link InvalidOptionError}
   */
  load(version: number | string, options: LoadOptions<M> = {}): Promise<ShardexIndex<M>> {
    return this.#parts.kept.load(version, takeOptions(options, ['since']).since);
  }

  /**
   * Publishes the state of an older version as a new one: nothing is destroyed, and so undoing can be undone. Resolves to
   * the commit once it is durable. Time: as {@link VersionedCell.load}, and of a version that was loaded O(rows); only what
   * differs is written.
   *
   * @throws {@link VersionNotKeptError} for a version that is gone, {@link CellClosedError}, and what the validator throws.
   */
  async restore(version: number | string, options: WriteOptions = {}): Promise<Commit<M>> {
    const given = takeOptions(options, WRITE_OPTIONS);
    const commit = await publishState(this.#parts, given, async (current) => ({
      index: stateAfter(current, await this.#parts.kept.find(version)),
    }));
    return commit as Commit<M>;
  }

  /**
   * Lists what is known of the commits that the log still has, newest first: author, message, time, bytes, tags. Time:
   * O(commits listed); their changes are not read.
   *
   * @throws {@link InvalidOptionError}, {@link CorruptLogError}, and what the log throws.
   */
  log(options: LogOptions = {}): Promise<readonly LogEntry[]> {
    return listCommits(this.#parts, options);
  }

  /**
   * Undoes the newest commit, whoever made it: publishes the state before it as a new version. Undoing again goes further
   * back; a commit of another kind in between starts from there. Resolves to the commit once it is durable, and to `undefined`
   * where there is nothing to undo. Time: as {@link VersionedCell.restore}.
   *
   * @throws {@link VersionNotKeptError} for a state that is gone, {@link CellClosedError}, and what the validator throws.
   */
  undo(options: WriteOptions = {}): Promise<Commit<M> | undefined> {
    return takeStep(this.#parts, 'undo', takeOptions(options, WRITE_OPTIONS));
  }

  /**
   * Redoes what was undone last; any other commit since then has left nothing to redo. Resolves to the commit once it is
   * durable, and to `undefined` where there is nothing to redo. Time: as {@link VersionedCell.restore}.
   *
   * @throws as {@link VersionedCell.undo}.
   */
  redo(options: WriteOptions = {}): Promise<Commit<M> | undefined> {
    return takeStep(this.#parts, 'redo', takeOptions(options, WRITE_OPTIONS));
  }

  /**
   * Makes a branch that starts at a version, by default the current one: durable when it resolves. It shares all that came
   * before. Open it with `branch(name)`, or `openStore(path, { branch: name })`. Time: O(1); of another version O(entries since
   * the checkpoint before it); of one that is in memory alone, as a checkpoint of it.
   *
   * @throws {@link InvalidOptionError} for a name that is taken; {@link VersionNotKeptError}, and what the log throws.
   */
  async fork(name: string, options: ForkOptions = {}): Promise<void> {
    this.#parts.visible.assertOpen();
    await forkBranch(this.#parts, name, options);
  }

  /** Lists all branches, the main one first. Time: O(branches). */
  branches(): Promise<readonly Branch[]> {
    return listBranches(this.#parts);
  }

  /**
   * Deletes a branch with all that only it needs; branches that start from it keep what they need. Stores that are open on it
   * fail with their next write. Resolves to whether there was one.
   *
   * @throws {@link InvalidOptionError} for the main branch, and the one that this store is on.
   */
  deleteBranch(name: string): Promise<boolean> {
    this.#parts.visible.assertOpen();
    return deleteBranch(this.#parts, name);
  }

  /**
   * Merges the newest version of a branch into this one: posting by posting and field by field, as {@link merge} does, from
   * what both have in common. Publishes one commit, which `log()` shows as a merge; none where there is nothing new. Resolves to
   * the commit once it is durable. Time: as {@link VersionedCell.load} of both sides, where they are not in memory.
   *
   * @throws {@link MergeConflictError} where both changed the same, if there is no `onConflict`; {@link NoBranchError}, {@link
   * VersionNotKeptError} where what they have in common is gone, {@link CellClosedError}, and what the validator throws.
   */
  async merge(branch: string, options: BranchMergeOptions = {}): Promise<Commit<M>> {
    return await mergeBranch(this.#parts, branch, options);
  }
}
