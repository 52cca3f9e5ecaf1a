import { type Columns, columnsOf, sameVector } from '../version/row-block.js';
import type { ShardId } from '../version/shard.js';
import { type Segment, eachLiveRow } from '../version/shard-rows.js';
import type { BasePlace } from './delta.js';
import { type KeyColumns, KeyIndex, bucketsFor, hashOf } from './key-index.js';

/** Rows with vectors of one length that are looked through before keys are: postings may well have one vector each. */
const MOST_ALIKE = 32;

/** The rows of a segment that are not dead. */
export function liveRowsOf(segment: Segment): number[] {
  const rows: number[] = [];
  eachLiveRow(segment, 0, (row) => rows.push(row));
  return rows;
}

interface Source extends BasePlace {
  readonly columns: Columns;
}

/**
 * Rows of the base that are not where they were: some were moved elsewhere as they are, the others are lost or were
 * given another vector. Moved ones are found by the length of their vectors, because texts lie scattered in memory and
 * are slow to look at; which of the others have the same key is found out only when somebody asks.
 */
export class Vanished {
  readonly #sources: Source[] = [];
  /** For each row, the place of its source, and the row there. */
  readonly #sourceAt: number[] = [];
  readonly #rows: number[] = [];
  #moved: Uint8Array | undefined;
  /** The squares of the lengths, and the same as words. */
  #norms = new Float64Array();
  #words = new Uint32Array();
  /** The last row of each bucket, and for each row the one before it; one more than its place, so that 0 is none. */
  #last = new Uint32Array();
  #before = new Uint32Array();
  #byKey: KeyIndex | undefined;
  readonly #wanted = new Float64Array(1);
  readonly #wantedWords = new Uint32Array(this.#wanted.buffer);

  /** Takes in rows of one segment. */
  push(shard: ShardId, segment: number, { block }: Segment, rows: readonly number[]): void {
    if (rows.length === 0) return;
    this.#sources.push({ shard, segment, columns: columnsOf(block) });
    for (const row of rows) {
      this.#sourceAt.push(this.#sources.length - 1);
      this.#rows.push(row);
    }
  }

  /** The place of the row with the key and the vector of this one, which counts as moved from then on; or −1. */
  find(columns: Columns, row: number): number {
    if (this.#rows.length === 0) return -1;
    this.#moved ??= this.#gather();
    const at = this.#placeOf(columns, row);
    if (at >= 0) this.#moved[at] = 1;
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

  /** The keys of the rows that were not moved. They are copied: nothing of the base is kept alive for them. */
  lost(): KeyColumns {
    return this.#keys(this.#moved);
  }

  #gather(): Uint8Array {
    const count = this.#rows.length;
    this.#norms = new Float64Array(count);
    this.#words = new Uint32Array(this.#norms.buffer);
    this.#before = new Uint32Array(count);
    this.#last = new Uint32Array(bucketsFor(count));
    for (let at = 0; at < count; at++)
      this.#norms[at] = this.#sources[this.#sourceAt[at]].columns.squaredNorms[this.#rows[at]];
    for (let at = 0; at < count; at++) {
      const bucket = this.#bucket(this.#words, at);
      this.#before[at] = this.#last[bucket];
      this.#last[bucket] = at + 1;
    }
    return new Uint8Array(count);
  }

  #bucket(words: Uint32Array, at: number): number {
    return hashOf(words[2 * at], words[2 * at + 1]) & (this.#last.length - 1);
  }

  #placeOf(columns: Columns, row: number): number {
    if (this.#byKey !== undefined) return this.#placeByKey(this.#byKey, columns, row);
    const norm = columns.squaredNorms[row];
    this.#wanted[0] = norm;
    let at = this.#last[this.#bucket(this.#wantedWords, 0)];
    for (let alike = 0; at > 0; at = this.#before[at - 1]) {
      if (this.#norms[at - 1] !== norm) continue;
      if (this.#isSame(at - 1, columns, row)) break;
      if (++alike === MOST_ALIKE)
        return this.#placeByKey((this.#byKey = new KeyIndex(this.#keys())), columns, row);
    }
    return at - 1;
  }

  #placeByKey(index: KeyIndex, columns: Columns, row: number): number {
    const at = index.find(columns.documentIds[row], columns.starts[row], columns.lengths[row]);
    return at >= 0 && this.#isSame(at, columns, row) ? at : -1;
  }

  #isSame(at: number, columns: Columns, row: number): boolean {
    const { columns: old } = this.#sources[this.#sourceAt[at]];
    const oldRow = this.#rows[at];
    return (
      old.starts[oldRow] === columns.starts[row] &&
      old.lengths[oldRow] === columns.lengths[row] &&
      old.documentIds[oldRow] === columns.documentIds[row] &&
      sameVector(old, oldRow, columns, row)
    );
  }

  #keys(except?: Uint8Array): KeyColumns {
    const documentIds: string[] = [];
    const starts: number[] = [];
    const lengths: number[] = [];
    for (let at = 0; at < this.#rows.length; at++) {
      if (except?.[at] === 1) continue;
      const { columns } = this.#sources[this.#sourceAt[at]];
      const row = this.#rows[at];
      documentIds.push(columns.documentIds[row]);
      starts.push(columns.starts[row]);
      lengths.push(columns.lengths[row]);
    }
    return { documentIds, starts: Uint32Array.from(starts), lengths: Uint32Array.from(lengths) };
  }
}
