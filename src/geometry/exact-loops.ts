/*
 * Exact products of vectors in 64-bit floats. Each is four running sums, component i going to sum i mod 4, added up as
 * (s0 + s2) + (s1 + s3). The kernels in WebAssembly (assembly/measure.ts) do the same, so a row has one distance to a probe,
 * bit for bit, whichever loop computes it (I10).
 *
 * Four sums fill two SIMD registers, and the additions of one sum would wait for each other. Two and eight were as fast in
 * WebAssembly; four are no slower here than one. Two rows at a time share the reads of the probe.
 */

/** The dot product of a probe with the row from `at` on of a row-major matrix. Time: O(dimensions). */
export function dotProduct(probe: Float64Array, matrix: Float32Array, at: number): number {
  const d = probe.length;
  const whole = d - (d & 3);
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let i = 0;
  for (; i < whole; i += 4) {
    s0 += probe[i] * matrix[at + i];
    s1 += probe[i + 1] * matrix[at + i + 1];
    s2 += probe[i + 2] * matrix[at + i + 2];
    s3 += probe[i + 3] * matrix[at + i + 3];
  }
  if (i < d) s0 += probe[i] * matrix[at + i];
  if (i + 1 < d) s1 += probe[i + 1] * matrix[at + i + 1];
  if (i + 2 < d) s2 += probe[i + 2] * matrix[at + i + 2];
  return s0 + s2 + (s1 + s3);
}

/** The squared Euclidean distance of a probe from the row at `at` of a row-major matrix. Time: O(dimensions). */
export function squaredL2(probe: Float64Array, matrix: Float32Array, at: number): number {
  const d = probe.length;
  const whole = d - (d & 3);
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let i = 0;
  for (; i < whole; i += 4) {
    const d0 = probe[i] - matrix[at + i];
    const d1 = probe[i + 1] - matrix[at + i + 1];
    const d2 = probe[i + 2] - matrix[at + i + 2];
    const d3 = probe[i + 3] - matrix[at + i + 3];
    s0 += d0 * d0;
    s1 += d1 * d1;
    s2 += d2 * d2;
    s3 += d3 * d3;
  }
  if (i < d) s0 += square(probe[i] - matrix[at + i]);
  if (i + 1 < d) s1 += square(probe[i + 1] - matrix[at + i + 1]);
  if (i + 2 < d) s2 += square(probe[i + 2] - matrix[at + i + 2]);
  return s0 + s2 + (s1 + s3);
}

/** The squared length of the row at `at` of a row-major matrix. Time: O(dimensions). */
export function squaredNorm(matrix: Float32Array | Float64Array, at: number, dimensions: number): number {
  const whole = at + dimensions - (dimensions & 3);
  const end = at + dimensions;
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let i = at;
  for (; i < whole; i += 4) {
    s0 += matrix[i] * matrix[i];
    s1 += matrix[i + 1] * matrix[i + 1];
    s2 += matrix[i + 2] * matrix[i + 2];
    s3 += matrix[i + 3] * matrix[i + 3];
  }
  if (i < end) s0 += matrix[i] * matrix[i];
  if (i + 1 < end) s1 += matrix[i + 1] * matrix[i + 1];
  if (i + 2 < end) s2 += matrix[i + 2] * matrix[i + 2];
  return s0 + s2 + (s1 + s3);
}

/** `out[r] = probe · row(first + r)` for `count` rows of a row-major matrix. Time: O(count · dimensions). */
export function dotRows(
  probe: Float64Array,
  matrix: Float32Array,
  first: number,
  count: number,
  out: Float64Array,
): void {
  const d = probe.length;
  let r = 0;
  let at = first * d;
  for (; r + 2 <= count; r += 2, at += 2 * d) dotTwo(probe, matrix, at, matrix, at + d, out, r);
  if (r < count) out[r] = dotProduct(probe, matrix, at);
}

/** `out[r] = |probe − row(first + r)|²` for `count` rows of a row-major matrix. Time: O(count · dimensions). */
export function squaredL2Rows(
  probe: Float64Array,
  matrix: Float32Array,
  first: number,
  count: number,
  out: Float64Array,
): void {
  const d = probe.length;
  let r = 0;
  let at = first * d;
  for (; r + 2 <= count; r += 2, at += 2 * d) squaredL2Two(probe, matrix, at, matrix, at + d, out, r);
  if (r < count) out[r] = squaredL2(probe, matrix, at);
}

