/*
 * A version as a map of its shards: where each lies, how many rows it has, and what it shares.
 */

import type { Shard, ShardId, ShardexIndex } from '../../index.js';
import type { Pair } from '../versions.js';
import { type Axes, placeOf } from './projection.js';
import { type ShardState, type Sharing, sharingOf } from './sharing.js';

/** A shard on the map. */
export interface MapShard {
  readonly id: ShardId;
  readonly x: number;
  readonly y: number;
  /** Live rows. */
  readonly rows: number;
  /** Rows that are deleted or superseded, and not reclaimed yet. */
  readonly dead: number;
  /** Missing where nothing is compared. */
  readonly state?: ShardState | 'gone';
}

/** A version, and what it shares with another one. */
export interface ShardMap {
  readonly version: number;
  readonly fingerprint: string;
  readonly postings: number;
  readonly documents: number;
  readonly shards: readonly MapShard[];
  /** How much of what centroids differ by the map shows, 0 to 1. */
  readonly share: number;
  readonly against?: {
    readonly version: number;
    readonly fingerprint: string;
    /** Whether what did not change is the same in both; if not, colours say nothing. */
    readonly isComparable: boolean;
    readonly counts: Sharing['counts'];
    readonly sharedBytes: number;
    readonly ownBytes: number;
  };
}

/** The version whose axes a map has: the one that is compared, so that nothing moves while new versions come. */
export function mappedBy({ shown, against }: Pair): ShardexIndex {
  return against === undefined || against.shardCount < 3 ? shown : against;
}

/** Draws the map of a version along two axes. Time: O(shards · dimensions). */
export function shardMapOf({ shown, against, isComparable }: Pair, axes: Axes): ShardMap {
  const isCosine = shown.config.metric === 'cosine';
  const drawn = (shard: Shard, state?: MapShard['state']): MapShard => {
    const [x, y] = placeOf(axes, shard.centroid.toArray(), isCosine);
    const { liveCount, rowCount } = shard.rows;
    return { id: shard.id, x, y, rows: liveCount, dead: rowCount - liveCount, ...(state && { state }) };
  };
  const sharing = against && isComparable ? sharingOf(shown, against) : undefined;
  const shards = [...shown.shards.values()].map((shard) => drawn(shard, sharing?.states.get(shard.id)));
  const gone = sharing?.gone.map((shard) => drawn(shard, 'gone')) ?? [];
  return {
    ...identityOf(shown),
    postings: shown.postingCount,
    documents: shown.documentCount,
    shards: [...shards, ...gone].sort((a, b) => a.id - b.id),
    share: axes.share,
    ...(against && {
      against: {
        ...identityOf(against),
        isComparable,
        counts: sharing?.counts ?? { shared: 0, changed: 0, new: 0, gone: 0 },
        sharedBytes: sharing?.sharedBytes ?? 0,
        ownBytes: sharing?.ownBytes ?? 0,
      },
    }),
  };
}

function identityOf({ version, fingerprint }: ShardexIndex): { version: number; fingerprint: string } {
  return { version, fingerprint };
}
