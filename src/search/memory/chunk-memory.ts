// Caches chunks of centroids in kernel memory, in 16 and in 32 bits, for ranking.
import { squaredNorm } from '../../geometry/exact-loops.js';
import { LEAST_ROUGH } from '../../kernels/bounds.js';
import { type Kernels, ROUGH_LENGTH } from '../../kernels/kernels.js';
import { type RoughLayout, STAGE, chunkBytes, roughBytes } from '../../kernels/rough-layout.js';
import { type CentroidChunk, centreOfChunk, matrixOfChunk } from '../../version/centroid-table.js';
import type { Engine } from './engine.js';

/** Lengths that go into bounds are rounded up by this factor. */
const ROUND_UP = 1 + 2 ** -20;

/**
 * Address of a chunk of centroids, as `roughLayout` says; its 32-bit centroids follow at {@link floatsAt}.
 *
 * A chunk that does not fit the cache is put into scratch memory, where the next one replaces it.
 */
export function chunkAt(engine: Engine, chunk: CentroidChunk): number {
  const { slots, at } = engine;
  const known = slots.find(chunk);
  if (known !== undefined) return known.at;
  const address =
    slots.make(chunk, chunkBytes(engine.rough, engine.coarse.padded, chunk.ids.length))?.at ?? at.chunk;
  putIntegers(engine, chunk, address);
  putFloats(engine, chunk, floatsAt(engine, address, chunk.ids.length));
  return address;
}

/** Address of the 32-bit centroids of a chunk, each padded. */
export function floatsAt({ rough }: Engine, address: number, members: number): number {
  return address + roughBytes(rough, members);
}

function putFloats({ kernels: { f32 }, coarse }: Engine, chunk: CentroidChunk, address: number): void {
  const { dimensions, padded } = coarse;
  const { vectors } = matrixOfChunk(chunk);
  f32.fill(0, address / 4, address / 4 + padded * chunk.ids.length);
  for (let c = 0; c < chunk.ids.length; c++)
    f32.set(vectors.subarray(c * dimensions, (c + 1) * dimensions), address / 4 + padded * c);
}

function putIntegers({ kernels, coarse, rough, byDot }: Engine, chunk: CentroidChunk, address: number): void {
  const { vectors } = matrixOfChunk(chunk);
  putRough(kernels, rough, coarse.padded, vectors, centreOfChunk(chunk), chunk.ids.length, byDot, address);
}

/** Writes at most `STAGE` vectors in 16 bits, as `roughLayout` says. */
export function putRough(
  { u32, f32 }: Kernels,
  rough: RoughLayout,
  padded: number,
  vectors: Float32Array,
  centre: Float32Array,
  count: number,
  byDot: boolean,
  address: number,
): void {
  const dimensions = centre.length;
  f32.fill(0, address / 4, (address + roughBytes(rough, count)) / 4);
  f32.set(centre, (address + rough.centre) / 4);
  const squares = (address + rough.constants) / 4;
  const steps = squares + STAGE;
  f32.fill(Infinity, squares, steps);
  const integers = new Int16Array(f32.buffer, address + rough.rows, padded * count);
  const left = new Float32Array(dimensions);
  let longest = 0;
  for (let c = 0; c < count; c++) {
    for (let i = 0; i < dimensions; i++) left[i] = vectors[c * dimensions + i] - centre[i];
    const square = squaredNorm(left, 0, dimensions);
    const length = Math.sqrt(square);
    longest = Math.max(longest, length);
    f32[squares + c] = byDot ? 0 : square;
    if (length < LEAST_ROUGH) continue;
    f32[steps + c] = length / ROUGH_LENGTH;
    for (let i = 0; i < dimensions; i++)
      integers[padded * c + i] = Math.round((left[i] / length) * ROUGH_LENGTH);
  }
  u32[address / 4] = count;
  f32[address / 4 + 1] = longest * ROUND_UP;
}
