// The contract of the kernels: what each computes, where it reads and writes, and how far it may be off.
import type { RowConstants } from './code-shape.js';

/** The dot product. */
export const DOT = 0;
/** The squared Euclidean distance. */
export const SQUARED_L2 = 1;
/** Which of two products of vectors {@link Kernels.distances} and others compute. */
export type Product = typeof DOT | typeof SQUARED_L2;

/** The length of a vector in 16-bit numbers: no sum of products exceeds 32 bits. */
export const ROUGH_LENGTH = 32_000;

/** An address that stands for no array. */
export const NONE = 0;

/** Words of 32 bits that describe a piece; see {@link Kernels.scanMany}. */
export const PIECE_WORDS = 6;

/** Bytes at the beginning of the memory that kernels use themselves. */
export const BASE = 1024;

/**
 * The inner loops, over one growable memory that callers divide up.
 *
 * Addresses are byte offsets into it, multiples of 4, from {@link base} on. There are two implementations, in WebAssembly
 * SIMD and in TypeScript. They do the same 32-bit operations in the same order, so they give the same bits (I10).
 *
 * Only `measure`, `measureAt` and `addRowsAt` are exact. All other results have a bounded error (`bounds.ts`), so that a caller can decide
 * close cases in 64-bit floats. The bounds hold for finite vectors whose length is 0 or from 2^-50 to 2^50; for others
 * results say nothing. The layout of codes is in `code-shape.ts`.
 */
export interface Kernels {
  /** `true` for WebAssembly SIMD, `false` for the TypeScript twin. */
  readonly simd: boolean;
  /** The first byte that callers may use; a multiple of 64. */
  readonly base: number;
  /** Bytes of the memory, counted from 0. */
  readonly byteLength: number;

  /* Views of the whole memory. Growing replaces them: do not keep one across `reserve`. */
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;

  /** Makes the memory at least `byteLength` bytes long; new bytes are 0. Returns `false` if the platform refuses. */
  reserve(byteLength: number): boolean;

  /**
   * Writes the residuals of `count` rows (f32, `stride` components from row to row), padded with zeros.
   *
   * `out[r] = row[r] − centre`, or with `unit` = 1 `row[r] / |row[r]| − centre`, where a zero row stays zero before the
   * centre is subtracted. `centre` has `dimensions` components, or is {@link NONE}. `out` may not overlap `rows`. Each
   * component is off by at most 2^-24 of itself, and with `unit` by 2^-50 more. Time: O(count · padded).
   */
  residuals(
    rows: number,
    stride: number,
    count: number,
    dimensions: number,
    centre: number,
    unit: 0 | 1,
    out: number,
    padded: number,
  ): void;

  /**
   * Rotates `count` vectors of `padded` components (f32) by the rotation of `rotationSigns`; `to` may be `from`.
   * The length of the error is at most `rotationError(padded)` times the vector's. Time: O(count · padded · log padded).
   */
  rotate(from: number, to: number, count: number, padded: number, signs: number): void;

  /**
   * Writes the codes of `count` rotated residuals (f32, `padded` components each) as rows `first` and on of `codes`,
   * which has the layout of `CodeShape`. Rows before them keep theirs.
   *
   * A residual r becomes a grid vector v and a scale f = |r|²/(r · v), so that f(q · v) estimates q · r (RaBitQ's estimator).
   * `constants` says what is stored: f; `error`, for which always |q · r − f(q · v)| <= error·|q|, the rounding of residual,
   * rotation and codes included; and `bias`, |r|² + 2f(centre · v) with the rotated `centre`, or |r|² if that is
   * {@link NONE}. A residual whose length is neither 0 nor between 2^-60 and 2^60 gets f = 0 and `error` = Infinity, with
   * `LEAN` f = NaN: its code says nothing, and every scan finds it. Time: O(count · padded).
   */
  encode(
    rotated: number,
    count: number,
    first: number,
    codes: number,
    padded: number,
    bits: number,
    constants: RowConstants,
    centre: number,
  ): void;

  /**
   * Writes the look-up tables (FastScan) of a rotated query (f32, `padded` components), 16 bytes a nibble.
   *
   * A rotated centre is subtracted first, unless it is {@link NONE}. With s the sum of a row's entries,
   * q · v = offset + step·s; two f32 are written at `line`, `offset` and `step`. The error is at most
   * `tableError(shape, offset, step)`. With a centre the rounding of both rotations counts, so a row's `error` is too small
   * by rotationError(padded)·(1 + |centre| / |q − centre|) of itself and of |r|; if that is too much, rotate q − centre
   * instead. Time: O(16 · nibbles).
   */
  tables(query: number, centre: number, padded: number, bits: number, tables: number, line: number): void;

