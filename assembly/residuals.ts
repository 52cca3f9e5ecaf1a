// Residuals: rows minus their centroid, scaled to unit length first if the metric is cosine.

export function residuals(
  rows: usize,
  stride: i32,
  count: i32,
  dimensions: i32,
  centre: usize,
  unit: i32,
  out: usize,
  padded: i32,
): void {
  for (let r = 0; r < count; r++, rows += 4 * stride, out += 4 * padded) {
    if (unit) unitResidual(rows, dimensions, centre, out);
    else residual(rows, dimensions, centre, out);
    for (let i = dimensions; i < padded; i++) store<f32>(out + 4 * i, 0);
  }
}

function residual(row: usize, dimensions: i32, centre: usize, out: usize): void {
  let i = 0;
  for (; i + 4 <= dimensions; i += 4) {
    const x = v128.load(row + 4 * i);
    v128.store(out + 4 * i, centre ? f32x4.sub(x, v128.load(centre + 4 * i)) : x);
  }
  for (; i < dimensions; i++) {
    const x = load<f32>(row + 4 * i);
    store<f32>(out + 4 * i, centre ? x - load<f32>(centre + 4 * i) : x);
  }
}

/** Computes in 64-bit floats, so that a small difference of a long row and its centre keeps its precision. */
function unitResidual(row: usize, dimensions: i32, centre: usize, out: usize): void {
  const inverse = inverseLength(row, dimensions);
  const factors = f64x2.splat(inverse);
  let i = 0;
  for (; i + 4 <= dimensions; i += 4) {
    const x = v128.load(row + 4 * i);
    let low = f64x2.mul(f64x2.promote_low_f32x4(x), factors);
    let high = f64x2.mul(promoteHigh(x), factors);
    if (centre) {
      const c = v128.load(centre + 4 * i);
      low = f64x2.sub(low, f64x2.promote_low_f32x4(c));
      high = f64x2.sub(high, promoteHigh(c));
    }
    v128.store(
      out + 4 * i,
      v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5),
    );
  }
  for (; i < dimensions; i++) {
    const x = <f64>load<f32>(row + 4 * i) * inverse;
    store<f32>(out + 4 * i, <f32>(centre ? x - <f64>load<f32>(centre + 4 * i) : x));
  }
}

/** 1 over the length of a vector; 0 for zero. */
function inverseLength(row: usize, dimensions: i32): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  let i = 0;
  for (; i + 4 <= dimensions; i += 4) {
    const x = v128.load(row + 4 * i);
    const a = f64x2.promote_low_f32x4(x);
    const b = promoteHigh(x);
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  if (i < dimensions) {
    const mask = i32x4.gt_s(i32x4.splat(dimensions & 3), i32x4(0, 1, 2, 3));
    const x = v128.and(v128.load(row + 4 * i), mask);
    const a = f64x2.promote_low_f32x4(x);
    const b = promoteHigh(x);
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const squared = sumOf(low, high);
  return squared == 0 ? 0 : 1 / sqrt(squared);
}

/** The upper two of four f32 as f64. */
export function promoteHigh(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 2, 3));
}

/** The total of four running sums. */
export function sumOf(low: v128, high: v128): f64 {
  const sums = f64x2.add(low, high);
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}
