// Orthonormalises the columns of a matrix, for latent semantic analysis.
import type { Matrix } from './matrix.js';

/**
 * Makes the columns of a tall matrix orthonormal, in place, by the Cholesky decomposition of what they are to each other:
 * enough as long as none of them is nearly a combination of the others.
 */
export function orthonormalise({ values, rows, dimensions: n }: Matrix): void {
  const lower = choleskyOf(gramOf(values, rows, n), n);
  for (let row = 0; row < rows; row++) {
    for (let i = 0, at = row * n; i < n; i++) {
      let rest = values[at + i];
      for (let j = 0; j < i; j++) rest -= lower[i * n + j] * values[at + j];
      values[at + i] = rest / lower[i * n + i];
    }
  }
}

/** The products of all pairs of columns, below the diagonal. Four rows at a time: each sum is read and written less often. */
function gramOf(values: Float32Array, rows: number, n: number): Float64Array {
  const gram = new Float64Array(n * n);
  const four = new Float64Array(4 * n);
  for (let row = 0; row < rows; row += 4) {
    four.fill(0);
    four.set(values.subarray(row * n, Math.min(row + 4, rows) * n));
    for (let i = 0; i < n; i++) {
      const [a, b, c, d] = [four[i], four[n + i], four[2 * n + i], four[3 * n + i]];
      for (let j = 0, at = i * n; j <= i; j++, at++) {
        gram[at] += a * four[j] + b * four[n + j] + c * four[2 * n + j] + d * four[3 * n + j];
      }
    }
  }
  return gram;
}

/** The lower triangle whose product with its own transpose is the matrix; in place. */
function choleskyOf(matrix: Float64Array, n: number): Float64Array {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i * n + j];
      for (let k = 0; k < j; k++) rest -= matrix[i * n + k] * matrix[j * n + k];
      matrix[i * n + j] = i === j ? Math.sqrt(rest) : rest / matrix[j * n + j];
    }
  }
  return matrix;
}
