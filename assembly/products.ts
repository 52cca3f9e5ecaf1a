// Products in 32 bits of a query with rows. Each is four running sums, component i going to sum i mod 4, added up as
// (s0 + s2) + (s1 + s3). Several rows at once, because the additions of one row wait for each other.

/* Products as types, so that the compiler makes loops for each. */
export type Dot = i32;
export type SquaredL2 = f32;

/** Adds four terms. */
function add<P>(sums: v128, x: v128, y: v128): v128 {
  if (isInteger<P>()) return f32x4.add(sums, f32x4.mul(x, y));
  const delta = f32x4.sub(x, y);
  return f32x4.add(sums, f32x4.mul(delta, delta));
}

/** The components after the last whole four, and zeros. */
function rest(at: usize, dimensions: i32): v128 {
  const mask = i32x4.gt_s(i32x4.splat(dimensions & 3), i32x4(0, 1, 2, 3));
  return v128.and(v128.load(at), mask);
}

/** The totals of four groups of sums. */
function totals(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/** The product of two vectors. */
export function one<P>(q: usize, x: usize, dimensions: i32): f32 {
  const end = q + 4 * (dimensions & ~3);
  let s = f32x4.splat(0);
  for (; q < end; q += 16, x += 16) s = add<P>(s, v128.load(q), v128.load(x));
  if (dimensions & 3) s = add<P>(s, rest(q, dimensions), rest(x, dimensions));
  return (
    f32x4.extract_lane(s, 0) +
    f32x4.extract_lane(s, 2) +
    (f32x4.extract_lane(s, 1) + f32x4.extract_lane(s, 3))
  );
}

/** The products of a vector with eight rows, `stride` bytes queryStride. */
export function eight<P>(q: usize, x: usize, stride: usize, dimensions: i32, out: usize): void {
  const end = q + 4 * (dimensions & ~3);
  const x1 = stride;
  const x2 = 2 * stride;
  const x3 = 3 * stride;
  const x4 = 4 * stride;
  const x5 = 5 * stride;
  const x6 = 6 * stride;
  const x7 = 7 * stride;
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  let s4 = f32x4.splat(0);
  let s5 = f32x4.splat(0);
  let s6 = f32x4.splat(0);
  let s7 = f32x4.splat(0);
  for (; q < end; q += 16, x += 16) {
    const y = v128.load(q);
    s0 = add<P>(s0, y, v128.load(x));
    s1 = add<P>(s1, y, v128.load(x + x1));
    s2 = add<P>(s2, y, v128.load(x + x2));
    s3 = add<P>(s3, y, v128.load(x + x3));
    s4 = add<P>(s4, y, v128.load(x + x4));
    s5 = add<P>(s5, y, v128.load(x + x5));
    s6 = add<P>(s6, y, v128.load(x + x6));
    s7 = add<P>(s7, y, v128.load(x + x7));
  }
  if (dimensions & 3) {
    const y = rest(q, dimensions);
    s0 = add<P>(s0, y, rest(x, dimensions));
    s1 = add<P>(s1, y, rest(x + x1, dimensions));
    s2 = add<P>(s2, y, rest(x + x2, dimensions));
    s3 = add<P>(s3, y, rest(x + x3, dimensions));
    s4 = add<P>(s4, y, rest(x + x4, dimensions));
    s5 = add<P>(s5, y, rest(x + x5, dimensions));
    s6 = add<P>(s6, y, rest(x + x6, dimensions));
    s7 = add<P>(s7, y, rest(x + x7, dimensions));
  }
  v128.store(out, totals(s0, s1, s2, s3));
  v128.store(out, totals(s4, s5, s6, s7), 16);
}

/** The products of a vector with four rows at any addresses. */
export function four<P>(q: usize, x0: usize, x1: usize, x2: usize, x3: usize, dimensions: i32): v128 {
  const end = q + 4 * (dimensions & ~3);
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  for (; q < end; q += 16, x0 += 16, x1 += 16, x2 += 16, x3 += 16) {
    const y = v128.load(q);
    s0 = add<P>(s0, y, v128.load(x0));
    s1 = add<P>(s1, y, v128.load(x1));
    s2 = add<P>(s2, y, v128.load(x2));
    s3 = add<P>(s3, y, v128.load(x3));
  }
  if (dimensions & 3) {
    const y = rest(q, dimensions);
    s0 = add<P>(s0, y, rest(x0, dimensions));
    s1 = add<P>(s1, y, rest(x1, dimensions));
    s2 = add<P>(s2, y, rest(x2, dimensions));
    s3 = add<P>(s3, y, rest(x3, dimensions));
  }
  return totals(s0, s1, s2, s3);
}

/** The products of two vectors, `queryStride` bytes apart, with four rows: each row is loaded once for both. */
export function twoByFour<P>(
  q: usize,
  queryStride: usize,
  x: usize,
  stride: usize,
  dimensions: i32,
  out: usize,
  outStride: usize,
): void {
  const end = q + 4 * (dimensions & ~3);
  const x1 = stride;
  const x2 = 2 * stride;
  const x3 = 3 * stride;
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let a2 = f32x4.splat(0);
  let a3 = f32x4.splat(0);
  let b0 = f32x4.splat(0);
  let b1 = f32x4.splat(0);
  let b2 = f32x4.splat(0);
  let b3 = f32x4.splat(0);
  for (; q < end; q += 16, x += 16) {
    const a = v128.load(q);
    const b = v128.load(q + queryStride);
    const r0 = v128.load(x);
    a0 = add<P>(a0, a, r0);
    b0 = add<P>(b0, b, r0);
    const r1 = v128.load(x + x1);
    a1 = add<P>(a1, a, r1);
    b1 = add<P>(b1, b, r1);
    const r2 = v128.load(x + x2);
    a2 = add<P>(a2, a, r2);
    b2 = add<P>(b2, b, r2);
    const r3 = v128.load(x + x3);
    a3 = add<P>(a3, a, r3);
    b3 = add<P>(b3, b, r3);
  }
  if (dimensions & 3) {
    const a = rest(q, dimensions);
    const b = rest(q + queryStride, dimensions);
    const r0 = rest(x, dimensions);
    a0 = add<P>(a0, a, r0);
    b0 = add<P>(b0, b, r0);
    const r1 = rest(x + x1, dimensions);
    a1 = add<P>(a1, a, r1);
    b1 = add<P>(b1, b, r1);
    const r2 = rest(x + x2, dimensions);
    a2 = add<P>(a2, a, r2);
    b2 = add<P>(b2, b, r2);
    const r3 = rest(x + x3, dimensions);
    a3 = add<P>(a3, a, r3);
    b3 = add<P>(b3, b, r3);
  }
  v128.store(out, totals(a0, a1, a2, a3));
  v128.store(out + outStride, totals(b0, b1, b2, b3));
}
