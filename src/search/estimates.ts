import type { Metric } from '../config.js';
import { SCAN_ROUNDING, productError, rotationError, tableError } from '../kernels/bounds.js';
import { type CodeShape, typicalError } from '../kernels/code-shape.js';
import { DOT, NONE, SQUARED_L2 } from '../kernels/kernels.js';
import { type Centroid, matrixOf } from '../version/shard.js';
import type { Engine } from './engine.js';
import type { Query } from './query.js';

/**
 * How sure it must be that a row is too far before it is passed over unmeasured, in standard deviations of the error that
 * an estimate has in random directions: 0 for the plain estimate, {@link PROVEN} for a bound that holds always.
 */
export type Sureness = number;

export const PROVEN: Sureness = Infinity;

/** The parameters of a scan of the rows of one shard whose values are bounds; see `Kernels.scan`. */
export interface Terms {
  readonly base: number;
  readonly a: number;
  readonly b: number;
  readonly slack: number;
  /** What a lower bound may be too large by, through rounding. */
  readonly margin: number;
}

/** What fine codes are scanned with for the shard whose rotated centroid lies at `centre`: its tables are made. */
function shardTables(
  { kernels, at, fine }: Engine,
  metric: Metric,
  centre: number,
): [number, number, number] {
  const { padded, bits } = fine;
  const byDot = metric === 'dot';
  kernels.tables(at.rotatedQuery, byDot ? NONE : centre, padded, bits, at.shardTables, at.line);
  kernels.distances(byDot ? DOT : SQUARED_L2, at.rotatedQuery, centre, padded, 1, padded, at.line + 8);
  const line = at.line / 4;
  return [kernels.f32[line], kernels.f32[line + 1], kernels.f32[line + 2]];
}

/** Makes the tables of a query for the shard with this centroid; the values of a scan are bounds as `sure` as is wanted. */
export function likelyTerms(engine: Engine, metric: Metric, centre: number, sure: Sureness): Terms {
  const [offset, step, product] = shardTables(engine, metric, centre);
  const slack = (2 * sure * Math.sqrt(product)) / Math.sqrt(engine.fine.padded);
  return { base: product, a: -2 * offset, b: -2 * step, slack, margin: 0 };
}

/**
 * Makes the look-up tables of a query for the shard with this centroid, which lies rotated at `centre`, such that the
 * values of a scan are lower bounds always.
 *
 * The cosine is looked for as a distance of vectors of unit length: what matters is then only how far the query is from
 * the centroid, and not how far both are from the origin. No row of interest is farther from the query than `reach`,
 * and none at all longer than `longest`.
 */
export function provenTerms(
  engine: Engine,
  metric: Metric,
  { length }: Query,
  centroid: Centroid,
  centre: number,
  reach: number,
  longest: number,
): Terms {
  const { fine: shape } = engine;
  const { padded } = shape;
  const root = Math.sqrt(padded);
  const centreLength = Math.sqrt(matrixOf(centroid).squaredNorms[0]);
  const [offset, step, product] = shardTables(engine, metric, centre);
  // What the rotation loses: query and centroid are rotated each for itself, so in proportion to them.
  const turned = rotationError(padded);
  if (metric === 'dot') {
    const margin =
      roundingOf(root, length, longest + centreLength) +
      (2 * turned + productError(DOT, padded) + 4 * SCAN_ROUNDING) * length * centreLength +
      2 ** -100;
    return {
      base: 0 - product,
      a: -offset - tableError(shape, offset, step),
      b: -step,
      slack: length,
      margin,
    };
  }
  const apart = Math.sqrt(product);
  const lost = turned * ((metric === 'cosine' ? 1 : length) + centreLength);
  const residual = Math.min(apart + lost + reach, longest + centreLength);
  const margin =
    2 * roundingOf(root, apart, residual) +
    (SCAN_ROUNDING + 4 * turned + productError(SQUARED_L2, padded)) * (apart + residual) ** 2 +
    (2 * apart + lost + 8 * root * residual) * lost +
    // A query of unit length is rounded to 32 bits.
    (metric === 'cosine' ? 2 ** -20 : 2 ** -100);
  const a = -2 * (offset + tableError(shape, offset, step));
  return { base: product, a, b: -2 * step, slack: 2 * (apart + lost), margin };
}

/**
 * What is to be taken off estimates so that they are lower bounds as `sure` as is wanted: for dot products in units of a
 * row's error, else in units of its scale times how far the query is from the centroid, the row's error being taken for
 * the one that is typical of many dimensions. In a random direction an error counts as one over their root.
 */
export function slackFor(
  metric: Metric,
  { length }: Query,
  { bits, padded }: CodeShape,
  sure: Sureness,
): number {
  return metric === 'dot' ? (sure * length) / Math.sqrt(padded) : 2 * sure * typicalError(bits);
}

/**
 * The rounding of an estimated product: its terms are at most 24 √dimensions times the lengths, since a row's scale is at
 * most 2.3 times its residual, and both the offset and the entries of the tables are sums of √dimensions times levels.
 */
function roundingOf(root: number, query: number, residual: number): number {
  return SCAN_ROUNDING * (24 * root + 2) * query * residual;
}

/** A distance as the kernels have it: half of it is 1 − cos, its root is L2, or it is −dot. */
export function toKernel(metric: Metric, distance: number): number {
  if (metric === 'cosine') return 2 * distance;
  return metric === 'euclidean' ? distance * distance : distance;
}

/** A value of a scan as a distance. */
export function fromKernel(metric: Metric, value: number): number {
  if (metric === 'cosine') return value / 2;
  return metric === 'euclidean' ? Math.sqrt(Math.max(0, value)) : value;
}
