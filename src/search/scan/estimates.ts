/*
 * How sums of table entries become bounds on distances, proven or with a confidence (RaBitQ's estimator and its error
 * bound). A scan gives a row with the code sum s the value
 *
 *   base + bias + scale · (a + b · s) − slack · error
 *
 * where scale, bias and error are the row's constants, and the rest are the terms of the query and the shard.
 */
import type { Metric } from '../../config.js';
import { SCAN_ROUNDING, productError, rotationError, tableError } from '../../kernels/bounds.js';
import { type CodeShape, typicalError } from '../../kernels/code-shape.js';
import { DOT, NONE, SQUARED_L2 } from '../../kernels/kernels.js';
import { type Centroid, matrixOf } from '../../version/shard.js';
import type { Confidence } from '../confidence.js';
import type { Engine } from '../memory/engine.js';
import type { Query } from '../memory/query.js';

/** The terms of a shard: the parameters of `Kernels.scan` for which its values are bounds. */
export interface Terms {
  readonly base: number;
  readonly a: number;
  readonly b: number;
  readonly slack: number;
  /** The rounding error by which a bound may be too large. */
  readonly margin: number;
}

/** Makes the tables of the shard whose rotated centroid is at `centre`; returns offset, step and product. */
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

/**
 * Makes tables for a shard, and the terms of bounds with a confidence. Not for dot products.
 *
 * It rotates the difference of query and centroid. Rotated one by one, two vectors that are far from the origin and
 * near each other would lose more to rounding than the rows differ by.
 */
export function likelyTerms(engine: Engine, metric: Metric, centroid: Centroid, sure: Confidence): Terms {
  const { kernels, at, fine } = engine;
  const { padded, bits } = fine;
  const { f32 } = kernels;
  const { vectors } = matrixOf(centroid);
  f32.fill(0, at.centre / 4, at.centre / 4 + padded);
  let product = 0;
  for (let i = 0; i < vectors.length; i++) {
    const component = Math.fround(f32[at.query / 4 + i] - vectors[i]);
    f32[at.centre / 4 + i] = component;
    product += component * component;
  }
  kernels.rotate(at.centre, at.rotatedCentre, 1, padded, at.signs);
  kernels.tables(at.rotatedCentre, NONE, padded, bits, at.shardTables, at.line);
  const [offset, step] = [f32[at.line / 4], f32[at.line / 4 + 1]];
  const apart = Math.sqrt(product);
  // A query of unit length is rounded to 32 bits.
  const lost = rotationError(padded) * apart + (metric === 'cosine' ? UNIT_ROUNDING : 0);
  const slack = (2 * sure * apart) / Math.sqrt(padded);
  return { base: product - 2 * apart * lost, a: -2 * offset, b: -2 * step, slack, margin: 0 };
}

/** The greatest error of a vector of unit length in 32 bits. */
const UNIT_ROUNDING = 2 ** -24;

/**
 * Makes tables for the shard whose rotated centroid is at `centre`, and the terms of proven bounds.
 *
 * By cosine, distances are those of vectors of unit length, so that only the distance of query and centroid counts,
 * and not how far both are from the origin. No row of interest is farther from the query than `reach`, and no row is
 * longer than `longest`.
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
 * The slack that makes estimates lower bounds with a confidence.
 *
 * By dot product it is in units of a row's error. Otherwise it is in units of the row's scale times the distance of
 * query and centroid, with the error that is typical of many dimensions. In a random direction, an error counts as one
 * over the root of the dimensions.
 */
export function slackFor(
  metric: Metric,
  { length }: Query,
  { bits, padded }: CodeShape,
  sure: Confidence,
): number {
  return metric === 'dot' ? (sure * length) / Math.sqrt(padded) : 2 * sure * typicalError(bits);
}

/**
 * The rounding error of an estimated product.
 *
 * Its terms are at most 24 √dimensions times the lengths: a row's scale is at most 2.3 times its residual, and offset
 * and entries of the tables are sums of √dimensions times levels.
 */
function roundingOf(root: number, query: number, residual: number): number {
  return SCAN_ROUNDING * (24 * root + 2) * query * residual;
}

/** The kernel value up to which a row is of interest; rounded up, as kernels work in 32 bits. */
export function thresholdFor(metric: Metric, worst: number, margin: number, limit: number): number {
  const most = toKernel(metric, worst) + margin;
  return Math.min(limit, most + Math.abs(most) * 2 ** -22);
}

/** Converts a distance to a kernel value: twice 1 − cos, the square of L2, or −dot. */
function toKernel(metric: Metric, distance: number): number {
  if (metric === 'cosine') return 2 * distance;
  return metric === 'euclidean' ? distance * distance : distance;
}

/** Converts a kernel value to a distance. */
export function fromKernel(metric: Metric, value: number): number {
  if (metric === 'cosine') return value / 2;
  return metric === 'euclidean' ? Math.sqrt(Math.max(0, value)) : value;
}
