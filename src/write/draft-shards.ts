// The shards of a draft, with their counts: an Immer draft of each touched shard, the others as in the base.
import { Immer } from 'immer';
import type { Map as ImmutableMap } from 'immutable';
import type { Steps } from '../collections/steps.js';
import type { Shard, ShardId } from '../version/shard.js';
import { type ShardRows, bytesOf } from '../version/shard-rows.js';
import type { ChangedShards, ShardexIndex } from '../version/shardex-index.js';

/** An Immer instance of our own: any code in the process can tell the default one not to freeze, which would break I1. */
const immer = new Immer({ autoFreeze: true });

/** An Immer draft of a frozen value. Its fields can be set; Immer does not look into their values. */
export type Drafted<T> = { -readonly [K in keyof T]: T[K] };

export function draftOf<T extends object>(value: T): Drafted<T> {
  return immer.createDraft(value) as Drafted<T>;
}

export function finished<T extends object>(draft: Drafted<T>): T {
  return immer.finishDraft(draft) as T;
}

/**
 * A transient copy of the map of shards, with drafts of shards beside it.
 *
 * Immer must not see into the map, as it would mutate shards of the base. So {@link finishing} puts finished shards there.
 */
export class DraftShards {
  postingCount: number;
  byteLength: number;
  readonly #capacity: number;
  readonly #origin: ShardexIndex;
  readonly #changed = new Set<ShardId>();
  readonly #touched = new Map<ShardId, Drafted<Shard>>();
  /** Shards that hold more than their capacity, and shards that have lost rows: to be rebalanced. */
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

  /** The current state of a shard; `undefined` for an unknown id. */
  get(id: ShardId): Shard | undefined {
    return this.#touched.get(id) ?? this.#map.get(id);
  }

  /** Gives a shard other rows. The first time makes the shard's Immer draft; nothing else is copied (I4). */
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

  /** Adds a shard; `shrunk` if it has lost rows already. */
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

  /** Takes the shards that have come to hold more than their capacity since the last call, ascending. */
  takeOverfull(): Shard[] {
    return this.#taken(this.#overfull).filter(({ rows }) => rows.liveCount > this.#capacity);
  }

  /** Takes the shards that have lost rows since the last call and are still there, ascending. */
  takeShrunk(): Shard[] {
    return this.#taken(this.#shrunk);
  }

  /** Whether anything has changed since `base`, the version that the draft last became. */
  differFrom(base: ShardexIndex): boolean {
    return this.#touched.size > 0 || this.#map !== base.shards;
  }

  /** Puts the touched shards into the map and returns it. Time: O(touched shards · log shards). */
  *finishing(): Steps<ImmutableMap<ShardId, Shard>> {
    for (const [id, draft] of this.#touched) {
      this.#map = this.#own().set(id, finished(draft));
      this.#touched.delete(id);
      yield;
    }
    // The type of a transient map is that of an immutable one; only asImmutable() makes it so.
    return (this.#map = this.#map.asImmutable());
  }

  /** Lists the shards that differ from those of the version that the draft was made from. */
  changes(): ChangedShards {
    const differs = (id: ShardId): boolean => this.#origin.shards.get(id) !== this.#map.get(id);
    const ids = [...this.#changed].filter(differs).sort((a, b) => a - b);
    return Object.freeze({ since: this.#origin.fingerprint, ids: Object.freeze(ids) });
  }

  #count(rows: ShardRows, sign: 1 | -1): void {
    this.postingCount += sign * rows.liveCount;
    this.byteLength += sign * bytesOf(rows);
  }

  /** Empties a set of ids; returns those of the shards that still exist, ascending. */
  #taken(ids: Set<ShardId>): Shard[] {
    const shards = [...ids].sort((a, b) => a - b).flatMap((id) => this.get(id) ?? []);
    ids.clear();
    return shards;
  }

  #own(): ImmutableMap<ShardId, Shard> {
    return (this.#map = this.#map.asMutable());
  }
}
