// The contract of the kernels: what each computes, where it reads and writes, and how far it may be off.
import type { RowConstants } from './code-shape.js';

/** Which of two products of vectors {@link Kernels.distances} and its like compute: the dot product. */
export const DOT = 0;
/** The square of the Euclidean distance. */
export const SQUARED_L2 = 1;
export type Product = typeof DOT | typeof SQUARED_L2;

/** How long a vector is in 16-bit numbers: so that no sum of products is more than 32 bits hold. */
export const ROUGH_LENGTH = 32_000;

/** Where no array is meant: nothing ever lies there. */
export const NONE = 0;

/** Words of 32 bits that describe a piece; see {@link Kernels.scanMany}. */
export const PIECE_WORDS = 6;

/** Bytes at the beginning that callers leave alone: kernels use some of them, and no array lies at `NONE`. */
export const BASE = 1024;

/**
 * The fast loops, over one growable memory that callers divide up as they like. All addresses are byte offsets into it:
 * multiples of 4, from {@link base} on. There are two implementations, in WebAssembly SIMD and in TypeScript, which do
 * the same 32-bit operations in the same order and so give the same bits (I10).
 *
 * Nothing here but `measure` is exact, and all results come with a bound on their error, so that a caller can decide
 * in 64-bit floats what is close. The bounds are in `bounds.ts`, the layout of codes is in `code-shape.ts`. They hold for finite vectors
 * whose length is 0 or from 2^-50 to 2^50; others give some result too, but it says nothing.
 */
export interface Kernels {
  /** `true` for WebAssembly SIMD, `false` for the TypeScript twin. */
  readonly simd: boolean;
  /** The first byte that callers may use; a multiple of 64. */
  readonly base: number;
  /** Bytes that may be used now, counted from 0. */
  readonly byteLength: number;

  /* Views of all of the memory. Growing replaces them: do not keep one across `reserve`. */
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;

  /**
   * Makes the memory at least so large, new bytes being 0; it never shrinks. Returns `false`, and changes nothing,
   * where the platform refuses.
   */
  reserve(byteLength: number): boolean;

  /**
   * What is left of `count` rows (f32, `stride` components from row to row) without a centre, padded with zeros to
   * `padded` components: `out[r] = row[r] − centre`, or `row[r] / |row[r]| − centre` with `unit` = 1, where a zero row
   * stays zero before the centre is taken off. `centre` has `dimensions` components, or is {@link NONE}.
   * `out` may not overlap `rows`. Each component is off by 2^-24 of itself at most, and with `unit` by 2^-50 more.
   * Time: O(count · padded).
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
   * The length of the error is at most `rotationError(padded)` times the vector's.
   * Time: O(count · padded · log padded).
   */
  rotate(from: number, to: number, count: number, padded: number, signs: number): void;

  /**
   * Writes the codes of `count` rotated residuals (f32, `padded` components each) as rows `first` and on of `codes`,
   * which has the layout of `CodeShape`. Rows before them keep theirs.
   *
   * A residual r becomes a grid vector v and a scale f = |r|²/(r · v), such that f(q · v) estimates q · r. Stored are, as
   * `constants` says, f; `error`, for which always |q · r − f(q · v)| <= error·|q|, the rounding of residual, rotation and
   * codes included; and `bias`, |r|² + 2f(centre · v) with the rotated `centre`, or 0 where that is {@link NONE}. A
   * residual whose length is not 0 or between 2^-60 and 2^60 gets f = 0 and `error` = Infinity, or `LEAN` f = NaN:
   * nothing is known of it, and each scan finds it.
   * Time: O(count · padded).
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
   * Writes the look-up tables of a rotated query (f32, `padded` components), less a rotated centre where that is not
   * {@link NONE}: 16 bytes a nibble. With s the sum of a row's entries, q · v = offset + step·s; at `line` two f32 are
   * written, `offset` and `step`. The error is at most `tableError(shape, offset, step)`. With a centre the rounding of both
   * rotations counts, so that a row's `error` is short by rotationError(padded)·(1 + |centre| / |q − centre|) of
   * itself and of |r|; where that is too much, rotate q − centre instead.
   * Time: O(16 · nibbles).
   */
  tables(query: number, centre: number, padded: number, bits: number, tables: number, line: number): void;

