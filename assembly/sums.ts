// Weighted sums of rows of 32-bit floats, in 64-bit floats: each component adds up row by row, in the order given.

/** Four components of a row times a weight are added to as many sums. */
function addFour(sums: usize, row: usize, weight: v128): void {
  const low = f64x2.promote_low_f32x4(v128.load64_zero(row));
  const high = f64x2.promote_low_f32x4(v128.load64_zero(row, 8));
  v128.store(sums, f64x2.add(v128.load(sums), f64x2.mul(weight, low)));
  v128.store(sums, f64x2.add(v128.load(sums, 16), f64x2.mul(weight, high)), 16);
}

export function addRowsAt(places: usize, weights: usize, count: i32, dimensions: i32, sums: usize): void {
  let r = 0;
  // Two rows at a time share the reading and writing of sums.
  for (; r + 2 <= count; r += 2, places += 8, weights += 16) {
    addTwo(load<u32>(places), load<u32>(places, 4), v128.load(weights), dimensions, sums);
  }
  if (r < count) addOne(load<u32>(places), load<f64>(weights), dimensions, sums);
}

function addOne(row: usize, weight: f64, dimensions: i32, sums: usize): void {
  const end = row + 4 * dimensions;
  const whole = row + 4 * (dimensions & ~3);
  const both = f64x2.splat(weight);
  for (; row < whole; row += 16, sums += 32) addFour(sums, row, both);
  for (; row < end; row += 4, sums += 8) {
    store<f64>(sums, load<f64>(sums) + weight * <f64>load<f32>(row));
  }
}

function addTwo(x: usize, y: usize, weights: v128, dimensions: i32, sums: usize): void {
  const end = x + 4 * dimensions;
  const whole = x + 4 * (dimensions & ~3);
  const a = f64x2.splat(f64x2.extract_lane(weights, 0));
  const b = f64x2.splat(f64x2.extract_lane(weights, 1));
  for (; x < whole; x += 16, y += 16, sums += 32) {
    const first = f64x2.add(v128.load(sums), f64x2.mul(a, f64x2.promote_low_f32x4(v128.load64_zero(x))));
    const last = f64x2.add(
      v128.load(sums, 16),
      f64x2.mul(a, f64x2.promote_low_f32x4(v128.load64_zero(x, 8))),
    );
    v128.store(sums, f64x2.add(first, f64x2.mul(b, f64x2.promote_low_f32x4(v128.load64_zero(y)))));
    v128.store(sums, f64x2.add(last, f64x2.mul(b, f64x2.promote_low_f32x4(v128.load64_zero(y, 8)))), 16);
  }
  for (; x < end; x += 4, y += 4, sums += 8) {
    const first = load<f64>(sums) + f64x2.extract_lane(a, 0) * <f64>load<f32>(x);
    store<f64>(sums, first + f64x2.extract_lane(b, 0) * <f64>load<f32>(y));
  }
}
