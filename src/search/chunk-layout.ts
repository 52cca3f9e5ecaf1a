import type { CodeShape } from '../kernels/code-shape.js';

/** Centroids of a chunk are looked at in rooms of so many; it has no more. */
export const STAGE = 64;

/** Rows in 16-bit numbers are read so many at a time. */
const TOGETHER = 4;

/**
 * Where a chunk of centroids has its parts in kernel memory, in bytes from where it begins with its centroids, each padded.
 * Behind them it is once more in 16-bit numbers, as `Kernels.roughDistances` takes it.
 */
export interface ChunkLayout {
  readonly centre: number;
  /** Two f32: how long the longest centroid is without the centre, and the centre. */
  readonly lengths: number;
  readonly constants: number;
  readonly rows: number;
  /** How many rows there are, those included that are there to fill up. */
  readonly rowCount: number;
  readonly bytes: number;
}

/** The layout of a chunk with so many members. */
export function chunkLayout({ padded }: CodeShape, members: number): ChunkLayout {
  const centre = 4 * padded * members;
  const lengths = centre + 4 * padded;
  const constants = lengths + 16;
  const rows = constants + 8 * STAGE;
  const rowCount = TOGETHER * Math.ceil(members / TOGETHER);
  return { centre, lengths, constants, rows, rowCount, bytes: rows + 2 * padded * rowCount };
}
