// The memory layout of chunks of vectors in 16 bits, each around its centre, by which centroids are ranked.

/** Rows of a chunk at most; also how many rows kernels are given at a time. */
export const STAGE = 64;

/** Rows of 16-bit numbers that are read at a time. */
const TOGETHER = 4;

/**
 * The memory layout of a chunk for `Kernels.roughDistances`, as byte offsets from its beginning.
 *
 * It begins with the number of its rows (u32) and the length of the longest without the centre (f32). Then:
 */
export interface RoughLayout {
  /**
   * {@link STAGE} f32 that are added to the values, and as many that are the steps of the rows.
   *
   * The former are, by squared L2, the squared lengths of the rows without the centre. Behind the last row they are Infinity
   * and 0.
   */
  readonly constants: number;
  /** Their centre: f32, padded. */
  readonly centre: number;
  /**
   * The rows, as i16, padded: a row times its step is the vector without the centre.
   *
   * Its length is about `ROUGH_LENGTH`, or 0. Rows of zeros follow up to the next multiple of four.
   */
  readonly rows: number;
  /** Bytes of a row. */
  readonly rowBytes: number;
}

/** The layout of chunks of vectors of `padded` components. */
export function roughLayout(padded: number): RoughLayout {
  const constants = 16;
  const centre = constants + 8 * STAGE;
  return Object.freeze({ constants, centre, rows: centre + 4 * padded, rowBytes: 2 * padded });
}

/** Bytes of a chunk of `count` rows in 16 bits. */
export function roughBytes({ rows, rowBytes }: RoughLayout, count: number): number {
  return rows + rowBytes * TOGETHER * Math.ceil(count / TOGETHER);
}

/** Bytes of a chunk of `count` centroids, in 16 bits and then in 32. */
export function chunkBytes(rough: RoughLayout, padded: number, count: number): number {
  return roughBytes(rough, count) + 4 * padded * count;
}
