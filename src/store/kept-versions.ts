/*
 * Versions that a store keeps on purpose, also across restarts: tags, each with a checkpoint of its own that shares its chunks
 * with the others, and whatever the log still leads to. Tags lie in the log, where other processes add some and remove some.
 */

import type { CellState } from '../cell/cell-state.js';
import { show } from '../checks/show.js';
import { isWhole, requireName } from '../config.js';
import { DeltaMismatchError, InvalidOptionError, VersionNotKeptError } from '../errors.js';
import { type ShardexIndex, assertIndex } from '../version/shardex-index.js';
import { CorruptLogError } from './errors.js';
import type { Kept, Keeper } from './keeper.js';
import { headAt, loadVersion, readOn } from './load-version.js';
import type { LogReader } from './log-reader.js';
import type { CommitLog, Head } from './log/commit-log.js';
import { gone, neverMade, notInMemory, notOnTop } from './not-kept.js';
import { noteOfTag, tagBytes, tagsIn } from './tag-notes.js';

/** A version that was found. */
export interface FoundVersion {
  readonly index: ShardexIndex;
  /** Whether it was made out of the log, so that it shares nothing with the current one. */
  readonly isLoaded: boolean;
}

/** The tags of one store, and the way to old versions. */
export class KeptVersions implements Kept {
  readonly #log: CommitLog;
  readonly #visible: CellState;
  readonly #reader: LogReader;
  readonly #keeper: Keeper;
  /** The tags when the log was last read. */
  #tags: ReadonlyMap<string, number> = new Map();
  /** Versions without a tag whose checkpoints must stay for a moment. */
  readonly #held: number[] = [];
  /** Tags are read and written one after the other. */
  #lane: Promise<unknown> = Promise.resolve();

  constructor(log: CommitLog, visible: CellState, reader: LogReader, keeper: Keeper) {
    this.#log = log;
    this.#visible = visible;
    this.#reader = reader;
    this.#keeper = keeper;
  }

  /** Reads the tags of all processes; resolves to them. @throws {@link CorruptLogError}, and what the log throws. */
  readTags(): Promise<ReadonlyMap<string, number>> {
    return this.#inTurn(() => this.#readTags());
  }

