/*
 * The directory of a version: what a scan needs of each segment, in a few arrays. The objects themselves are scattered:
 * reading one takes as long as scanning a dozen rows. An entry stands for a segment; those of a shard are a linked list.
 * An entry is eight numbers of 32 bits, of which five are used:
 *
 *   | address of its codes | visible rows | live rows of its shard | next entry of its shard | words of dead bits | – | – | – |
 */
import { changedShards } from '../../version/changed-shards.js';
import { type Columns, columnsOf } from '../../version/row-block.js';
import type { Shard, ShardId } from '../../version/shard.js';
import { type DeadBits, type Segment, deadBits } from '../../version/shard-rows.js';
import type { Searchable } from '../../version/searchable.js';

/** Stands for no entry, and for no address. */
export const NOWHERE = -1;

/** Rows that one table scan takes; longer segments are scanned piece by piece. A multiple of a group. */
export const PIECE = 4096;

/** The fields of an entry; their number is a power of two, so that no entry lies across two cache lines. */
const [ADDRESS, VISIBLE, LIVE, NEXT, DEAD_WORDS, FIELDS] = [0, 1, 2, 3, 4, 8];

/** Entries allocated at first, and words of dead bits in each; longer segments make that grow. */
const FEW = 64;
const FEW_WORDS = 4;

/** A table of the segments of a version. */
export class Directory {
  /** The fields of all entries, one entry after another. */
  #fields = new Int32Array(FEW * FIELDS).fill(NOWHERE);
  readonly shards: (Shard | undefined)[] = [];
  readonly segments: (Segment | undefined)[] = [];
  /** The columns of the segment's block. */
  readonly columns: (Columns | undefined)[] = [];
  /** Bitmaps of dead rows, of the same number of words for each entry. */
  dead = new Uint32Array(FEW * FEW_WORDS);
  #deadRoom = FEW_WORDS;
  /** The first entry of each shard, by its id. Ids ascend, so this takes 4 bytes for each shard that ever was. */
  #first = new Int32Array(FEW).fill(NOWHERE);
  #free: number = NOWHERE;
  #evictions = 0;

  /** The entry of a shard's first segment, or {@link NOWHERE}. */
  firstOf(id: ShardId): number {
    return id < this.#first.length ? this.#first[id] : NOWHERE;
  }

  /** The address of the segment's coarse codes, or {@link NOWHERE}; see {@link codesOf}. */
  addressOf(entry: number): number {
    return this.#fields[FIELDS * entry + ADDRESS];
  }

  setAddress(entry: number, address: number): void {
    this.#fields[FIELDS * entry + ADDRESS] = address;
  }

  /** How many rows the segment sees. */
  visibleOf(entry: number): number {
    return this.#fields[FIELDS * entry + VISIBLE];
  }

  /** How many rows of the shard are alive. */
  liveOf(entry: number): number {
    return this.#fields[FIELDS * entry + LIVE];
  }

  /** The entry of the shard's next segment, or {@link NOWHERE}. */
  after(entry: number): number {
    return this.#fields[FIELDS * entry + NEXT];
  }

  /** Words of the bitmap of dead rows: 0 if all rows are alive, or if the segment is longer than a piece. */
  deadWordsOf(entry: number): number {
    return this.#fields[FIELDS * entry + DEAD_WORDS];
  }

  /** Index of an entry's first word of dead bits. */
  deadAt(entry: number): number {
    return entry * this.#deadRoom;
  }

