// Products in 32 bits of a query with rows that follow each other, and with rows of candidates.
import { Dot, SquaredL2, eight, four as fourRows, one } from './products';

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

export function distancesAt(
  product: i32,
  query: usize,
  candidates: usize,
  count: i32,
  addresses: usize,
  stride: i32,
  dimensions: i32,
): void {
  if (product == 0) toCandidates<Dot>(query, candidates, count, addresses, 4 * stride, dimensions);
  else toCandidates<SquaredL2>(query, candidates, count, addresses, 4 * stride, dimensions);
}

function toCandidates<P>(
  query: usize,
  candidates: usize,
  count: i32,
  addresses: usize,
  stride: usize,
  dimensions: i32,
): void {
  const end = candidates + 8 * count;
  const whole = candidates + 8 * (count & ~3);
  for (; candidates < whole; candidates += 32) {
    const x0 = rowOf(candidates, addresses, stride);
    const x1 = rowOf(candidates + 8, addresses, stride);
    const x2 = rowOf(candidates + 16, addresses, stride);
    const x3 = rowOf(candidates + 24, addresses, stride);
    const products = fourRows<P>(query, x0, x1, x2, x3, dimensions);
    store<f32>(candidates, f32x4.extract_lane(products, 0), 4);
    store<f32>(candidates, f32x4.extract_lane(products, 1), 12);
    store<f32>(candidates, f32x4.extract_lane(products, 2), 20);
    store<f32>(candidates, f32x4.extract_lane(products, 3), 28);
  }
  for (; candidates < end; candidates += 8) {
    store<f32>(candidates, one<P>(query, rowOf(candidates, addresses, stride), dimensions), 4);
  }
}

/** The address of a candidate's row. */
function rowOf(candidate: usize, addresses: usize, stride: usize): usize {
  const row: usize = load<u32>(candidate);
  return <usize>load<u32>(addresses + ((row >>> 6) << 2)) + (row & 63) * stride;
}

function toRows<P>(query: usize, rows: usize, stride: usize, count: i32, dimensions: i32, out: usize): void {
  let r = 0;
  for (; r + 8 <= count; r += 8, rows += 8 * stride, out += 32)
    eight<P>(query, rows, stride, dimensions, out);
  for (; r < count; r++, rows += stride, out += 4) store<f32>(out, one<P>(query, rows, dimensions));
}
