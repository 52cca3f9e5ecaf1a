// The twin of the kernels that rotate vectors, and make residuals.
import { NONE } from '../kernels.js';
import { ROOT_HALF, ROUNDS, firstOf, powerWithin } from '../rotation.js';
import type { TwinMemory } from './memory.js';

const { fround, sqrt } = Math;

export function residuals(
  { f32 }: TwinMemory,
  rows: number,
  stride: number,
  count: number,
  dimensions: number,
  centre: number,
  unit: 0 | 1,
  out: number,
  padded: number,
): void {
  for (let r = 0; r < count; r++) {
    const from = rows / 4 + r * stride;
    const to = out / 4 + r * padded;
    const inverse = unit === 1 ? inverseLength(f32, from, dimensions) : 1;
    for (let i = 0; i < dimensions; i++) {
      const off = centre === NONE ? 0 : f32[centre / 4 + i];
      f32[to + i] = f32[from + i] * inverse - off;
    }
    f32.fill(0, to + dimensions, to + padded);
  }
}

/** 1 over the length of a vector, in 64-bit floats; 0 for zero. */
function inverseLength(f32: Float32Array, at: number, dimensions: number): number {
  const sums = [0, 0, 0, 0];
  for (let i = 0; i < dimensions; i++) sums[i % 4] += f32[at + i] * f32[at + i];
  const squared = sums[0] + sums[2] + (sums[1] + sums[3]);
  return squared === 0 ? 0 : 1 / sqrt(squared);
}

export function rotate(
  { f32 }: TwinMemory,
  from: number,
  to: number,
  count: number,
  padded: number,
  signs: number,
): void {
  const power = powerWithin(padded);
  const half = padded / 2;
  for (let r = 0; r < count; r++) {
    const at = to / 4 + r * padded;
    if (from !== to) f32.copyWithin(at, from / 4 + r * padded, from / 4 + (r + 1) * padded);
    for (let round = 0; round < ROUNDS; round++) {
      const factors = signs / 4 + round * padded;
      for (let i = 0; i < padded; i++) f32[at + i] *= f32[factors + i];
      hadamard(f32, at + firstOf(round, padded, power), power);
      if (power === padded) continue;
      for (let i = at; i < at + half; i++) {
        const a = f32[i];
        const b = f32[i + half];
        f32[i] = fround(a + b) * ROOT_HALF;
        f32[i + half] = fround(a - b) * ROOT_HALF;
      }
    }
  }
}

/** The fast Walsh–Hadamard transform, without a scale. */
function hadamard(f32: Float32Array, at: number, length: number): void {
  for (let width = 1; width < length; width *= 2) {
    for (let i = at; i < at + length; i += 2 * width) {
      for (let j = i; j < i + width; j++) {
        const a = f32[j];
        const b = f32[j + width];
        f32[j] = a + b;
        f32[j + width] = a - b;
      }
    }
  }
}
