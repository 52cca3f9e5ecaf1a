import { type Columns, columnsOf, sameVector } from '../version/row-block.js';
import type { ShardId } from '../version/shard.js';
import type { Segment } from '../version/shard-rows.js';
import type { BasePlace } from './delta.js';
import { type KeyColumns, KeyIndex, bucketsFor, hashOf } from './key-index.js';

/**
 * Rows of one bucket that are looked through before keys are: postings may well have one vector each, or vectors that were
 * chosen so that they meet.
 */
const MOST_TOGETHER = 32;

/** Rows of one segment of the base. */
interface Source extends BasePlace {
  readonly columns: Columns;
  readonly rows: readonly number[];
}

/** Gathers rows of the base that are not where they were, to look for them elsewhere. */
export class VanishedRows {
  /** How many there are. */
  count = 0;
  readonly sources: Source[] = [];

  push(shard: ShardId, segment: number, { block }: Segment, rows: readonly number[]): void {
    if (rows.length === 0) return;
    this.count += rows.length;
    this.sources.push({ shard, segment, columns: columnsOf(block), rows });
  }
}

/**
 * Rows of the base that are not where they were: some were moved elsewhere as they are, the others are lost or were
 * given another vector. Moved ones are found by the length of their vectors, because texts lie scattered in memory and
 * are slow to look at; which of the others have the same key is found out only when somebody asks.
 */
export class Vanished {
  /** The keys of all these rows: copies, which keep nothing of the base alive. */
  readonly keys: KeyColumns;
  /** 1 for each of them that was found elsewhere. */
  readonly isMoved: Uint8Array;
  readonly #sources: readonly Source[];
  /** For each row, the place of its source, and the row there. */
  readonly #sourceAt: Uint32Array;
  readonly #rows: Uint32Array;
  readonly #norms: Float64Array;
  /** The last row of each bucket, and for each row the one before it; one more than its place, so that 0 is none. */
  readonly #last: Uint32Array;
  readonly #before: Uint32Array;
  #byKey: KeyIndex | undefined;
  readonly #wanted = new Float64Array(1);
  readonly #wantedWords = new Uint32Array(this.#wanted.buffer);

  constructor({ count, sources }: VanishedRows) {
    const documentIds: string[] = [];
    const [starts, lengths] = [new Uint32Array(count), new Uint32Array(count)];
    this.keys = { documentIds, starts, lengths };
    this.isMoved = new Uint8Array(count);
    this.#sources = sources;
    this.#sourceAt = new Uint32Array(count);
    this.#rows = new Uint32Array(count);
    this.#norms = new Float64Array(count);
    let at = 0;
    for (let s = 0; s < sources.length; s++) {
      const { columns, rows } = sources[s];
      for (const row of rows) {
        documentIds.push(columns.ids.at(row));
        starts[at] = columns.starts[row];
        lengths[at] = columns.lengths[row];
        this.#norms[at] = columns.squaredNorms[row];
        this.#sourceAt[at] = s;
        this.#rows[at++] = row;
      }
    }
    this.#before = new Uint32Array(count);
    this.#last = new Uint32Array(bucketsFor(count));
    const words = new Uint32Array(this.#norms.buffer);
    for (at = 0; at < count; at++) {
      const bucket = this.#bucket(words, at);
      this.#before[at] = this.#last[bucket];
      this.#last[bucket] = at + 1;
    }
  }

  /** The place of the row with the key and the vector of this one, which counts as moved from then on; or −1. */
  find(columns: Columns, row: number): number {
    const at = this.#placeOf(columns, row);
    if (at >= 0) this.isMoved[at] = 1;
    return at;
  }

  /** Where a row that was found was. */
  sourceOf(at: number): BasePlace {
    const { shard, segment } = this.#sources[this.#sourceAt[at]];
    return { shard, segment };
  }

  isFrom(at: number, { shard, segment }: BasePlace): boolean {
    const source = this.#sources[this.#sourceAt[at]];
    return source.shard === shard && source.segment === segment;
  }

  rowOf(at: number): number {
    return this.#rows[at];
  }

  #bucket(words: Uint32Array, at: number): number {
    return hashOf(words[2 * at], words[2 * at + 1]) & (this.#last.length - 1);
  }

  #placeOf(columns: Columns, row: number): number {
    if (this.#byKey !== undefined) return this.#placeByKey(this.#byKey, columns, row);
    const norm = columns.squaredNorms[row];
    this.#wanted[0] = norm;
    let at = this.#last[this.#bucket(this.#wantedWords, 0)];
    for (let left = MOST_TOGETHER; at > 0; at = this.#before[at - 1]) {
      if (this.#norms[at - 1] === norm && this.#isSame(at - 1, columns, row)) break;
      if (--left === 0) return this.#placeByKey((this.#byKey = new KeyIndex(this.keys)), columns, row);
    }
    return at - 1;
  }

  #placeByKey(index: KeyIndex, columns: Columns, row: number): number {
    const at = index.find(columns.ids.at(row), columns.starts[row], columns.lengths[row]);
    return at >= 0 && this.#isSame(at, columns, row) ? at : -1;
  }

  #isSame(at: number, columns: Columns, row: number): boolean {
    const { documentIds, starts, lengths } = this.keys;
    return (
      starts[at] === columns.starts[row] &&
      lengths[at] === columns.lengths[row] &&
      documentIds[at] === columns.ids.at(row) &&
      sameVector(this.#sources[this.#sourceAt[at]].columns, this.#rows[at], columns, row)
    );
  }
}
