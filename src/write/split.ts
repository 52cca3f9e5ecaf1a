// Parts rows into shards by balanced 2-means, again and again (the split step of LIRE).
import type { ShardexConfig } from '../config.js';
import {
  type FittingScratch,
  balanceInSteps,
  fitPlaneInSteps,
  fittingScratch,
  scratchBytes,
} from '../geometry/bisect.js';
import { seededRandom } from '../geometry/random.js';
import { type Steps, inSteps } from '../collections/steps.js';
import { LARGE_PIECE } from '../collections/allocation.js';
import { RowList } from '../version/row-block.js';
import { LoadedRows } from './loaded-rows.js';

/** Parts are made no fuller than this share of the capacity, so that the next few adds do not split them again. */
const FILL = 0.8;

/** A plane is fitted to at most this many rows, a sample of them, so that a large split costs one look at each row. */
const SAMPLE = 2048;

/** And where fewer rows are split, to so many components of them: one shard of long rows would take too long for a commit. */
const COMPONENTS = 2 ** 18;
/** Fewer would not tell where two halves are. */
const LEAST_SAMPLE = 128;

/** What putting a row into a list costs, in multiplications. */
const PUSH = 10;

/**
 * Parts rows by balanced 2-means, again and again, until every part fits a shard with some room to spare. No row is
 * lost or doubled; identical ones are halved by order. Deterministic for a seed (I10).
 *
 * Time: O(rows · dimensions · log(rows / capacity)).
 */
export function* parts(rows: RowList, config: ShardexConfig): Steps<RowList[]> {
  const limit = Math.floor(config.shardCapacity * FILL);
  const random = seededRandom(config.seed);
  const scratch = scratchFor(rows.length, config.dimensions);
  const done: RowList[] = [];
  const todo = [rows];
  for (let list = todo.pop(); list !== undefined; list = todo.pop()) {
    if (list.length <= limit) {
      done.push(list);
      continue;
    }
    const [near, far] = yield* halves(list, config, random, scratch);
    todo.push(far, near);
  }
  return done;
}

/** Room for one division at a time: a new one for each would be a gigabyte of garbage in a large split. */
interface Scratch {
  /** Rows that a plane is fitted to at most. */
  readonly sample: number;
  readonly room: FittingScratch;
  readonly values: Float64Array;
}

function sampledOf(rows: number, dimensions: number): number {
  return Math.min(rows, rows > SAMPLE ? SAMPLE : Math.max(LEAST_SAMPLE, Math.floor(COMPONENTS / dimensions)));
}

function scratchFor(rows: number, dimensions: number): Scratch {
  const count = sampledOf(rows, dimensions);
  const bytes = 8 * rows + scratchBytes(count, dimensions);
  // A split of one shard is too small to matter, and too frequent to ask for so much.
  const buffer = new ArrayBuffer(rows > SAMPLE ? Math.max(bytes, LARGE_PIECE) : bytes);
  return {
    sample: count,
    values: new Float64Array(buffer, 0, rows),
    room: fittingScratch(count, dimensions, buffer, 8 * rows),
  };
}

function* halves(
  rows: RowList,
  config: ShardexConfig,
  random: () => number,
  scratch: Scratch,
): Steps<[RowList, RowList]> {
  const { dimensions } = config;
  const sample = new LoadedRows(config, sampled(rows, random, scratch.sample));
  const plane = yield* fitPlaneInSteps(sample, scratch.room);
  const values = scratch.values.subarray(0, rows.length);
  let threshold: number | undefined;
  if (plane !== undefined) {
    const all = new LoadedRows(config, rows);
    yield* inSteps(rows.length, dimensions, (from, to) => {
      all.products(plane.direction, from, to, values);
    });
    threshold = yield* balanceInSteps(values, plane.threshold);
  }
  const near = new RowList();
  const far = new RowList();
  yield* inSteps(rows.length, PUSH, (from, to) => {
    for (let i = from; i < to; i++) {
      const isFar = threshold === undefined ? i * 2 >= rows.length : values[i] > threshold;
      (isFar ? far : near).push(rows.blocks[i], rows.rows[i]);
    }
  });
  return [near, far];
}

/** The rows, or a sample of them. */
function sampled(rows: RowList, random: () => number, most: number): RowList {
  if (rows.length <= most) return rows;
  const sample = new RowList();
  for (let p = 0; p < most; p++) {
    const i = Math.floor(random() * rows.length);
    sample.push(rows.blocks[i], rows.rows[i]);
  }
  return sample;
}