/** As {@link dotRows}, for rows of several matrices: row `rows[r]` of `matrices[r]`. The same bits. */
export function dotScattered(
  probe: Float64Array,
  matrices: readonly { readonly vectors: Float32Array }[],
  rows: readonly number[],
  first: number,
  count: number,
  out: Float64Array,
): void {
  const d = probe.length;
  let r = 0;
  for (; r + 2 <= count; r += 2) {
    const at = first + r;
    dotTwo(probe, matrices[at].vectors, rows[at] * d, matrices[at + 1].vectors, rows[at + 1] * d, out, r);
  }
  if (r < count) out[r] = dotProduct(probe, matrices[first + r].vectors, rows[first + r] * d);
}

/** As {@link squaredL2Rows}, for rows of several matrices. The same bits. */
export function squaredL2Scattered(
  probe: Float64Array,
  matrices: readonly { readonly vectors: Float32Array }[],
  rows: readonly number[],
  first: number,
  count: number,
  out: Float64Array,
): void {
  const d = probe.length;
  let r = 0;
  for (; r + 2 <= count; r += 2) {
    const at = first + r;
    squaredL2Two(
      probe,
      matrices[at].vectors,
      rows[at] * d,
      matrices[at + 1].vectors,
      rows[at + 1] * d,
      out,
      r,
    );
  }
  if (r < count) out[r] = squaredL2(probe, matrices[first + r].vectors, rows[first + r] * d);
}

/** Writes the products with two rows to `out[r]` and the next. */
function dotTwo(
  probe: Float64Array,
  m: Float32Array,
  a: number,
  n: Float32Array,
  b: number,
  out: Float64Array,
  r: number,
): void {
  const d = probe.length;
  const whole = d - (d & 3);
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let t0 = 0;
  let t1 = 0;
  let t2 = 0;
  let t3 = 0;
  let i = 0;
  for (; i < whole; i += 4, a += 4, b += 4) {
    const x0 = probe[i];
    const x1 = probe[i + 1];
    const x2 = probe[i + 2];
    const x3 = probe[i + 3];
    s0 += x0 * m[a];
    s1 += x1 * m[a + 1];
    s2 += x2 * m[a + 2];
    s3 += x3 * m[a + 3];
    t0 += x0 * n[b];
    t1 += x1 * n[b + 1];
    t2 += x2 * n[b + 2];
    t3 += x3 * n[b + 3];
  }
  if (i < d) {
    s0 += probe[i] * m[a];
    t0 += probe[i] * n[b];
  }
  if (i + 1 < d) {
    s1 += probe[i + 1] * m[a + 1];
    t1 += probe[i + 1] * n[b + 1];
  }
  if (i + 2 < d) {
    s2 += probe[i + 2] * m[a + 2];
    t2 += probe[i + 2] * n[b + 2];
  }
  out[r] = s0 + s2 + (s1 + s3);
  out[r + 1] = t0 + t2 + (t1 + t3);
}

/** Writes the squared distances from two rows to `out[r]` and the next. */
function squaredL2Two(
  probe: Float64Array,
  m: Float32Array,
  a: number,
  n: Float32Array,
  b: number,
  out: Float64Array,
  r: number,
): void {
  const d = probe.length;
  const whole = d - (d & 3);
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let t0 = 0;
  let t1 = 0;
  let t2 = 0;
  let t3 = 0;
  let i = 0;
  for (; i < whole; i += 4, a += 4, b += 4) {
    const x0 = probe[i];
    const x1 = probe[i + 1];
    const x2 = probe[i + 2];
    const x3 = probe[i + 3];
    const a0 = x0 - m[a];
    const b0 = x0 - n[b];
    s0 += a0 * a0;
    t0 += b0 * b0;
    const a1 = x1 - m[a + 1];
    const b1 = x1 - n[b + 1];
    s1 += a1 * a1;
    t1 += b1 * b1;
    const a2 = x2 - m[a + 2];
    const b2 = x2 - n[b + 2];
    s2 += a2 * a2;
    t2 += b2 * b2;
    const a3 = x3 - m[a + 3];
    const b3 = x3 - n[b + 3];
    s3 += a3 * a3;
    t3 += b3 * b3;
  }
  if (i < d) {
    s0 += square(probe[i] - m[a]);
    t0 += square(probe[i] - n[b]);
  }
  if (i + 1 < d) {
    s1 += square(probe[i + 1] - m[a + 1]);
    t1 += square(probe[i + 1] - n[b + 1]);
  }
  if (i + 2 < d) {
    s2 += square(probe[i + 2] - m[a + 2]);
    t2 += square(probe[i + 2] - n[b + 2]);
  }
  out[r] = s0 + s2 + (s1 + s3);
  out[r + 1] = t0 + t2 + (t1 + t3);
}

/** The square of a number. Not `** 2`: powers need not be rounded correctly, and platforms may differ. */
function square(x: number): number {
  return x * x;
}
