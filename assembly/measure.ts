// Exact products in 64-bit floats, of a query in 64 bits with rows in 32 bits. Each is four running sums, component i going
// to sum i mod 4, added up as (s0 + s2) + (s1 + s3). Results of searches depend on their bits, which are those of
// src/geometry/exact-loops.ts.

import { Dot, SquaredL2 } from './products';

/** Adds two terms. */
function add<P>(sums: v128, x: v128, y: v128): v128 {
  if (isInteger<P>()) return f64x2.add(sums, f64x2.mul(x, y));
  const delta = f64x2.sub(x, y);
  return f64x2.add(sums, f64x2.mul(delta, delta));
}

/** Two components of a row. */
function pair(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}

/** The components after the last whole four, and zeros. */
function rest(at: usize, dimensions: i32): v128 {
  return v128.and(v128.load(at), i32x4.gt_s(i32x4.splat(dimensions & 3), i32x4(0, 1, 2, 3)));
}

/** The upper two of four numbers. */
function upper(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<u64>(x, x, 1, 1));
}

export function measure(
  product: i32,
  query: usize,
  rows: usize,
  stride: i32,
  count: i32,
  dimensions: i32,
  out: usize,
): void {
  if (product == 0) inTurn<Dot>(query, rows, 4 * stride, count, dimensions, out);
  else inTurn<SquaredL2>(query, rows, 4 * stride, count, dimensions, out);
}

export function measureAt(
  product: i32,
  query: usize,
  addresses: usize,
  count: i32,
  dimensions: i32,
  out: usize,
): void {
  if (product == 0) anywhere<Dot>(query, addresses, count, dimensions, out);
  else anywhere<SquaredL2>(query, addresses, count, dimensions, out);
}

function inTurn<P>(query: usize, rows: usize, stride: usize, count: i32, dimensions: i32, out: usize): void {
  let r = 0;
  for (; r + 4 <= count; r += 4, rows += 4 * stride, out += 32) {
    four<P>(query, rows, rows + stride, rows + 2 * stride, rows + 3 * stride, dimensions, out);
  }
  for (; r < count; r++, rows += stride, out += 8) one<P>(query, rows, dimensions, out);
}

function anywhere<P>(query: usize, addresses: usize, count: i32, dimensions: i32, out: usize): void {
  let r = 0;
  for (; r + 4 <= count; r += 4, addresses += 16, out += 32) {
    const x0 = <usize>load<u32>(addresses);
    const x1 = <usize>load<u32>(addresses, 4);
    const x2 = <usize>load<u32>(addresses, 8);
    const x3 = <usize>load<u32>(addresses, 12);
    four<P>(query, x0, x1, x2, x3, dimensions, out);
  }
  for (; r < count; r++, addresses += 4, out += 8) one<P>(query, load<u32>(addresses), dimensions, out);
}

/** The product with one row. */
function one<P>(q: usize, x: usize, dimensions: i32, out: usize): void {
  const end = x + 4 * (dimensions & ~3);
  let a = f64x2.splat(0);
  let b = f64x2.splat(0);
  for (; x < end; q += 32, x += 16) {
    a = add<P>(a, v128.load(q), pair(x));
    b = add<P>(b, v128.load(q, 16), pair(x + 8));
  }
  if (dimensions & 3) {
    const last = rest(x, dimensions);
    a = add<P>(a, firstOf(q, dimensions), f64x2.promote_low_f32x4(last));
    b = add<P>(b, secondOf(q, dimensions), upper(last));
  }
  const sums = f64x2.add(a, b);
  store<f64>(out, f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1));
}

/** The first two of a query's last components, which are fewer than four. */
function firstOf(q: usize, dimensions: i32): v128 {
  return (dimensions & 3) == 1 ? v128.load64_zero(q) : v128.load(q);
}

/** The third of a query's last components, or 0. */
function secondOf(q: usize, dimensions: i32): v128 {
  return (dimensions & 3) == 3 ? v128.load64_zero(q, 16) : f64x2.splat(0);
}

/** The products with four rows at once: the additions of one row wait for each other. */
function four<P>(q: usize, x0: usize, x1: usize, x2: usize, x3: usize, dimensions: i32, out: usize): void {
  const end = x0 + 4 * (dimensions & ~3);
  let a0 = f64x2.splat(0);
  let a1 = f64x2.splat(0);
  let a2 = f64x2.splat(0);
  let a3 = f64x2.splat(0);
  let b0 = f64x2.splat(0);
  let b1 = f64x2.splat(0);
  let b2 = f64x2.splat(0);
  let b3 = f64x2.splat(0);
  for (; x0 < end; q += 32, x0 += 16, x1 += 16, x2 += 16, x3 += 16) {
    const y = v128.load(q);
    const z = v128.load(q, 16);
    a0 = add<P>(a0, y, pair(x0));
    b0 = add<P>(b0, z, pair(x0 + 8));
    a1 = add<P>(a1, y, pair(x1));
    b1 = add<P>(b1, z, pair(x1 + 8));
    a2 = add<P>(a2, y, pair(x2));
    b2 = add<P>(b2, z, pair(x2 + 8));
    a3 = add<P>(a3, y, pair(x3));
    b3 = add<P>(b3, z, pair(x3 + 8));
  }
  if (dimensions & 3) {
    const y = firstOf(q, dimensions);
    const z = secondOf(q, dimensions);
    const r0 = rest(x0, dimensions);
    const r1 = rest(x1, dimensions);
    const r2 = rest(x2, dimensions);
    const r3 = rest(x3, dimensions);
    a0 = add<P>(a0, y, f64x2.promote_low_f32x4(r0));
    b0 = add<P>(b0, z, upper(r0));
    a1 = add<P>(a1, y, f64x2.promote_low_f32x4(r1));
    b1 = add<P>(b1, z, upper(r1));
    a2 = add<P>(a2, y, f64x2.promote_low_f32x4(r2));
    b2 = add<P>(b2, z, upper(r2));
    a3 = add<P>(a3, y, f64x2.promote_low_f32x4(r3));
    b3 = add<P>(b3, z, upper(r3));
  }
  v128.store(out, totals(f64x2.add(a0, b0), f64x2.add(a1, b1)));
  v128.store(out, totals(f64x2.add(a2, b2), f64x2.add(a3, b3)), 16);
}

/** The totals of two pairs of sums. */
function totals(s: v128, t: v128): v128 {
  return f64x2.add(v128.shuffle<u64>(s, t, 0, 2), v128.shuffle<u64>(s, t, 1, 3));
}