  /**
   * Estimates the first `rows` rows of `codes`, and writes to `out` those not dead and not above `threshold`.
   *
   * The value of a row is `base + bias + f·(a + b·s) − slack·error`, evaluated in this order in f32, where s is the sum
   * of its table entries; constants that are not stored are 0. So with (offset, step) of `tables`:
   *
   * | distance | codes made with the centre | tables of | base | a | b |
   * | --- | --- | --- | --- | --- | --- |
   * | −q · x | – | q | −q · centre | −offset | −step |
   * | \|q − x\|² | no | q − centre | \|q − centre\|² | −2 offset | −2 step |
   * | \|q − x\|² | yes | q | \|q − centre\|² | −2 offset | −2 step |
   *
   * With `slack` 0 it is an unbiased estimate. It is a lower bound with `slack` |q| (2|q − centre| for distances), once
   * f·`tableError` (twice that) was subtracted from `a`, and `SCAN_ROUNDING` is allowed for. `dead` is a bitmap of rows in
   * 32-bit words, lowest bit first, row 0 being its first bit, or {@link NONE}. NaN counts as −Infinity.
   *
   * A candidate takes 8 bytes, so `out` needs 8 · `rows`: row + `label` (u32), value (f32). They come in the order of rows.
   * Returns how many. Time: O(rows · nibbles), 32 rows at once.
   */
  scan(
    codes: number,
    nibbles: number,
    constants: RowConstants,
    rows: number,
    tables: number,
    base: number,
    a: number,
    b: number,
    slack: number,
    dead: number,
    threshold: number,
    out: number,
    label: number,
  ): number;

  /**
   * Scans several pieces of codes, one after another, each as {@link scan} does.
   *
   * A piece is {@link PIECE_WORDS} words of 32 bits at `pieces`: the address of its codes, how many rows, `base` (f32), `a`
   * (f32), `dead` and `label`.
   *
   * With a rotated `query` (else {@link NONE}) tables are made for each piece, around its centre, and rows are estimated by
   * their squared distances. Their codes were made without the centre. Then the piece has the address of the rotated centre
   * instead of `base`; `a` is −2 offset − slack·|q − centre| and `b` −2 step, whatever the piece and the caller say.
   *
   * Returns how many candidates there are in all. Time: that of the scans, and of making the tables.
   */
  scanMany(
    pieces: number,
    count: number,
    query: number,
    padded: number,
    bits: number,
    constants: RowConstants,
    tables: number,
    b: number,
    slack: number,
    threshold: number,
    out: number,
  ): number;

  /** The least of `count` values (f32): Infinity if there are none, NaN if one of them is. Time: O(count). */
  least(values: number, count: number): number;

  /**
   * Writes those of `count` values (f32) that are at most `threshold` to `out`, as candidates, in order.
   *
   * A candidate is its index among the values + `label` (u32), and its value (f32). Returns how many. Time: O(count).
   */
  within(values: number, count: number, threshold: number, out: number, label: number): number;

  /**
   * Counts `count` values (f32) in a histogram of `bins` + 1 bins (u32) at `out`.
   *
   * A value counts in bin floor((value − low) · scale), evaluated in f32, at least in the first. Values beyond the last of
   * `bins`, and NaN, count in one more. Time: O(count).
   */
  tally(values: number, count: number, low: number, scale: number, bins: number, out: number): void;

  /** Keeps the candidates that are not above `threshold`, in order. Returns how many. Time: O(count). */
  keep(candidates: number, count: number, threshold: number): number;

  /**
   * Puts the `keep` smallest of `count` candidates first, in no particular order (quickselect).
   *
   * They are compared by value, then row; −0 is smaller than 0. Returns the largest value among them, or Infinity if there
   * are fewer, so that it can serve as the threshold of the next scan. Time: O(count), expected.
   */
  select(candidates: number, count: number, keep: number): number;

  /** Sorts candidates by value, then row. Time: O(count log count), expected. */
  sort(candidates: number, count: number): void;

