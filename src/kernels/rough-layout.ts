/** Rows that a chunk has at most: centroids are looked at in rooms of so many. */
export const STAGE = 64;

/** Rows of 16-bit numbers are read so many at a time. */
const TOGETHER = 4;

/**
 * How a chunk of rows lies in memory that `Kernels.roughDistances` looks at; offsets in bytes from where it begins.
 *
 * First there is how many rows it has (u32), and the length of the longest without the centre (f32); then:
 */
export interface RoughLayout {
  /**
   * {@link STAGE} f32 that are added to the values, by squared L2 the squares of the rows' lengths without the centre, and
   * as many that are the steps of the rows; behind the last row Infinity and 0.
   */
  readonly constants: number;
  /** Their centre: f32, padded. */
  readonly centre: number;
  /**
   * The rows, as i16, padded: times its step each is the vector without the centre, and its length about `ROUGH_LENGTH`, or
   * 0. Up to the next multiple of four there are rows of zeros.
   */
  readonly rows: number;
  /** Bytes of a row. */
  readonly rowBytes: number;
}

/** The layout of chunks of vectors of so many components. */
export function roughLayout(padded: number): RoughLayout {
  const constants = 16;
  const centre = constants + 8 * STAGE;
  return Object.freeze({ constants, centre, rows: centre + 4 * padded, rowBytes: 2 * padded });
}

/** Bytes of a chunk of so many rows. */
export function roughBytes({ rows, rowBytes }: RoughLayout, count: number): number {
  return rows + rowBytes * TOGETHER * Math.ceil(count / TOGETHER);
}

/** Bytes of a chunk of so many centroids: in 16 bits, and behind that in 32, padded. */
export function chunkBytes(rough: RoughLayout, padded: number, count: number): number {
  return roughBytes(rough, count) + 4 * padded * count;
}
