// Products in 32 bits of queries with rows: one by one, many at once, and of candidates that lie anywhere.
import { Dot, SquaredL2, eight, four as fourRows, one, twoByFour } from './products';

export function distances(
  product: i32,
  query: usize,
  rows: usize,
  stride: i32,
  count: i32,
  dimensions: i32,
  out: usize,
): void {
  if (product == 0) toRows<Dot>(query, rows, 4 * stride, count, dimensions, out);
  else toRows<SquaredL2>(query, rows, 4 * stride, count, dimensions, out);
}

export function distancesMany(
  product: i32,
  query: usize,
  queryStride: i32,
  queries: i32,
  rows: usize,
  stride: i32,
  count: i32,
  dimensions: i32,
  out: usize,
): void {
  if (product == 0) many<Dot>(query, 4 * queryStride, queries, rows, 4 * stride, count, dimensions, out);
  else many<SquaredL2>(query, 4 * queryStride, queries, rows, 4 * stride, count, dimensions, out);
}

export function distancesAt(
  product: i32,
  query: usize,
  candidates: usize,
  count: i32,
  places: usize,
  stride: i32,
  dimensions: i32,
): void {
  if (product == 0) toCandidates<Dot>(query, candidates, count, places, 4 * stride, dimensions);
  else toCandidates<SquaredL2>(query, candidates, count, places, 4 * stride, dimensions);
}

function toCandidates<P>(
  query: usize,
  candidates: usize,
  count: i32,
  places: usize,
  stride: usize,
  dimensions: i32,
): void {
  const end = candidates + 8 * count;
  const whole = candidates + 8 * (count & ~3);
  for (; candidates < whole; candidates += 32) {
    const x0 = rowOf(candidates, places, stride);
    const x1 = rowOf(candidates + 8, places, stride);
    const x2 = rowOf(candidates + 16, places, stride);
    const x3 = rowOf(candidates + 24, places, stride);
    const products = fourRows<P>(query, x0, x1, x2, x3, dimensions);
    store<f32>(candidates, f32x4.extract_lane(products, 0), 4);
    store<f32>(candidates, f32x4.extract_lane(products, 1), 12);
    store<f32>(candidates, f32x4.extract_lane(products, 2), 20);
    store<f32>(candidates, f32x4.extract_lane(products, 3), 28);
  }
  for (; candidates < end; candidates += 8) {
    store<f32>(candidates, one<P>(query, rowOf(candidates, places, stride), dimensions), 4);
  }
}

/** Where the row of a candidate is. */
function rowOf(candidate: usize, places: usize, stride: usize): usize {
  const row: usize = load<u32>(candidate);
  return <usize>load<u32>(places + ((row >>> 6) << 2)) + (row & 63) * stride;
}

function toRows<P>(query: usize, rows: usize, stride: usize, count: i32, dimensions: i32, out: usize): void {
  let r = 0;
  for (; r + 8 <= count; r += 8, rows += 8 * stride, out += 32)
    eight<P>(query, rows, stride, dimensions, out);
  for (; r < count; r++, rows += stride, out += 4) store<f32>(out, one<P>(query, rows, dimensions));
}

function many<P>(
  query: usize,
  queryStride: usize,
  queries: i32,
  rows: usize,
  stride: usize,
  count: i32,
  dimensions: i32,
  out: usize,
): void {
  const line: usize = 4 * count;
  let r = 0;
  // Four rows at a time for all queries, so that rows are fetched from far away once.
  for (; r + 4 <= count; r += 4, rows += 4 * stride) {
    let from = query;
    let to = out + 4 * r;
    let q = 0;
    for (; q + 2 <= queries; q += 2, from += 2 * queryStride, to += 2 * line) {
      twoByFour<P>(from, queryStride, rows, stride, dimensions, to, line);
    }
    if (q < queries) twoByFour<P>(from, 0, rows, stride, dimensions, to, 0);
  }
  for (; r < count; r++, rows += stride) {
    for (let q = 0; q < queries; q++) {
      store<f32>(out + q * line + 4 * r, one<P>(query + q * queryStride, rows, dimensions));
    }
  }
}