  /** Tags as of when they were last read. */
  tags(): ReadonlyMap<string, number> {
    return new Map(this.#tags);
  }

  async tagged(): Promise<readonly number[]> {
    return [...tagsIn(await this.#log.notes()).values(), ...this.#held];
  }

  inMemory(): readonly number[] {
    const { history, current } = this.#visible;
    return history.versions(current);
  }

  /** Tags a version; see `Store.tag`. */
  async tag(name: string, version: number): Promise<void> {
    requireName('name', name);
    this.#visible.assertOpen();
    // Taken now, as it may not stay in memory for long.
    const index = this.#find(version);
    await this.#inTurn(async () => {
      if ((await this.#readTags()).has(name))
        throw new InvalidOptionError('name', `The tag ${show(name)} is taken; untag it first.`);
      const keep = await this.#wayToKeep(version, index);
      await keep();
      await this.#log.putNote(noteOfTag(name), tagBytes(version));
      // Until the tag was written, another process could trim the checkpoint. From now on none does.
      if (!(await this.#hasCheckpoint(version))) await keep();
      this.#tags = new Map([...this.#tags, [name, version]]);
      if (index !== undefined) this.#visible.history.tag(name, index);
    });
  }

  /** Removes a tag; see `Store.untag`. */
  async untag(name: string): Promise<boolean> {
    this.#visible.assertOpen();
    return this.#inTurn(async () => {
      if (!(await this.#readTags()).has(name)) return false;
      await this.#log.putNote(noteOfTag(name), undefined);
      await this.#readTags();
      return true;
    });
  }

  /** Returns the number of a version that is given by number or by tag. @throws {@link VersionNotKeptError} where there is none. */
  async numberOf(wanted: number | string): Promise<number> {
    if (typeof wanted !== 'string') return this.#checked(wanted);
    const version = (await this.readTags()).get(wanted);
    if (version === undefined) throw neverMade(wanted, this.#visible.current.version, this.#tags);
    return version;
  }

  /** Finds a version in memory or in the log, or makes it on top of another; see `Store.load`. */
  async load(wanted: number | string, since?: ShardexIndex): Promise<ShardexIndex> {
    if (since === undefined) return (await this.find(wanted)).index;
    assertIndex(since);
    const version = await this.numberOf(wanted);
    if (since.version > version)
      throw new InvalidOptionError(
        'since',
        `since must be of version ${version} or before, not ${since.version}.`,
      );
    const index = await this.#after(since, version);
    if (index?.version === version) return index;
    throw notOnTop(version, since.version);
  }

  /** Finds a version in memory or in the log. */
  async find(wanted: number | string): Promise<FoundVersion> {
    const version = typeof wanted === 'string' ? await this.numberOf(wanted) : wanted;
    const inMemory = this.#find(version);
    if (inMemory !== undefined) return { index: inMemory, isLoaded: false };
    const loaded = await loadVersion(this.#log, this.#reader, version);
    if (loaded === undefined) throw await this.gone(version);
    return { index: loaded.index, isLoaded: true };
  }

  /** Makes a checkpoint of a version in memory or in the log. Call it within {@link KeptVersions.holding}. */
  async keep(version: number): Promise<void> {
    const keep = await this.#wayToKeep(version, this.#find(version));
    await keep();
  }

  /** Keeps the checkpoint of a version from being trimmed by this store while `work` runs. */
  async holding<T>(version: number, work: () => Promise<T>): Promise<T> {
    this.#held.push(version);
    try {
      return await work();
    } finally {
      this.#held.splice(this.#held.indexOf(version), 1);
    }
  }

  /** Makes the error for a version that is not in memory. */
  absent(wanted: number | string): VersionNotKeptError {
    const { current } = this.#visible;
    const version = typeof wanted === 'string' ? this.#tags.get(wanted) : wanted;
    if (!isWhole(version, 0, current.version)) return neverMade(wanted, current.version, this.#tags);
    return notInMemory(wanted, this.inMemory());
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

  /** A version in memory; `undefined` where it may be in the log. @throws {@link VersionNotKeptError} where it never was. */
  #find(version: number): ShardexIndex | undefined {
    const { history, current } = this.#visible;
    try {
      return history.at(this.#checked(version), current);
    } catch (error) {
      if (!(error instanceof VersionNotKeptError) || !isWhole(version, 0, current.version)) throw error;
      return undefined;
    }
  }

  #checked(version: number): number {
    const newest = this.#visible.current.version;
    if (!isWhole(version, 0, newest)) throw neverMade(version, newest, this.#tags);
    return version;
  }

  /** Prepares a checkpoint of a version. The function that it returns makes one, and may be called again. */
  async #wayToKeep(version: number, inMemory: ShardexIndex | undefined): Promise<() => Promise<void>> {
    // Version 0 is empty and needs none.
    if (version === 0) return () => Promise.resolve();
    const head = await this.#headOf(version);
    const loaded = inMemory === undefined ? await loadVersion(this.#log, this.#reader, version) : undefined;
    const index = inMemory ?? loaded?.index;
    if (head === undefined || index === undefined) throw await this.gone(version);
    return () => this.#keeper.keep(index, head, loaded?.written);
  }

  async #headOf(version: number): Promise<Head | undefined> {
    const token = this.#reader.tokenOf(version);
    return token === undefined ? headAt(this.#log, version) : { version, token };
  }

  async #hasCheckpoint(version: number): Promise<boolean> {
    return version === 0 || (await this.#log.checkpoints()).some((one) => one.version === version);
  }

  async #readTags(): Promise<ReadonlyMap<string, number>> {
    this.#tags = tagsIn(await this.#log.notes());
    const { history } = this.#visible;
    for (const [name, version] of history.tags) if (this.#tags.get(name) !== version) history.untag(name);
    return this.#tags;
  }

  /** Makes the error for a version that the log has dropped. */
  async gone(version: number): Promise<VersionNotKeptError> {
    const tags = tagsIn(await this.#log.notes());
    for (const { version: oldest } of await this.#log.checkpoints()) {
      // The checkpoint of a tag may have no commits after it.
      const leadsOn = (await this.#log.entries(oldest + 2, 1)).at(0)?.version === oldest + 1;
      if (oldest > version && (leadsOn || oldest === this.#visible.current.version))
        return gone(version, oldest, tags);
    }
    return gone(version, undefined, tags);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#lane.then(work);
    this.#lane = done.catch(() => undefined);
    return done;
  }
}