  /** Forgets all addresses of codes if the cache has evicted anything since the last call. */
  checkAddresses(evictions: number): void {
    if (this.#evictions === evictions) return;
    this.#evictions = evictions;
    for (let at = ADDRESS; at < this.#fields.length; at += FIELDS) this.#fields[at] = NOWHERE;
  }

  /** Replaces a shard, or removes it. Segments that it had before keep the addresses of their codes. */
  put(id: ShardId, shard: Shard | undefined): void {
    const segments = shard?.rows.segments ?? [];
    const addresses = segments.map((segment) => this.#knownAddress(id, segment));
    for (let entry = this.firstOf(id); entry !== NOWHERE; entry = this.#give(entry));
    this.#setFirst(id, NOWHERE);
    let before = NOWHERE;
    for (let s = 0; s < segments.length; s++) {
      const segment = segments[s];
      const entry = this.#take();
      const at = FIELDS * entry;
      this.#fields[at + ADDRESS] = addresses[s];
      this.#fields[at + VISIBLE] = segment.visible;
      this.#fields[at + LIVE] = shard?.rows.liveCount ?? 0;
      this.#fields[at + NEXT] = NOWHERE;
      this.shards[entry] = shard;
      this.segments[entry] = segment;
      this.columns[entry] = columnsOf(segment.block);
      this.#putDead(entry, deadBits(segment));
      if (before === NOWHERE) this.#setFirst(id, entry);
      else this.#fields[FIELDS * before + NEXT] = entry;
      before = entry;
    }
  }

  /** The address of a segment's codes, if the shard has it already; rows that died meanwhile do not matter (I6). */
  #knownAddress(id: ShardId, { block, visible }: Segment): number {
    for (let entry = this.firstOf(id); entry !== NOWHERE; entry = this.after(entry))
      if (this.segments[entry]?.block === block && this.visibleOf(entry) === visible)
        return this.addressOf(entry);
    return NOWHERE;
  }

  #setFirst(id: ShardId, entry: number): void {
    if (id >= this.#first.length) {
      const grown = new Int32Array(2 * (id + 1)).fill(NOWHERE);
      grown.set(this.#first);
      this.#first = grown;
    }
    this.#first[id] = entry;
  }

  #putDead(entry: number, bits: DeadBits | undefined): void {
    const words = bits === undefined || bits.length > PIECE / 32 ? 0 : bits.length;
    this.#fields[FIELDS * entry + DEAD_WORDS] = words;
    if (words > this.#deadRoom) this.#makeDeadRoom(this.#fields.length / FIELDS, words);
    if (bits !== undefined && words > 0) this.dead.set(bits, this.deadAt(entry));
  }

  #makeDeadRoom(entries: number, words: number): void {
    const grown = new Uint32Array(entries * words);
    for (let entry = 0; entry < this.shards.length; entry++) {
      const from = this.deadAt(entry);
      grown.set(this.dead.subarray(from, from + this.#deadRoom), entry * words);
    }
    this.dead = grown;
    this.#deadRoom = words;
  }

  /** Frees an entry. Returns the one after it. */
  #give(entry: number): number {
    const after = this.after(entry);
    this.shards[entry] = undefined;
    this.segments[entry] = undefined;
    this.columns[entry] = undefined;
    this.#fields[FIELDS * entry + NEXT] = this.#free;
    this.#free = entry;
    return after;
  }

  #take(): number {
    if (this.#free !== NOWHERE) {
      const entry = this.#free;
      this.#free = this.after(entry);
      return entry;
    }
    const entry = this.shards.length;
    if (FIELDS * entry === this.#fields.length) {
      this.#makeDeadRoom(2 * entry, this.#deadRoom);
      const grown = new Int32Array(2 * this.#fields.length).fill(NOWHERE);
      grown.set(this.#fields);
      this.#fields = grown;
    }
    return entry;
  }
}

/**
 * The directory of the version that was searched last.
 *
 * It is turned into that of the next one, by the shards that differ. It belongs to the version, so it keeps alive nothing
 * that the version does not (I8).
 */
export class LastDirectory {
  #known = new WeakMap<Searchable, Directory>();
  #last: WeakRef<Searchable> | undefined;

  /** The version that was searched last, unless it was collected. */
  get last(): Searchable | undefined {
    return this.#last?.deref();
  }

  /**
   * The directory of a version. Calls `changing` with each shard that differs from the last version, before it is replaced.
   *
   * Time: O(shards that differ · log shards); O(shards) for a first one.
   */
  of(index: Searchable, changing?: (id: ShardId, before: Directory) => void): Directory {
    const known = this.#known.get(index);
    if (known !== undefined) return known;
    const before = this.last;
    const directory = before && this.#known.get(before);
    if (before === undefined || directory === undefined) return this.#keep(index, newDirectory(index));
    this.#known.delete(before);
    for (const id of changedShards(before, index)) {
      changing?.(id, directory);
      directory.put(id, index.shards.get(id));
    }
    return this.#keep(index, directory);
  }

  #keep(index: Searchable, directory: Directory): Directory {
    this.#known.set(index, directory);
    this.#last = new WeakRef(index);
    return directory;
  }
}

/** How many rows of a shard are alive, from the directory if there is one. */
export function liveRowsOf(
  shards: Searchable['shards'],
  directory: Directory | undefined,
  id: ShardId,
): number {
  if (directory === undefined) return (shards.get(id) as Shard).rows.liveCount;
  return directory.liveOf(directory.firstOf(id));
}

/** Makes a directory of some shards. Time: O(shards). */
export function newDirectory({ shards }: Pick<Searchable, 'shards'>): Directory {
  const directory = new Directory();
  for (const [id, shard] of shards) directory.put(id, shard);
  return directory;
}
