import { squaredNorm } from '../geometry/kernels.js';
import { LEAST_ROUGH } from '../kernels/bounds.js';
import { ROUGH_LENGTH } from '../kernels/kernels.js';
import { type CentroidChunk, centreOfChunk, matrixOfChunk } from '../version/centroid-table.js';
import { type ChunkLayout, STAGE, chunkLayout } from './chunk-layout.js';
import type { Engine } from './engine.js';

/** What lengths are rounded up by, as they go into bounds. */
const ROUND_UP = 1 + 2 ** -20;

/**
 * Where a chunk of centroids is in kernel memory, as {@link chunkLayout} says: in scratch memory, until another one is asked
 * for, where the budget has no room for it.
 */
export function chunkAt(engine: Engine, chunk: CentroidChunk): number {
  const { slots, coarse, at } = engine;
  const known = slots.find(chunk);
  if (known !== undefined) return known.at;
  const layout = chunkLayout(coarse, chunk.ids.length);
  const slot = slots.make(chunk, layout.bytes);
  const place = slot?.at ?? at.chunk;
  putFloats(engine, chunk, place, layout);
  putIntegers(engine, chunk, place, layout);
  return place;
}

function putFloats(
  { kernels, coarse }: Engine,
  chunk: CentroidChunk,
  place: number,
  { centre }: ChunkLayout,
): void {
  const { f32 } = kernels;
  const { dimensions, padded } = coarse;
  const { vectors } = matrixOfChunk(chunk);
  f32.fill(0, place / 4, (place + centre) / 4 + padded);
  for (let c = 0; c < chunk.ids.length; c++)
    f32.set(vectors.subarray(c * dimensions, (c + 1) * dimensions), place / 4 + padded * c);
  f32.set(centreOfChunk(chunk), (place + centre) / 4);
}

function putIntegers(
  { kernels: { f32 }, coarse, byDot }: Engine,
  chunk: CentroidChunk,
  place: number,
  layout: ChunkLayout,
): void {
  const { dimensions, padded } = coarse;
  const { vectors } = matrixOfChunk(chunk);
  const centre = centreOfChunk(chunk);
  const constants = (place + layout.constants) / 4;
  const steps = constants + STAGE;
  f32.fill(Infinity, constants, steps);
  f32.fill(0, steps, steps + STAGE);
  const integers = new Int16Array(f32.buffer, place + layout.rows, padded * layout.rowCount).fill(0);
  const left = new Float32Array(dimensions);
  let longest = 0;
  for (let c = 0; c < chunk.ids.length; c++) {
    for (let i = 0; i < dimensions; i++) left[i] = vectors[c * dimensions + i] - centre[i];
    const square = squaredNorm(left, 0, dimensions);
    const length = Math.sqrt(square);
    longest = Math.max(longest, length);
    f32[constants + c] = byDot ? 0 : square;
    if (length < LEAST_ROUGH) continue;
    f32[steps + c] = length / ROUGH_LENGTH;
    for (let i = 0; i < dimensions; i++)
      integers[padded * c + i] = Math.round((left[i] / length) * ROUGH_LENGTH);
  }
  const lengths = (place + layout.lengths) / 4;
  f32[lengths] = longest * ROUND_UP;
  f32[lengths + 1] = Math.sqrt(squaredNorm(centre, 0, dimensions)) * ROUND_UP;
}
