/*
 * The directory of a version: what a scan needs of each segment, in a few arrays instead of objects all over memory.
 * A record is eight numbers of 32 bits, of which five are used:
 *
 *   | address of its codes | visible rows | live rows of its shard | next record of its shard | words of dead bits | – | – | – |
 */
import { changedShards } from '../../version/changed-shards.js';
import { type Columns, columnsOf } from '../../version/row-block.js';
import type { Shard, ShardId } from '../../version/shard.js';
import { type DeadBits, type Segment, deadBits } from '../../version/shard-rows.js';
import type { Searchable } from '../../version/searchable.js';

/** Where there is none. */
export const NOWHERE = -1;

/** Rows of a segment that are scanned at once at most; longer ones are scanned piece by piece. A multiple of a group. */
export const PIECE = 4096;

/** The fields of a record, a power of two of them: so no record lies across two cache lines. */
const [ADDRESS, VISIBLE, LIVE, NEXT, DEAD_WORDS, FIELDS] = [0, 1, 2, 3, 4, 8];

/** Records there is room for at first, and words of dead rows in each; with longer segments there are more. */
const FEW = 64;
const FEW_WORDS = 4;

/**
 * What a search has to know of each segment of a version, in a few arrays: shards, segments and blocks themselves lie
 * anywhere in memory, and to look at one takes as long as to scan a dozen rows. A record stands for a segment; those of a
 * shard are a list.
 */
export class Directory {
  /** The numbers of each record, side by side, so that they come from memory together. */
  #fields = new Int32Array(FEW * FIELDS).fill(NOWHERE);
  readonly shards: (Shard | undefined)[] = [];
  readonly segments: (Segment | undefined)[] = [];
  /** Those of the segment's block. */
  readonly columns: (Columns | undefined)[] = [];
  /**
   * Bitmaps of dead rows, as many words for each record as there is room for.
   */
  dead = new Uint32Array(FEW * FEW_WORDS);
  #deadRoom = FEW_WORDS;
  /** By shard id: its first record. Ids are given out in order, so this is 4 bytes for each shard that ever was. */
  #first = new Int32Array(FEW).fill(NOWHERE);
  #free: number = NOWHERE;
  #evictions = 0;

  /** The record of a shard's first segment, or {@link NOWHERE}. */
  firstOf(id: ShardId): number {
    return id < this.#first.length ? this.#first[id] : NOWHERE;
  }

  /** Where the codes of a record's segment for estimates are, or {@link NOWHERE}; see {@link codesOf}. */
  addressOf(record: number): number {
    return this.#fields[FIELDS * record + ADDRESS];
  }

  setAddress(record: number, address: number): void {
    this.#fields[FIELDS * record + ADDRESS] = address;
  }

  /** How many rows the segment sees. */
  visibleOf(record: number): number {
    return this.#fields[FIELDS * record + VISIBLE];
  }

  /** How many rows of the shard are alive. */
  liveOf(record: number): number {
    return this.#fields[FIELDS * record + LIVE];
  }

  /** The record of the shard's next segment, or {@link NOWHERE}. */
  after(record: number): number {
    return this.#fields[FIELDS * record + NEXT];
  }

  /**
   * How many words of a record's bitmap of dead rows count: none where all are alive, or where the segment is too long to
   * be scanned at once.
   */
  deadWordsOf(record: number): number {
    return this.#fields[FIELDS * record + DEAD_WORDS];
  }

  /** Where the words of a record's dead rows begin. */
  deadAt(record: number): number {
    return record * this.#deadRoom;
  }

