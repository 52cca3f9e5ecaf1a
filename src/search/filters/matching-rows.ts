/*
 * The rows of a version whose documents pass a filter: its shards, in which all other rows are dead. So a search needs to
 * know of no filter: it ranks, estimates and measures what is left. Shards of which nothing is left are not there.
 */
import { Map as ImmutableMap } from 'immutable';
import { bitCount } from '../../collections/bits.js';
import { newList } from '../../collections/new-list.js';
import type { DocumentNumbers } from '../../documents/document-numbers.js';
import { columnsOf } from '../../version/row-block.js';
import type { Shard, ShardId } from '../../version/shard.js';
import { Segment, ShardRows, deadBits } from '../../version/shard-rows.js';
import type { Bitmap } from './bitmap.js';

/** Shards with matching rows only. */
export interface MatchingRows {
  readonly shards: ImmutableMap<ShardId, Shard>;
  /** How many rows they have, and with the dead ones. */
  readonly rowCount: number;
  readonly heldCount: number;
}

/** Finds the matching rows of all shards. Time: O(rows), some 2 ns for each. */
export function matchingRows(
  shards: ImmutableMap<ShardId, Shard>,
  matching: Bitmap,
  numbers: DocumentNumbers,
): MatchingRows {
  const none: MatchingRows = { shards: ImmutableMap(), rowCount: 0, heldCount: 0 };
  return matchingRowsAfter(none, shards, shards.keys(), matching, numbers);
}

/** Finds them anew of some shards, and keeps the others as they were. */
export function matchingRowsAfter(
  before: MatchingRows,
  shards: ImmutableMap<ShardId, Shard>,
  ids: Iterable<ShardId>,
  matching: Bitmap,
  numbers: DocumentNumbers,
): MatchingRows {
  let { rowCount, heldCount } = before;
  const next = before.shards.withMutations((map) => {
    for (const id of ids) {
      const shard = shards.get(id);
      const left = shard && matchingShard(shard, matching, numbers);
      const was = map.get(id);
      rowCount += (left?.rows.liveCount ?? 0) - (was?.rows.liveCount ?? 0);
      heldCount += (left?.rows.rowCount ?? 0) - (was?.rows.rowCount ?? 0);
      if (left === undefined) map.delete(id);
      else map.set(id, left);
    }
  });
  return { shards: next, rowCount, heldCount };
}

function matchingShard(shard: Shard, matching: Bitmap, numbers: DocumentNumbers): Shard | undefined {
  const { segments } = shard.rows;
  const left: Segment[] = [];
  let isSame = true;
  for (const segment of segments) {
    const matches = matchingSegment(segment, matching, numbers);
    if (matches !== segment) isSame = false;
    if (matches.liveCount > 0) left.push(matches);
  }
  if (isSame) return shard;
  if (left.length === 0) return undefined;
  const { id, centroid } = shard;
  return Object.freeze({ id, centroid, rows: new ShardRows(left) });
}

/** A segment in which rows that do not match are dead, too. */
function matchingSegment(segment: Segment, { words }: Bitmap, numbers: DocumentNumbers): Segment {
  const { block, visible } = segment;
  const rows = numbers.ofRows(columnsOf(block), visible);
  const dead = deadBits(segment);
  const bits = newList<number>();
  let live = 0;
  for (let from = 0, at = 0; from < visible; from += 32, at++) {
    const to = Math.min(from + 32, visible);
    let alive = 0;
    // The highest row first: a shift by one and an addition take less than a shift by a varying number.
    for (let row = to - 1; row >= from; row--) {
      const n = rows[row];
      alive = (alive << 1) | ((words[n >>> 5] >>> (n & 31)) & 1);
    }
    if (dead !== undefined) alive &= ~dead[at];
    live += bitCount(alive >>> 0);
    bits.push(to - from === 32 ? ~alive : ~alive & ((1 << (to - from)) - 1));
  }
  return live === segment.liveCount ? segment : new Segment(block, visible, live, bits);
}
