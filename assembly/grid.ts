// Rounds components to the grids of src/kernels/code-shape.ts.

/** How many thresholds are below each of four magnitudes, negated, for 2 bits. */
export function above2(size: v128, rms: v128): v128 {
  return f32x4.gt(size, f32x4.mul(rms, f32x4.splat(0.9816)));
}

/** The levels of magnitudes, by the result of `above2`. */
export function level2(above: v128): v128 {
  return v128.bitselect(f32x4.splat(1.5104), f32x4.splat(0.4528), above);
}

/** How many thresholds are below each of four magnitudes, negated, for 4 bits. */
export function above4(size: v128, rms: v128): v128 {
  let above = f32x4.gt(size, f32x4.mul(rms, f32x4.splat(0.2582)));
  above = i32x4.add(above, f32x4.gt(size, f32x4.mul(rms, f32x4.splat(0.5224))));
  above = i32x4.add(above, f32x4.gt(size, f32x4.mul(rms, f32x4.splat(0.7996))));
  above = i32x4.add(above, f32x4.gt(size, f32x4.mul(rms, f32x4.splat(1.0993))));
  above = i32x4.add(above, f32x4.gt(size, f32x4.mul(rms, f32x4.splat(1.4371))));
  above = i32x4.add(above, f32x4.gt(size, f32x4.mul(rms, f32x4.splat(1.8435))));
  return i32x4.add(above, f32x4.gt(size, f32x4.mul(rms, f32x4.splat(2.4008))));
}

/** The levels of magnitudes, by the result of `above4`: looked up byte by byte, in two tables of four levels. */
export function level4(above: v128): v128 {
  // In each byte four times the number, plus the byte's index.
  const number = i32x4.neg(above);
  const at = i8x16.add(
    i32x4.mul(number, i32x4.splat(0x0404_0404)),
    i8x16(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3),
  );
  // An index of 16 or more gives 0.
  const lower = i8x16.swizzle(f32x4(0.1284, 0.3881, 0.6568, 0.9424), at);
  const upper = i8x16.swizzle(f32x4(1.2562, 1.6181, 2.069, 2.7326), i8x16.sub(at, i8x16.splat(16)));
  return v128.or(lower, upper);
}
