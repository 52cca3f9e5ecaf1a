/*
 * The lost rows of a comparison: rows that a shard has in the base, and no longer in the next version. `between.ts` collects
 * them, then looks up each new row among them: if it is found, it was moved, otherwise written.
 */

import { type Columns, columnsOf, sameVector } from '../version/row-block.js';
import type { ShardId } from '../version/shard.js';
import type { Segment } from '../version/shard-rows.js';
import type { BaseSegment } from './changes.js';
import { HashChains, MAX_CHAIN, hashWords } from './hash-chains.js';
import { type KeyColumns, KeyIndex } from './key-index.js';

/** Rows of one segment of the base. */
interface Source extends BaseSegment {
  readonly columns: Columns;
  readonly rows: readonly number[];
}

/** Collects the lost rows of the base. */
export class LostRows {
  /** Number of rows. */
  count = 0;
  readonly sources: Source[] = [];

  push(shard: ShardId, segment: number, { block }: Segment, rows: readonly number[]): void {
    if (rows.length === 0) return;
    this.count += rows.length;
    this.sources.push({ shard, segment, columns: columnsOf(block), rows });
  }
}

/**
 * Lost rows of the base, to be matched with new ones.
 *
 * Some were moved, the others were removed or given another vector. They are found by the length of their vectors, because
 * ids are scattered in memory and slow to read. An index by key is made only if lengths collide.
 */
export class LostRowIndex {
  /** Keys of all lost rows; copies, which keep nothing of the base alive. */
  readonly keys: KeyColumns;
  /** 1 for each row that was found elsewhere. */
  readonly isMoved: Uint8Array;
  readonly #sources: readonly Source[];
  /** For each row, the index of its source, and the row in it. */
  readonly #sourceAt: Uint32Array;
  readonly #rows: Uint32Array;
  readonly #norms: Float64Array;
  readonly #chains: HashChains;
  #byKey: KeyIndex | undefined;
  readonly #wanted = new Float64Array(1);
  readonly #wantedWords = new Uint32Array(this.#wanted.buffer);

  constructor({ count, sources }: LostRows) {
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
    this.#chains = new HashChains(count);
    const words = new Uint32Array(this.#norms.buffer);
    for (at = 0; at < count; at++) this.#chains.add(hashWords(words[2 * at], words[2 * at + 1]), at);
  }

  /** Finds the lost row with the key and vector of this one and marks it as moved; −1 if there is none. */
  find(columns: Columns, row: number): number {
    const at = this.#findByNorm(columns, row);
    if (at >= 0) this.isMoved[at] = 1;
    return at;
  }

  /** Returns the segment that a row was in. */
  sourceOf(at: number): BaseSegment {
    const { shard, segment } = this.#sources[this.#sourceAt[at]];
    return { shard, segment };
  }

  isFrom(at: number, { shard, segment }: BaseSegment): boolean {
    const source = this.#sources[this.#sourceAt[at]];
    return source.shard === shard && source.segment === segment;
  }

  rowOf(at: number): number {
    return this.#rows[at];
  }

  #findByNorm(columns: Columns, row: number): number {
    if (this.#byKey !== undefined) return this.#findByKey(this.#byKey, columns, row);
    const norm = columns.squaredNorms[row];
    this.#wanted[0] = norm;
    let at = this.#chains.first(hashWords(this.#wantedWords[0], this.#wantedWords[1]));
    for (let left = MAX_CHAIN; at >= 0; at = this.#chains.next(at)) {
      if (this.#norms[at] === norm && this.#isSame(at, columns, row)) break;
      if (--left === 0) return this.#findByKey((this.#byKey = new KeyIndex(this.keys)), columns, row);
    }
    return at;
  }

  #findByKey(index: KeyIndex, columns: Columns, row: number): number {
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