  /**
   * Writes `count` products (f32) of a query with rows, `stride` components from row to row.
   *
   * The error is at most `productError(product, dimensions)` times |q|·|x| for `DOT`, times the product itself for
   * `SQUARED_L2`. Time: O(count · dimensions).
   */
  distances(
    product: Product,
    query: number,
    rows: number,
    stride: number,
    count: number,
    dimensions: number,
    out: number,
  ): void;

  /**
   * Replaces the values of candidates by their products (f32) with a query: the same bits as {@link distances}.
   *
   * Row r is the vector at `addresses[⌊r / 64⌋]` (u32) plus `stride` · (r mod 64) components. Time: O(count · dimensions).
   */
  distancesAt(
    product: Product,
    query: number,
    candidates: number,
    count: number,
    addresses: number,
    stride: number,
    dimensions: number,
  ): void;

  /**
   * Finds the `most` nearest of rows that follow each other in each of `count` pieces, by products (f32) with a query.
   *
   * A piece is {@link PIECE_WORDS} words of 32 bits at `pieces`: the address of its rows, how many, that of a factor (f32)
   * for each or {@link NONE} for all 1, a word that is not used, `dead` and `label` as in {@link scan}. The value of a row is
   * `base + scale·(factor·product)`, evaluated in this order in f32; NaN counts as −Infinity.
   *
   * Candidates are those whose value is not above `threshold`. Whenever there are far more than `most`, and in the end, the
   * threshold becomes `v + |v|·relative + absolute`, v being the value of the `most`-th of them, unless it is below that; those
   * above it are dropped. It is written to `line` (f32). `out` needs 8 bytes for each row. Candidates come in no particular
   * order. Returns how many there are. Time: O(rows · dimensions).
   */
  nearRows(
    product: Product,
    query: number,
    pieces: number,
    count: number,
    dimensions: number,
    base: number,
    scale: number,
    most: number,
    relative: number,
    absolute: number,
    threshold: number,
    out: number,
    line: number,
  ): number;

  /**
   * Writes `count` exact products (f64) of a query (f64) with rows (f32), `stride` components from row to row.
   *
   * They are equal to the bit to those of `src/geometry/exact-loops.ts`. `query` and `out` are multiples of 8.
   * Time: O(count · dimensions).
   */
  measure(
    product: Product,
    query: number,
    rows: number,
    stride: number,
    count: number,
    dimensions: number,
    out: number,
  ): void;

  /** As {@link measure}, for rows at `count` addresses (u32). */
  measureAt(
    product: Product,
    query: number,
    addresses: number,
    count: number,
    dimensions: number,
    out: number,
  ): void;

  /**
   * Adds rows (f32, at the `count` addresses (u32) at `addresses`) to sums (f64), each times its weight.
   *
   * One row after another, in 64 bits; weights and sums are at multiples of 8. Time: O(count · dimensions).
   */
  addRowsAt(addresses: number, weights: number, count: number, dimensions: number, sums: number): void;

  /**
   * Writes products of a query (f32, `padded` components) with the rows of `count` chunks in 16 bits.
   *
   * Rows are kept without their centre (`roughLayout`), at the addresses (u32) at `chunks`: half the memory of 32-bit floats,
   * and less than half the time. For each chunk 64 values (f32) are written, Infinity where there is no row: −q · x for
   * `DOT`, |q − x|² for `SQUARED_L2`. They are off by at most `roughError`. Its arguments are written to `line`, two f32:
   * the greatest distance of the query from a centre (for `DOT` the query's length), and the greatest length of a row
   * without its centre. At `scratch` 2 · `padded` bytes are used. Time: O(rows · padded).
   */
  roughDistances(
    product: Product,
    query: number,
    chunks: number,
    count: number,
    padded: number,
    scratch: number,
    out: number,
    line: number,
  ): void;

  /**
   * Finds the two nearest centroids of each of `count` rows: the assignment step of k-means.
   *
   * By squared L2, or for `DOT` by −dot · weight, where `weights` has an f32 for each centroid (1 over its length makes it a
   * cosine) or is {@link NONE} for all 1. Of equally near ones the first is nearer; NaN counts as −Infinity. At `out` each
   * row has 16 bytes: index (u32) and value (f32), and the same of the second, which is 4294967295 and Infinity if there is
   * none. The errors are those of {@link distances}, and with weights 2^-24 of the value more.
   * Time: O(count · centroids · dimensions).
   */
  nearest(
    product: Product,
    rows: number,
    stride: number,
    count: number,
    centroids: number,
    centroidStride: number,
    centroidCount: number,
    dimensions: number,
    weights: number,
    out: number,
  ): void;
}
