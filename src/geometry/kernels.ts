/**
 * The inner loops. All sums run over the components in order, in 64-bit floats, whichever loop computes them: so a
 * row has one distance to a probe, bit for bit, however it was reached (I10), and results equal a naive brute force.
 * Four rows at a time, because one running sum waits for its own additions: a third to a half faster than row by row.
 */

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
  for (; r + 4 <= count; r += 4, at += 4 * d) {
    const b = at + d;
    const c = b + d;
    const e = c + d;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let i = 0; i < d; i++) {
      const x = probe[i];
      s0 += x * matrix[at + i];
      s1 += x * matrix[b + i];
      s2 += x * matrix[c + i];
      s3 += x * matrix[e + i];
    }
    out[r] = s0;
    out[r + 1] = s1;
    out[r + 2] = s2;
    out[r + 3] = s3;
  }
  for (; r < count; r++, at += d) {
    let s = 0;
    for (let i = 0; i < d; i++) s += probe[i] * matrix[at + i];
    out[r] = s;
  }
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
  for (; r + 4 <= count; r += 4, at += 4 * d) {
    const b = at + d;
    const c = b + d;
    const e = c + d;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let i = 0; i < d; i++) {
      const x = probe[i];
      const d0 = x - matrix[at + i];
      const d1 = x - matrix[b + i];
      const d2 = x - matrix[c + i];
      const d3 = x - matrix[e + i];
      s0 += d0 * d0;
      s1 += d1 * d1;
      s2 += d2 * d2;
      s3 += d3 * d3;
    }
    out[r] = s0;
    out[r + 1] = s1;
    out[r + 2] = s2;
    out[r + 3] = s3;
  }
  for (; r < count; r++, at += d) {
    let s = 0;
    for (let i = 0; i < d; i++) {
      const delta = probe[i] - matrix[at + i];
      s += delta * delta;
    }
    out[r] = s;
  }
}

/** The sum of squares of one row of a row-major matrix. */
export function squaredNorm(matrix: Float32Array | Float64Array, at: number, dimensions: number): number {
  let s = 0;
  for (let i = at; i < at + dimensions; i++) s += matrix[i] * matrix[i];
  return s;
}

/** As {@link dotRows} for rows that lie anywhere: row `rows[r]` of `matrices[r]`. The same bits. */
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
  for (; r + 4 <= count; r += 4) {
    const m0 = matrices[first + r].vectors;
    const m1 = matrices[first + r + 1].vectors;
    const m2 = matrices[first + r + 2].vectors;
    const m3 = matrices[first + r + 3].vectors;
    const a0 = rows[first + r] * d;
    const a1 = rows[first + r + 1] * d;
    const a2 = rows[first + r + 2] * d;
    const a3 = rows[first + r + 3] * d;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let i = 0; i < d; i++) {
      const x = probe[i];
      s0 += x * m0[a0 + i];
      s1 += x * m1[a1 + i];
      s2 += x * m2[a2 + i];
      s3 += x * m3[a3 + i];
    }
    out[r] = s0;
    out[r + 1] = s1;
    out[r + 2] = s2;
    out[r + 3] = s3;
  }
  for (; r < count; r++) {
    const matrix = matrices[first + r].vectors;
    const at = rows[first + r] * d;
    let s = 0;
    for (let i = 0; i < d; i++) s += probe[i] * matrix[at + i];
    out[r] = s;
  }
}

/** As {@link squaredL2Rows} for rows that lie anywhere, likewise. */
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
  for (; r + 4 <= count; r += 4) {
    const m0 = matrices[first + r].vectors;
    const m1 = matrices[first + r + 1].vectors;
    const m2 = matrices[first + r + 2].vectors;
    const m3 = matrices[first + r + 3].vectors;
    const a0 = rows[first + r] * d;
    const a1 = rows[first + r + 1] * d;
    const a2 = rows[first + r + 2] * d;
    const a3 = rows[first + r + 3] * d;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let i = 0; i < d; i++) {
      const x = probe[i];
      const d0 = x - m0[a0 + i];
      const d1 = x - m1[a1 + i];
      const d2 = x - m2[a2 + i];
      const d3 = x - m3[a3 + i];
      s0 += d0 * d0;
      s1 += d1 * d1;
      s2 += d2 * d2;
      s3 += d3 * d3;
    }
    out[r] = s0;
    out[r + 1] = s1;
    out[r + 2] = s2;
    out[r + 3] = s3;
  }
  for (; r < count; r++) {
    const matrix = matrices[first + r].vectors;
    const at = rows[first + r] * d;
    let s = 0;
    for (let i = 0; i < d; i++) {
      const delta = probe[i] - matrix[at + i];
      s += delta * delta;
    }
    out[r] = s;
  }
}
