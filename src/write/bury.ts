// Marks rows of a shard as dead, and rebuilds it when too many are.
import type { Columns } from '../version/row-block.js';
import type { ShardId } from '../version/shard.js';
import { type Segment, buried, compacted, eachLive } from '../version/shard-rows.js';
import type { DraftState } from './draft-state.js';

/** A shard is rebuilt when its dead rows are more than this share of its live ones, a fifth of all of them (I7). */
const DEAD_SHARE = 0.25;

/** How many rows were buried, and whose they were. */
export interface Buried {
  readonly count: number;
  readonly documentIds: ReadonlySet<string>;
}

/**
 * Marks the live rows of a shard that match as dead. The caller keeps the documents map in step, by
 * `dropFromDocuments()` when it is done: a row that is replaced in the same shard then changes nothing in the map.
 *
 * Time: O(rows of the shard).
 */
export function bury(
  state: DraftState,
  id: ShardId,
  matches: (columns: Columns, row: number, segment: Segment) => boolean,
): Buried {
  const dead = new Map<number, number[]>();
  const documentIds = new Set<string>();
  let count = 0;
  eachLive(state.shard(id).rows, (columns, row, segment, segmentIndex) => {
    if (!matches(columns, row, segment)) return;
    const inSegment = dead.get(segmentIndex);
    if (inSegment === undefined) dead.set(segmentIndex, [row]);
    else inSegment.push(row);
    state.digest.add(segmentIndex);
    state.digest.add(row);
    documentIds.add(columns.ids.at(row));
    count++;
  });
  if (count === 0) return { count, documentIds };
  state.doubt(documentIds);
  state.digest.add(id);
  let { rows } = state.shard(id);
  // From the last segment on, because a segment that dies altogether is taken out.
  for (const [segmentIndex, inSegment] of [...dead].reverse()) rows = buried(rows, segmentIndex, inSegment);
  if (rows.rowCount - rows.liveCount > DEAD_SHARE * rows.liveCount)
    rows = compacted(rows, state.config.dimensions);
  state.setRows(id, rows);
  return { count, documentIds };
}
