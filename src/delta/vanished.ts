import { type Columns, type RowBlock, columnsOf, sameVector } from '../version/row-block.js';
import type { ShardId } from '../version/shard.js';
import { type Segment, eachLiveRow } from '../version/shard-rows.js';

/** Where a row of the base is that has a wanted key. */
export interface Match {
  readonly shard: ShardId;
  readonly segment: number;
  readonly row: number;
  /** Whether its vector is the same too. */
  readonly same: boolean;
}

/** Rows of the base that are not where they were: some will be found again elsewhere, the others are lost. */
export class Vanished {
  readonly #shards: ShardId[] = [];
  readonly #segments: number[] = [];
  readonly #blocks: RowBlock[] = [];
  readonly #rows: number[] = [];
  readonly #found: boolean[] = [];
  /** The last row of each document, and for each row the one before it. */
  readonly #last = new Map<string, number>();
  readonly #before: number[] = [];

  push(shard: ShardId, segment: number, block: RowBlock, row: number): void {
    const documentId = columnsOf(block).documentIds[row];
    const at = this.#rows.length;
    this.#before.push(this.#last.get(documentId) ?? -1);
    this.#last.set(documentId, at);
    this.#shards.push(shard);
    this.#segments.push(segment);
    this.#blocks.push(block);
    this.#rows.push(row);
    this.#found.push(false);
  }

  pushLive(shard: ShardId, at: number, segment: Segment): void {
    eachLiveRow(segment, 0, (row) => {
      this.push(shard, at, segment.block, row);
    });
  }

  /** The row with the key of this one; it counts as found. */
  find(columns: Columns, row: number): Match | undefined {
    if (this.#rows.length === 0) return undefined;
    let at = this.#last.get(columns.documentIds[row]) ?? -1;
    for (; at >= 0; at = this.#before[at]) {
      const old = columnsOf(this.#blocks[at]);
      const oldRow = this.#rows[at];
      if (old.starts[oldRow] !== columns.starts[row] || old.lengths[oldRow] !== columns.lengths[row])
        continue;
      this.#found[at] = true;
      const same =
        old.squaredNorms[oldRow] === columns.squaredNorms[row] && sameVector(old, oldRow, columns, row);
      return { shard: this.#shards[at], segment: this.#segments[at], row: oldRow, same };
    }
    return undefined;
  }

  /** The rows that nobody found. */
  eachLost(visit: (block: RowBlock, row: number) => void): void {
    for (let at = 0; at < this.#rows.length; at++)
      if (!this.#found[at]) visit(this.#blocks[at], this.#rows[at]);
  }
}
