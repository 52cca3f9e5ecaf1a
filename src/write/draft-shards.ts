// The shards of a draft: an Immer draft of each that was touched, the rest as in the base, and what they count.
// Part of the draft's state, which alone changes them.
import { Immer } from 'immer';
import type { Map as ImmutableMap } from 'immutable';
import type { Steps } from '../collections/steps.js';
import type { Shard, ShardId } from '../version/shard.js';
import { type ShardRows, bytesOf } from '../version/shard-rows.js';
import type { ChangedShards, ShardexIndex } from '../version/shardex-index.js';

/**
 * An Immer of our own: the default instance can be told by anyone in the process not to freeze, which would break I1.
 * It holds no state but that setting.
 */
const immer = new Immer({ autoFreeze: true });

/** What an Immer draft of a frozen value looks like here: its fields can be set, what they hold is opaque to Immer. */
export type Drafted<T> = { -readonly [K in keyof T]: T[K] };

export function draftOf<T extends object>(value: T): Drafted<T> {
  return immer.createDraft(value) as Drafted<T>;
}

export function finished<T extends object>(draft: Drafted<T>): T {
  return immer.finishDraft(draft) as T;
}

/**
 * A transient copy of the map of shards. Immer must not see into the map (it would mutate its contents in the base), so
 * the drafts of shards stay outside of it until {@link finishing} puts them in place.
 */
export class DraftShards {
  postingCount: number;
  byteLength: number;
  readonly #capacity: number;
  readonly #origin: ShardexIndex;
  readonly #changed = new Set<ShardId>();
  readonly #touched = new Map<ShardId, Drafted<Shard>>();
  /** Shards that hold more than their capacity, and shards that have lost postings; settled before publishing. */
  readonly #overfull = new Set<ShardId>();
  readonly #shrunk = new Set<ShardId>();
  #map: ImmutableMap<ShardId, Shard>;

  constructor(base: ShardexIndex) {
    this.#origin = base;
    this.#capacity = base.config.shardCapacity;
    this.#map = base.shards;
    this.postingCount = base.postingCount;
    this.byteLength = base.byteLength;
  }

  has(id: ShardId): boolean {
    return this.#map.has(id);
  }

  /** A shard as it is by now; `undefined` where there is none of that id. */
  get(id: ShardId): Shard | undefined {
    return this.#touched.get(id) ?? this.#map.get(id);
  }

  /** Gives a shard other rows. The first touch of a shard makes its Immer draft; nothing else is copied (I4). */
  setRows(id: ShardId, rows: ShardRows): void {
    let draft = this.#touched.get(id);
    if (draft === undefined) {
      draft = draftOf(this.#map.get(id) as Shard);
      this.#touched.set(id, draft);
      this.#changed.add(id);
    }
    const before = draft.rows;
    this.#count(rows, 1);
    this.#count(before, -1);
    draft.rows = rows;
    if (rows.liveCount > this.#capacity) this.#overfull.add(id);
    if (rows.liveCount < before.liveCount) this.#shrunk.add(id);
  }

  insert(shard: Shard, shrunk = false): void {
    this.#map = this.#own().set(shard.id, Object.freeze(shard));
    this.#changed.add(shard.id);
    this.#count(shard.rows, 1);
    if (shard.rows.liveCount > this.#capacity) this.#overfull.add(shard.id);
    if (shrunk) this.#shrunk.add(shard.id);
  }

  delete({ id, rows }: Shard): void {
    this.#count(rows, -1);
    this.#touched.delete(id);
    this.#changed.add(id);
    this.#map = this.#own().delete(id);
    this.#overfull.delete(id);
    this.#shrunk.delete(id);
  }

  /** Whether a shard holds more than this many times its capacity. */
  hasShardOver(times: number): boolean {
    for (const id of this.#overfull)
      if ((this.get(id) as Shard).rows.liveCount > times * this.#capacity) return true;
    return false;
  }

  /** Shards over capacity that have become so since this was last asked, ascending. */
  takeOverfull(): Shard[] {
    return this.#taken(this.#overfull).filter(({ rows }) => rows.liveCount > this.#capacity);
  }

  /** Shards that have lost rows since this was last asked, and are still there, ascending. */
  takeShrunk(): Shard[] {
    return this.#taken(this.#shrunk);
  }

  /** Whether anything differs from a version that this goes on from. */
  differFrom(base: ShardexIndex): boolean {
    return this.#touched.size > 0 || this.#map !== base.shards;
  }

  /** The map of shards as it is by now. Time: O(touched shards · log shards). */
  *finishing(): Steps<ImmutableMap<ShardId, Shard>> {
    for (const [id, draft] of this.#touched) {
      this.#map = this.#own().set(id, finished(draft));
      this.#touched.delete(id);
      yield;
    }
    // Immutable.js calls a transient map immutable too; only asImmutable() ends its mutability.
    return (this.#map = this.#map.asImmutable());
  }

  /** The shards that differ from those of the version that the draft was made from. */
  changes(): ChangedShards {
    const differs = (id: ShardId): boolean => this.#origin.shards.get(id) !== this.#map.get(id);
    const ids = [...this.#changed].filter(differs).sort((a, b) => a - b);
    return Object.freeze({ since: this.#origin.fingerprint, ids: Object.freeze(ids) });
  }

  #count(rows: ShardRows, sign: 1 | -1): void {
    this.postingCount += sign * rows.liveCount;
    this.byteLength += sign * bytesOf(rows);
  }

  /** Empties a set of ids; returns the shards that are there, ascending. */
  #taken(ids: Set<ShardId>): Shard[] {
    const shards = [...ids].sort((a, b) => a - b).flatMap((id) => this.get(id) ?? []);
    ids.clear();
    return shards;
  }

  #own(): ImmutableMap<ShardId, Shard> {
    return (this.#map = this.#map.asMutable());
  }
}
