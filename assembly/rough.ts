// Products of a query with centroids in 16 bits, to rank shards by.
import { Dot, SquaredL2, one } from './products';

/** The length of a vector in 16-bit numbers; see `ROUGH_LENGTH` in src/kernels/kernels.ts. */
const LENGTH: f32 = 32000;

/** Rows of a chunk at most, and values that are written for each. */
const STAGE: i32 = 64;

/** Offsets of the parts of a chunk; see `roughLayout` in src/kernels/rough-layout.ts. */
const CONSTANTS: usize = 16;
const CENTRE: usize = CONSTANTS + 8 * STAGE;

export function roughDistances(
  product: i32,
  query: usize,
  chunks: usize,
  count: i32,
  padded: i32,
  scratch: usize,
  out: usize,
  line: usize,
): void {
  let farthest: f32 = 0;
  let reach: f32 = 0;
  for (const end = chunks + 4 * <usize>count; chunks < end; chunks += 4, out += 4 * STAGE) {
    const chunk = <usize>load<u32>(chunks);
    reach = max(reach, load<f32>(chunk, 4));
    farthest = max(farthest, toChunk(product == 0, query, chunk, padded, scratch, out));
  }
  store<f32>(line, farthest);
  store<f32>(line, reach, 4);
}

/** Writes the values of the rows of a chunk. Returns the query's distance from its centre; by `DOT`, its length. */
function toChunk(byDot: bool, query: usize, chunk: usize, padded: i32, scratch: usize, out: usize): f32 {
  const count: i32 = load<u32>(chunk);
  const centre = chunk + CENTRE;
  const square = byDot ? one<Dot>(query, query, padded) : one<SquaredL2>(query, centre, padded);
  const base: f32 = byDot ? -one<Dot>(query, centre, padded) : square;
  const length: f32 = sqrt<f32>(square);
  const scale: f32 = length > 0 ? LENGTH / length : 0;
  toIntegers(query, byDot ? 0 : centre, padded, scale, scratch);
  const times: f32 = (byDot ? <f32>-1 : <f32>-2) * (length / LENGTH);

  const bases = f32x4.splat(base);
  const factors = f32x4.splat(times);
  const stride: usize = 2 * padded;
  const end = out + 4 * STAGE;
  let rows = centre + 4 * <usize>padded;
  let constants = chunk + CONSTANTS;
  for (let r = 0; r < count; r += 4, rows += 4 * stride, constants += 16, out += 16) {
    const sums = f32x4.convert_i32x4_s(four(scratch, rows, stride));
    const along = f32x4.mul(f32x4.mul(factors, v128.load(constants, 4 * STAGE)), sums);
    v128.store(out, f32x4.add(f32x4.add(bases, v128.load(constants)), along));
  }
  for (; out < end; out += 16) v128.store(out, f32x4.splat(Infinity));
  return length;
}

/** Writes a vector, minus the centre, in 16-bit numbers. */
function toIntegers(vector: usize, centre: usize, padded: i32, scale: f32, to: usize): void {
  const scales = f32x4.splat(scale);
  for (const end = vector + 4 * padded; vector < end; vector += 32, to += 16) {
    let a = v128.load(vector);
    let b = v128.load(vector, 16);
    if (centre != 0) {
      a = f32x4.sub(a, v128.load(centre));
      b = f32x4.sub(b, v128.load(centre, 16));
      centre += 32;
    }
    const low = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(a, scales)));
    const high = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(b, scales)));
    v128.store(to, i16x8.narrow_i32x4_s(low, high));
  }
}

/** The products of a vector with four rows. */
function four(q: usize, x: usize, stride: usize): v128 {
  const end = q + stride;
  const x1 = stride;
  const x2 = 2 * stride;
  const x3 = 3 * stride;
  let s0 = i32x4.splat(0);
  let s1 = i32x4.splat(0);
  let s2 = i32x4.splat(0);
  let s3 = i32x4.splat(0);
  for (; q < end; q += 16, x += 16) {
    const y = v128.load(q);
    s0 = i32x4.add(s0, i32x4.dot_i16x8_s(y, v128.load(x)));
    s1 = i32x4.add(s1, i32x4.dot_i16x8_s(y, v128.load(x + x1)));
    s2 = i32x4.add(s2, i32x4.dot_i16x8_s(y, v128.load(x + x2)));
    s3 = i32x4.add(s3, i32x4.dot_i16x8_s(y, v128.load(x + x3)));
  }
  const a = i32x4.add(v128.shuffle<i32>(s0, s1, 0, 4, 1, 5), v128.shuffle<i32>(s0, s1, 2, 6, 3, 7));
  const b = i32x4.add(v128.shuffle<i32>(s2, s3, 0, 4, 1, 5), v128.shuffle<i32>(s2, s3, 2, 6, 3, 7));
  return i32x4.add(v128.shuffle<i32>(a, b, 0, 1, 4, 5), v128.shuffle<i32>(a, b, 2, 3, 6, 7));
}
