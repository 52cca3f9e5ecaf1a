/*
 * Versions that a store keeps on purpose, also across restarts: tags, each with a checkpoint of its own that shares its chunks
 * with the others, and whatever the log still leads to.
 */

import type { CellState } from '../cell/cell-state.js';
import { show } from '../checks/show.js';
import { fieldOf } from '../checks/given.js';
import { isWhole, requireName } from '../config.js';
import { DeltaMismatchError, InvalidOptionError, VersionNotKeptError } from '../errors.js';
import { type ShardexIndex, assertIndex } from '../version/shardex-index.js';
import { CorruptLogError } from './errors.js';
import type { Keeper } from './keeper.js';
import { loadVersion, readOn } from './load-version.js';
import type { LogReader } from './log-reader.js';
import type { CommitLog } from './log/commit-log.js';

/** In front of the names of tags, among the notes of a log. */
const TAG = 'tag:';

/** The tags of one store, and the way to old versions. */
export class KeptVersions {
  readonly #log: CommitLog;
  readonly #visible: CellState;
  readonly #reader: LogReader;
  readonly #keeper: Keeper;
  readonly #tags = new Map<string, number>();

  constructor(log: CommitLog, visible: CellState, reader: LogReader, keeper: Keeper) {
    this.#log = log;
    this.#visible = visible;
    this.#reader = reader;
    this.#keeper = keeper;
  }

  /** Reads the tags of earlier processes. @throws {@link CorruptLogError} */
  async readTags(): Promise<void> {
    for (const [note, bytes] of await this.#log.notes()) {
      if (!note.startsWith(TAG)) continue;
      const name = note.slice(TAG.length);
      let version: unknown;
      try {
        version = fieldOf(JSON.parse(new TextDecoder().decode(bytes)), 'version');
      } catch {
        // Said below.
      }
      if (typeof version !== 'number') throw new CorruptLogError(`The tag ${show(name)} is damaged.`);
      this.#tags.set(name, version);
    }
  }

  tags(): ReadonlyMap<string, number> {
    return new Map(this.#tags);
  }

  /** The versions whose checkpoints must stay. */
  tagged(): readonly number[] {
    return [...this.#tags.values()];
  }

  /** Tags a version of the cell; see `Store.tag`. */
  async tag(name: string, version: number): Promise<void> {
    requireName('name', name);
    const { history, current } = this.#visible;
    this.#visible.assertOpen();
    if (this.#tags.has(name))
      throw new InvalidOptionError('name', `The tag ${show(name)} is taken; untag it first.`);
    const index = history.at(version, current);
    history.tag(name, index);
    // Before the checkpoint is made, so that no other one drops it meanwhile.
    this.#tags.set(name, version);
    try {
      await this.#keeper.keep(index);
      await this.#log.putNote(TAG + name, new TextEncoder().encode(JSON.stringify({ version })));
    } catch (error) {
      this.#tags.delete(name);
      history.untag(name);
      throw error;
    }
  }

  /** Removes a tag; see `Store.untag`. */
  async untag(name: string): Promise<boolean> {
    this.#visible.assertOpen();
    this.#visible.history.untag(name);
    if (!this.#tags.delete(name)) return false;
    await this.#log.putNote(TAG + name, undefined);
    return true;
  }

  /** Finds a version in memory or in the log, or makes it on top of another; see `Store.load`. */
  async load(wanted: number | string, since?: ShardexIndex): Promise<ShardexIndex> {
    if (since === undefined) return (await this.find(wanted)).index;
    assertIndex(since);
    const version = typeof wanted === 'string' ? this.#tags.get(wanted) : wanted;
    const newest = this.#visible.current.version;
    // What is not kept at all is said in the same words.
    if (!isWhole(version, 0, newest)) return this.#visible.history.at(wanted, this.#visible.current);
    if (since.version > version)
      throw new InvalidOptionError(
        'since',
        `since must be of version ${version} or before, not ${since.version}.`,
      );
    const index = await this.#after(since, version);
    if (index?.version === version) return index;
    throw await this.#gone(version, newest);
  }

  async #after(since: ShardexIndex, version: number): Promise<ShardexIndex | undefined> {
    try {
      return await readOn(this.#log, this.#reader, since, version);
    } catch (error) {
      if (!(error instanceof CorruptLogError && error.cause instanceof DeltaMismatchError)) throw error;
      throw new InvalidOptionError(
        'since',
        'since must be a version of this branch, or of one that it comes from.',
      );
    }
  }

  /** The same, and whether it was made out of the log, so that it shares nothing with the current one. */
  async find(wanted: number | string): Promise<{ readonly index: ShardexIndex; readonly isLoaded: boolean }> {
    const { history, current } = this.#visible;
    try {
      return { index: history.at(wanted, current), isLoaded: false };
    } catch (error) {
      const version = typeof wanted === 'string' ? this.#tags.get(wanted) : wanted;
      if (!(error instanceof VersionNotKeptError) || !isWhole(version, 0, current.version)) throw error;
      const index = await loadVersion(this.#log, this.#reader, version);
      if (index !== undefined) return { index, isLoaded: true };
      throw await this.#gone(version, current.version);
    }
  }

  async #gone(version: number, newest: number): Promise<VersionNotKeptError> {
    const oldest = (await this.#log.checkpoints()).at(0)?.version ?? 0;
    const tags = [...this.#tags].map(([name, of]) => `${show(name)} (${of})`).join(', ');
    return new VersionNotKeptError(
      `Version ${version} is gone: the log leads back to ${oldest} at most, from ${newest}, besides the tags ${tags || '(none)'}. To keep more from now on, open the store with keep: { versions: … }, or tag what is to stay.`,
      version,
    );
  }
}
