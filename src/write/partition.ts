// Cuts the rows of a split into parts that fit, by balanced 2-means again and again.
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

/** The share of the capacity that a part may fill, so that the next few adds do not split it again. */
const FILL = 0.8;

/** A plane is fitted to a sample of at most this many rows, so that a large split reads each row only once. */
const SAMPLE = 2048;

/** A smaller split fits it to this many components, lest a shard of long rows take too long for a commit… */
const COMPONENTS = 2 ** 18;
/** … but to no fewer rows than this: they would not tell where two halves are. */
const LEAST_SAMPLE = 128;

/** The cost of putting a row into a list, in multiplications. */
const PUSH = 10;

/**
 * Cuts rows in two by balanced 2-means, again and again, until every part fits a shard and leaves some of it free. No row
 * is lost or doubled; identical ones are halved by order. Deterministic for a seed (I10).
 *
 * Time: O(rows · dimensions · log(rows / capacity)).
 */
export function* partition(rows: RowList, config: ShardexConfig): Steps<RowList[]> {
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

/** Memory that all cuts of a partition use in turn: new memory for each would be a gigabyte of garbage in a large split. */
interface Scratch {
  /** The most rows that a plane is fitted to. */
  readonly sample: number;
  readonly fitting: FittingScratch;
  /** The projections of rows on the normal of a plane. */
  readonly values: Float64Array;
}

function sampleSize(rows: number, dimensions: number): number {
  return Math.min(rows, rows > SAMPLE ? SAMPLE : Math.max(LEAST_SAMPLE, Math.floor(COMPONENTS / dimensions)));
}

function scratchFor(rows: number, dimensions: number): Scratch {
  const count = sampleSize(rows, dimensions);
  const bytes = 8 * rows + scratchBytes(count, dimensions);
  // A split of one shard is small, and too frequent to ask for a large piece.
  const buffer = new ArrayBuffer(rows > SAMPLE ? Math.max(bytes, LARGE_PIECE) : bytes);
  return {
    sample: count,
    values: new Float64Array(buffer, 0, rows),
    fitting: fittingScratch(count, dimensions, buffer, 8 * rows),
  };
}

/** Cuts rows in two at a plane; identical ones, which have none, in the middle. */
function* halves(
  rows: RowList,
  config: ShardexConfig,
  random: () => number,
  scratch: Scratch,
): Steps<[RowList, RowList]> {
  const { dimensions } = config;
  const sample = new LoadedRows(config, sampled(rows, random, scratch.sample));
  const plane = yield* fitPlaneInSteps(sample, scratch.fitting);
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

/** All rows if they are few, else a sample of them. */
function sampled(rows: RowList, random: () => number, most: number): RowList {
  if (rows.length <= most) return rows;
  const sample = new RowList();
  for (let p = 0; p < most; p++) {
    const i = Math.floor(random() * rows.length);
    sample.push(rows.blocks[i], rows.rows[i]);
  }
  return sample;
}
