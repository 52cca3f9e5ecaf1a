/*
 * Sums of products of 32-bit floats without any rounding: each of them is a whole number of 2^-149, so a product is a
 * whole number of 2^-298.
 */

const UNITS = 149;

/** A 64-bit float that is a multiple of 2^-298, in units of that. */
function unitsOf(x: number, exponent: number): bigint {
  if (x === 0) return 0n;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const power = Number((bits >> 52n) & 0x7ffn);
  const mantissa = (bits & 0xf_ffff_ffff_ffffn) | (power === 0 ? 0n : 1n << 52n);
  const shift = BigInt(Math.max(power, 1) - 1075 + exponent);
  const size = shift >= 0n ? mantissa << shift : mantissa >> -shift;
  return x < 0 ? -size : size;
}

/** The dot product, in units of 2^-298. */
export function exactDot(a: readonly number[], b: readonly number[]): bigint {
  return a.reduce((sum, x, i) => sum + unitsOf(x, UNITS) * unitsOf(b[i], UNITS), 0n);
}

/** The square of the Euclidean distance, likewise. */
export function exactSquaredL2(a: readonly number[], b: readonly number[]): bigint {
  return a.reduce((sum, x, i) => sum + (unitsOf(x, UNITS) - unitsOf(b[i], UNITS)) ** 2n, 0n);
}

/** Whether a float is off from an exact sum by no more than a share of what is given, and a few units. */
export function isWithin(float: number, exact: bigint, of: bigint, share: number): boolean {
  const off = unitsOf(float, 2 * UNITS) - exact;
  const most = (of * BigInt(Math.ceil(share * 2 ** 60))) / 2n ** 60n + 4n;
  return (off < 0n ? -off : off) <= most;
}
