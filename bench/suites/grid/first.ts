// Times the first search of an index with nothing prepared.
import { median } from 'd3-array';
import {
  CowShardexIndex,
  type ShardexIndex,
  applyDelta,
  createIndex,
  decodeDelta,
  diff,
  encodeDelta,
  search,
} from '../../../dist/index.js';
import { type Matrix, rowOf } from '../../data-sets/matrix.js';
import type { First } from './cell.js';
import { microseconds } from './rounds.js';

const K = 10;
const COMMITS = 15;
/** An index is opened this often, unless it has more numbers than these. */
const [OPENINGS, FEW] = [5, 3e6];

/** Times the first search of an index that was read from bytes, and of one after each of some commits; medians. */
export function firstOf(index: ShardexIndex, queries: Matrix, more: Matrix): First {
  const { dimensions, metric } = index.config;
  const timed = (of: ShardexIndex, query: number): number => {
    const vector = rowOf(queries, query % queries.rows);
    const startedAt = microseconds();
    search(of, vector, { k: K });
    return (microseconds() - startedAt) / 1e6;
  };

  const empty = createIndex({ dimensions, metric });
  const bytes = encodeDelta(diff(empty, index));
  const openings = index.postingCount * dimensions > FEW ? 1 : OPENINGS;
  const opened = Array.from({ length: openings }, (_, i) => timed(applyDelta(empty, decodeDelta(bytes)), i));

  const cell = new CowShardexIndex(index);
  const committed = Array.from({ length: Math.min(COMMITS, more.rows) }, (_, i) => {
    cell.update((draft) => {
      draft.addPosting({ documentId: `one more, ${i}`, vector: rowOf(more, i) });
    });
    return timed(cell.read(), i);
  });
  return { opened: median(opened) ?? NaN, committed: median(committed) ?? NaN };
}