  /** Forgets all addresses of codes if the cache has evicted anything since the last call. */
  checkAddresses(evictions: number): void {
    if (this.#evictions === evictions) return;
    this.#evictions = evictions;
    for (let at = ADDRESS; at < this.#fields.length; at += FIELDS) this.#fields[at] = NOWHERE;
  }

  /** Takes in a shard as it is now, or that it is gone. What has not changed of it has its codes where they were. */
  put(id: ShardId, shard: Shard | undefined): void {
    const segments = shard?.rows.segments ?? [];
    const addresses = segments.map((segment) => this.#knownAddress(id, segment));
    for (let record = this.firstOf(id); record !== NOWHERE; record = this.#give(record));
    this.#setFirst(id, NOWHERE);
    let before = NOWHERE;
    for (let s = 0; s < segments.length; s++) {
      const segment = segments[s];
      const record = this.#take();
      const at = FIELDS * record;
      this.#fields[at + ADDRESS] = addresses[s];
      this.#fields[at + VISIBLE] = segment.visible;
      this.#fields[at + LIVE] = shard?.rows.liveCount ?? 0;
      this.#fields[at + NEXT] = NOWHERE;
      this.shards[record] = shard;
      this.segments[record] = segment;
      this.columns[record] = columnsOf(segment.block);
      this.#putDead(record, deadBits(segment));
      if (before === NOWHERE) this.#setFirst(id, record);
      else this.#fields[FIELDS * before + NEXT] = record;
      before = record;
    }
  }

  /** Where the codes of a segment are, if the shard has it already, but for rows that have died meanwhile (I6). */
  #knownAddress(id: ShardId, { block, visible }: Segment): number {
    for (let record = this.firstOf(id); record !== NOWHERE; record = this.after(record))
      if (this.segments[record]?.block === block && this.visibleOf(record) === visible)
        return this.addressOf(record);
    return NOWHERE;
  }

  #setFirst(id: ShardId, record: number): void {
    if (id >= this.#first.length) {
      const grown = new Int32Array(2 * (id + 1)).fill(NOWHERE);
      grown.set(this.#first);
      this.#first = grown;
    }
    this.#first[id] = record;
  }

  #putDead(record: number, bits: DeadBits | undefined): void {
    const words = bits === undefined || bits.length > PIECE / 32 ? 0 : bits.length;
    this.#fields[FIELDS * record + DEAD_WORDS] = words;
    if (words > this.#deadRoom) this.#makeDeadRoom(this.#fields.length / FIELDS, words);
    if (bits !== undefined && words > 0) this.dead.set(bits, this.deadAt(record));
  }

  #makeDeadRoom(records: number, words: number): void {
    const grown = new Uint32Array(records * words);
    for (let record = 0; record < this.shards.length; record++) {
      const from = this.deadAt(record);
      grown.set(this.dead.subarray(from, from + this.#deadRoom), record * words);
    }
    this.dead = grown;
    this.#deadRoom = words;
  }

  /** Gives a record back; returns the one after it. */
  #give(record: number): number {
    const after = this.after(record);
    this.shards[record] = undefined;
    this.segments[record] = undefined;
    this.columns[record] = undefined;
    this.#fields[FIELDS * record + NEXT] = this.#free;
    this.#free = record;
    return after;
  }

  #take(): number {
    if (this.#free !== NOWHERE) {
      const record = this.#free;
      this.#free = this.after(record);
      return record;
    }
    const record = this.shards.length;
    if (FIELDS * record === this.#fields.length) {
      this.#makeDeadRoom(2 * record, this.#deadRoom);
      const grown = new Int32Array(2 * this.#fields.length).fill(NOWHERE);
      grown.set(this.#fields);
      this.#fields = grown;
    }
    return record;
  }
}

/**
 * The directory of the version that was searched last. It is made into that of the next one by what differs between them,
 * and is kept by the version itself, so that it keeps nothing alive that the version does not (I8).
 */
export class LastDirectory {
  #known = new WeakMap<Searchable, Directory>();
  #last: WeakRef<Searchable> | undefined;

  /** The version that was searched last, if it is still there. */
  get last(): Searchable | undefined {
    return this.#last?.deref();
  }

  /**
   * Tells of each shard that differs from the last version, before it is taken in. Time: O(shards that differ · log
   * shards); O(shards) for a first one.
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

/** How many rows of a shard are alive, by the directory where there is one. */
export function liveRowsOf(
  shards: Searchable['shards'],
  directory: Directory | undefined,
  id: ShardId,
): number {
  if (directory === undefined) return (shards.get(id) as Shard).rows.liveCount;
  return directory.liveOf(directory.firstOf(id));
}

/** The directory of some shards, which nothing else uses. Time: O(shards). */
export function newDirectory({ shards }: Pick<Searchable, 'shards'>): Directory {
  const directory = new Directory();
  for (const [id, shard] of shards) directory.put(id, shard);
  return directory;
}
