// The parts of a rearrangement: rows that come to shards or leave them, shards that go and shards that are new.
import type { CentroidTable } from '../version/centroid-table.js';
import { type RowBlock, RowList } from '../version/row-block.js';
import type { Centroid, ShardId } from '../version/shard.js';

/** Rows on their way to a shard, each with its separation from that shard's centroid. */
export class Arrivals {
  readonly rows = new RowList();
  readonly separations: number[] = [];

  push(block: RowBlock, row: number, separation: number): void {
    this.rows.push(block, row);
    this.separations.push(separation);
  }
}

/** Arrivals by the shard that they come to. */
export class ArrivalsByShard extends Map<ShardId, Arrivals> {
  /** The arrivals of a shard; adds an empty entry if there is none. */
  of(id: ShardId): Arrivals {
    let arrivals = this.get(id);
    if (arrivals === undefined) this.set(id, (arrivals = new Arrivals()));
    return arrivals;
  }
}

/** Rows to be taken out of a shard. */
export type Leavers = ReadonlyMap<RowBlock, ReadonlySet<number>>;

/** A shard in the making. */
export interface Part {
  readonly id: ShardId;
  readonly centroid: Centroid;
  readonly rows: RowList;
}

/** Shards to remove, parts in their place, and the centroid table after that. */
export interface Replacement {
  readonly gone: ReadonlySet<ShardId>;
  readonly parts: readonly Part[];
  readonly centroids: CentroidTable;
}

/** Rows that change shards, and shards that change with them. */
export interface Rearrangement {
  /** The rows that each shard gets, with all live rows of the shards that go and all rows of the new ones. */
  readonly arrivals: ReadonlyMap<ShardId, Arrivals>;
  /** The rows that leave shards that stay. */
  readonly leavers?: ReadonlyMap<ShardId, Leavers>;
  readonly replacement?: Replacement;
}