  /**
   * Estimates rows `from` to `to` − 1 of `codes`, and appends to `out` those not dead and not above `threshold`.
   * The value of a row is `base + bias + f·(a + b·s) − slack·error`, evaluated in this order in f32, where s is the sum
   * of its table entries, and what {@link encode} did not store of a row, as `constants` says, is 0. So with (offset, step)
   * of `tables`:
   *
   * | distance | codes made with the centre | tables of | base | a | b |
   * | --- | --- | --- | --- | --- | --- |
   * | −q · x | – | q | −q · centre | −offset | −step |
   * | \|q − x\|² | no | q − centre | \|q − centre\|² | −2 offset | −2 step |
   * | \|q − x\|² | yes | q | \|q − centre\|² | −2 offset | −2 step |
   *
   * With `slack` 0 it is an estimate without bias; a lower bound with `slack` |q| (2|q − centre| for the second), once
   * f·`tableError` (twice that) was taken into `a`, and what `scanRounding` says is allowed for.
   * `dead` is a bitmap of rows in 32-bit words, lowest bit first, aligned with the codes (row 0 is its first bit), or
   * {@link NONE}. A value that is no number counts as −Infinity.
   *
   * A candidate takes 8 bytes: row + `label` (u32), value (f32); so `out` needs room for `to` − `from` of them. They
   * come in the order of rows. Returns how many.
   * Time: O((to − from) · nibbles), of which 32 rows at once.
   */
  scan(
    codes: number,
    nibbles: number,
    constants: RowConstants,
    from: number,
    to: number,
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
   * Scans the codes of several pieces, one after the other, as {@link scan} does each from its first row on. A piece is
   * {@link PIECE_WORDS} words of 32 bits at `pieces`: where its codes are, how many rows, `base` (f32), `a` (f32), `dead`
   * and `label`.
   *
   * With a `query` (rotated, of `padded` components; else {@link NONE}) `tables` are first made for each piece around its
   * centre, and rows estimated by the squares of their distances, whose codes were made without it: the address of the
   * rotated centre is in the piece instead of `base`, `a` is −2 offset − slack·|q − centre|, and what a piece or the caller
   * says of `a` and `b` is not looked at.
   *
   * Returns what `scan` does, of all. Time: that of all the scans, and of making the tables.
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

  /** The least of `count` values (f32): Infinity where there are none, NaN where one of them is. Time: O(count). */
  least(values: number, count: number): number;

  /**
   * Appends those of `count` values (f32) that are not above `threshold` to `out`, as candidates: index among the values
   * + `label` (u32), value (f32), in order. Returns how many. Time: O(count).
   */
  within(values: number, count: number, threshold: number, out: number, label: number): number;

  /**
   * Counts values (f32) by size: adds 1 to the u32 at `out` of the bin floor((value − low) · scale), evaluated in f32, the
   * first where that is less; what lies behind the last of `bins`, or is no number, counts in one more. Time: O(count).
   */
  tally(values: number, count: number, low: number, scale: number, bins: number, out: number): void;

  /** Of `count` candidates keeps those not above `threshold`, in order; returns how many. Time: O(count). */
  keep(candidates: number, count: number, threshold: number): number;

  /**
   * Puts the `keep` smallest of `count` candidates first, in no particular order: smaller value, then smaller row.
   * (−0 counts as smaller than 0.) Returns the largest value among those, or Infinity where there are fewer than
   * `keep`, so that it can serve as the threshold of the next scan. Time: O(count), expected.
   */
  select(candidates: number, count: number, keep: number): number;

  /** Sorts candidates by value, then row. Time: O(count log count), expected. */
  sort(candidates: number, count: number): void;

  /**
   * Writes `count` products (f32) of a query with rows that lie `stride` components apart. Time: O(count · dimensions).
   * The error is at most `productError(product, dimensions)` times |q|·|x| for `DOT`, times itself for `SQUARED_L2`.
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

  /** As {@link distances} for `queries` queries, `queryStride` apart: `out[q · count + r]`, the same bits. */
  distancesMany(
    product: Product,
    query: number,
    queryStride: number,
    queries: number,
    rows: number,
    stride: number,
    count: number,
    dimensions: number,
    out: number,
  ): void;

  /**
   * Gives candidates their products (f32) with a query instead of the values that they have: the same bits as
   * {@link distances}. Row r is the vector at `addresses[r / 64] + stride · (r mod 64)`, addresses being byte offsets (u32) and
   * `stride` a number of components. Time: O(count · dimensions).
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
   * Writes `count` products (f64) of a query (f64, both at multiples of 8) with rows (f32) that lie `stride` components
   * apart: not bounds but the distances themselves, as `src/geometry/exact-loops.ts` defines them, to the bit.
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

  /** As {@link measure} for rows that lie anywhere: at the `count` byte offsets (u32) at `addresses`. The same bits. */
  measureAt(
    product: Product,
    query: number,
    addresses: number,
    count: number,
    dimensions: number,
    out: number,
  ): void;

  /**
   * Products of a query (f32, `padded` components) with the rows of `count` chunks, which are kept without their centre in
   * 16-bit numbers: half the memory of 32-bit floats, and less than half of the time. Each is `roughLayout` at a byte offset of
   * those (u32) at `chunks`.
   *
   * For each chunk 64 values (f32) are written, Infinity where there is no row: −q · x for `DOT`, |q − x|² for `SQUARED_L2`,
   * off by at most `roughError`. What that needs is written to `line`, two f32: how far the query is from the centre that is
   * farthest (for `DOT` how long it is), and how long the longest row is without its centre. At `scratch` 2 · `padded` bytes
   * are used. Time: O(rows · padded).
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
   * The two nearest of some centroids for each of `count` rows: by squared L2, or by −dot · weight for `DOT`, where
   * `weights` has an f32 for each centroid (1 over its length makes it a cosine) or is {@link NONE} for all 1.
   * Of equally near ones the first counts as nearer; a value that is no number counts as −Infinity. At `out` each row
   * has 16 bytes: index (u32), value (f32), and the same of the second, which is 4294967295 and Infinity where there
   * is none. The errors are those of {@link distances}, and 2^-24 of the value more with weights.
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
