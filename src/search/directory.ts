import { changedShards } from '../version/changed-shards.js';
import { type Columns, columnsOf } from '../version/row-block.js';
import type { Shard, ShardId } from '../version/shard.js';
import { type Segment, deadBits } from '../version/shard-rows.js';
import type { ShardexIndex } from '../version/shardex-index.js';

/** Where there is none. */
export const NOWHERE = -1;

/** Records there is room for at first. */
const FEW = 64;

/**
 * What a search has to know of each segment of a version, in a few arrays: shards, segments and blocks themselves lie
 * anywhere in memory, and to look at one takes as long as to scan a dozen rows. A record stands for a segment; those of a
 * shard are a list.
 */
export class Directory {
  /** By record: where the segment's codes for estimates are, or {@link NOWHERE}; see {@link codesOf}. */
  places = new Int32Array(FEW).fill(NOWHERE);
  /** How many rows the segment sees. */
  visible = new Int32Array(FEW);
  /** How many of the shard's are alive; for its first segment. */
  live = new Int32Array(FEW);
  /** The record of the shard's next segment, or {@link NOWHERE}. */
  next = new Int32Array(FEW);
  readonly shards: (Shard | undefined)[] = [];
  readonly segments: (Segment | undefined)[] = [];
  /** Those of the segment's block. */
  readonly columns: (Columns | undefined)[] = [];
  readonly dead: (Uint32Array | undefined)[] = [];
  readonly #first = new Map<ShardId, number>();
  #free: number = NOWHERE;
  #evictions = 0;

  /** The record of a shard's first segment, or {@link NOWHERE}. */
  firstOf(id: ShardId): number {
    return this.#first.get(id) ?? NOWHERE;
  }

  /** Codes may have been taken away, so many times by now: then none is where it was. */
  checkPlaces(evictions: number): void {
    if (this.#evictions === evictions) return;
    this.#evictions = evictions;
    this.places.fill(NOWHERE);
  }

  /** Takes in a shard as it is now, or that it is gone. */
  put(id: ShardId, shard: Shard | undefined): void {
    for (let record = this.firstOf(id); record !== NOWHERE; record = this.#give(record));
    this.#first.delete(id);
    if (shard === undefined) return;
    let before = NOWHERE;
    for (const segment of shard.rows.segments) {
      const record = this.#take();
      this.places[record] = NOWHERE;
      this.visible[record] = segment.visible;
      this.live[record] = shard.rows.liveCount;
      this.next[record] = NOWHERE;
      this.shards[record] = shard;
      this.segments[record] = segment;
      this.columns[record] = columnsOf(segment.block);
      this.dead[record] = deadBits(segment);
      if (before === NOWHERE) this.#first.set(id, record);
      else this.next[before] = record;
      before = record;
    }
  }

  /** Gives a record back; returns the one after it. */
  #give(record: number): number {
    const after = this.next[record];
    this.shards[record] = undefined;
    this.segments[record] = undefined;
    this.columns[record] = undefined;
    this.dead[record] = undefined;
    this.next[record] = this.#free;
    this.#free = record;
    return after;
  }

  #take(): number {
    if (this.#free !== NOWHERE) {
      const record = this.#free;
      this.#free = this.next[record];
      return record;
    }
    const record = this.shards.length;
    if (record === this.places.length) {
      for (const column of ['places', 'visible', 'live', 'next'] as const) {
        const grown = new Int32Array(2 * record).fill(NOWHERE);
        grown.set(this[column]);
        this[column] = grown;
      }
    }
    return record;
  }
}

/**
 * The directory of the version that was searched last. It is made into that of the next one by what differs between them,
 * and is kept by the version itself, so that it keeps nothing alive that the version does not (I8).
 */
export class LastDirectory {
  #known = new WeakMap<ShardexIndex, Directory>();
  #last: WeakRef<ShardexIndex> | undefined;

  /** Time: O(shards that differ from the version before · log shards); O(shards) for a first one. */
  of(index: ShardexIndex): Directory {
    const known = this.#known.get(index);
    if (known !== undefined) return known;
    const before = this.#last?.deref();
    const directory = before && this.#known.get(before);
    if (before === undefined || directory === undefined) return this.#keep(index, newDirectory(index));
    this.#known.delete(before);
    for (const id of changedShards(before, index)) directory.put(id, index.shards.get(id));
    return this.#keep(index, directory);
  }

  #keep(index: ShardexIndex, directory: Directory): Directory {
    this.#known.set(index, directory);
    this.#last = new WeakRef(index);
    return directory;
  }
}

function newDirectory({ shards }: ShardexIndex): Directory {
  const directory = new Directory();
  for (const [id, shard] of shards) directory.put(id, shard);
  return directory;
}
