// The random rotation of src/kernels/rotation.ts: factors, and fast Walsh–Hadamard transforms.
import { ODD, ROOT_HALF, UPPER } from './constants';

const ROUNDS: i32 = 4;

export function rotate(from: usize, to: usize, count: i32, padded: i32, signs: usize): void {
  const power = 1 << (31 - clz(padded));
  const row: usize = 4 * padded;
  const out = <usize>4 * (padded - power);
  for (let r = 0; r < count; r++, from += row, to += row) {
    let source = from;
    let factors = signs;
    for (let round = 0; round < ROUNDS; round++, factors += row) {
      for (let i: usize = 0; i < row; i += 16) {
        v128.store(to + i, f32x4.mul(v128.load(source + i), v128.load(factors + i)));
      }
      source = to;
      hadamard(to + (round & 1 ? out : 0), power);
      if (power != padded) mixHalves(to, padded >>> 1);
    }
  }
}

/** Mixes both halves, as in Kac's walk: (a + b)·√½, (a − b)·√½. */
function mixHalves(at: usize, half: i32): void {
  const root = v128.load32_splat(ROOT_HALF);
  const halfBytes: usize = 4 * half;
  for (const end = at + halfBytes; at < end; at += 16) {
    const a = v128.load(at);
    const b = v128.load(at + halfBytes);
    v128.store(at, f32x4.mul(f32x4.add(a, b), root));
    v128.store(at + halfBytes, f32x4.mul(f32x4.sub(a, b), root));
  }
}

/** The fast Walsh–Hadamard transform of at least 8 components, two levels at a time. */
function hadamard(at: usize, length: i32): void {
  const end = at + 4 * length;
  const odd = v128.load(ODD);
  const upper = v128.load(UPPER);
  for (let p = at; p < end; p += 16) {
    let x = v128.load(p);
    x = f32x4.add(v128.shuffle<i32>(x, x, 1, 0, 3, 2), f32x4.mul(x, odd));
    x = f32x4.add(v128.shuffle<i32>(x, x, 2, 3, 0, 1), f32x4.mul(x, upper));
    v128.store(p, x);
  }
  let width: usize = 16;
  for (; width * 4 <= end - at; width *= 4) {
    for (let block = at; block < end; block += 4 * width) {
      for (let p = block; p < block + width; p += 16) {
        const a = v128.load(p);
        const b = v128.load(p + width);
        const c = v128.load(p + 2 * width);
        const d = v128.load(p + 3 * width);
        const ab = f32x4.add(a, b);
        const ba = f32x4.sub(a, b);
        const cd = f32x4.add(c, d);
        const dc = f32x4.sub(c, d);
        v128.store(p, f32x4.add(ab, cd));
        v128.store(p + width, f32x4.add(ba, dc));
        v128.store(p + 2 * width, f32x4.sub(ab, cd));
        v128.store(p + 3 * width, f32x4.sub(ba, dc));
      }
    }
  }
  if (width < end - at) {
    for (let p = at; p < at + width; p += 16) {
      const a = v128.load(p);
      const b = v128.load(p + width);
      v128.store(p, f32x4.add(a, b));
      v128.store(p + width, f32x4.sub(a, b));
    }
  }
}
