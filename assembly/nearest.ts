// The two nearest centroids of each row: the assignment step of k-means.
import { Dot, SquaredL2, one, twoByFour } from './products';
import { SCRATCH } from './scratch';

/** Stands for no centroid. */
const ABSENT: u32 = 0xffff_ffff;

export function nearest(
  product: i32,
  rows: usize,
  stride: i32,
  count: i32,
  centroids: usize,
  centroidStride: i32,
  centroidCount: i32,
  dimensions: i32,
  weights: usize,
  out: usize,
): void {
  if (product == 0) {
    toCentroids<Dot>(
      rows,
      4 * stride,
      count,
      centroids,
      4 * centroidStride,
      centroidCount,
      dimensions,
      weights,
      out,
    );
  } else {
    toCentroids<SquaredL2>(
      rows,
      4 * stride,
      count,
      centroids,
      4 * centroidStride,
      centroidCount,
      dimensions,
      0,
      out,
    );
  }
}

function toCentroids<P>(
  rows: usize,
  stride: usize,
  count: i32,
  centroids: usize,
  centroidStride: usize,
  centroidCount: i32,
  dimensions: i32,
  weights: usize,
  out: usize,
): void {
  for (let r = 0; r < count; r += 2, rows += 2 * stride, out += 32) {
    // The last of an odd number of rows is paired with itself.
    const alone = r + 1 == count;
    const rowStride: usize = alone ? 0 : stride;
    clear(out);
    if (!alone) clear(out + 16);
    let c = 0;
    let at = centroids;
    for (; c + 4 <= centroidCount; c += 4, at += 4 * centroidStride) {
      twoByFour<P>(rows, rowStride, at, centroidStride, dimensions, SCRATCH, 16);
      offerFour<P>(SCRATCH, c, weights, out);
      if (!alone) offerFour<P>(SCRATCH + 16, c, weights, out + 16);
    }
    for (; c < centroidCount; c++, at += centroidStride) {
      const weight: f32 = weights == 0 ? 1 : load<f32>(weights + 4 * c);
      offer(c, valueOf<P>(one<P>(rows, at, dimensions), weight), out);
      if (!alone) offer(c, valueOf<P>(one<P>(rows + stride, at, dimensions), weight), out + 16);
    }
  }
}

function valueOf<P>(product: f32, weight: f32): f32 {
  return isInteger<P>() ? -(product * weight) : product;
}

function clear(out: usize): void {
  store<u32>(out, ABSENT);
  store<f32>(out, Infinity, 4);
  store<u32>(out, ABSENT, 8);
  store<f32>(out, Infinity, 12);
}

/** Offers four products, the first of them with centroid `c`; most are farther than the second nearest so far. */
function offerFour<P>(from: usize, c: i32, weights: usize, out: usize): void {
  let values = v128.load(from);
  if (isInteger<P>()) {
    if (weights != 0) values = f32x4.mul(values, v128.load(weights + 4 * c));
    values = f32x4.neg(values);
  }
  // Not `lt`: NaN has to be offered.
  let near = ~i32x4.bitmask(f32x4.ge(values, v128.load32_splat(out, 12))) & 15;
  if (near == 0) return;
  v128.store(from, values);
  for (; near != 0; near &= near - 1) {
    const i = ctz(near);
    offer(c + i, load<f32>(from + 4 * i), out);
  }
}

function offer(c: i32, value: f32, out: usize): void {
  if (value != value) value = -Infinity;
  if (value < load<f32>(out, 4)) {
    store<u64>(out, load<u64>(out), 8);
    store<u32>(out, c);
    store<f32>(out, value, 4);
  } else if (value < load<f32>(out, 12)) {
    store<u32>(out, c, 8);
    store<f32>(out, value, 12);
  }
}
