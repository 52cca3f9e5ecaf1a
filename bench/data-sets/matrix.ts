// Matrices of vectors, and their rows.

/** Vectors of the same size, one after another. */
export interface Matrix {
  readonly values: Float32Array;
  readonly rows: number;
  readonly dimensions: number;
}

export function matrix(values: Float32Array, dimensions: number): Matrix {
  return { values, rows: values.length / dimensions, dimensions };
}

/** One of the vectors: a view, not a copy. */
export function rowOf({ values, dimensions }: Matrix, row: number): Float32Array {
  return values.subarray(row * dimensions, (row + 1) * dimensions);
}

/** All of the vectors, as views. */
export function rowsIn(vectors: Matrix): Float32Array[] {
  return Array.from({ length: vectors.rows }, (_, row) => rowOf(vectors, row));
}

/** A part of the vectors, as a view. */
export function rowsBetween({ values, dimensions }: Matrix, from: number, to: number): Matrix {
  return matrix(values.subarray(from * dimensions, to * dimensions), dimensions);
}

/** Copies vectors into one matrix. */
export function concatenated(vectors: readonly Float32Array[]): Matrix {
  const dimensions = vectors[0].length;
  const values = new Float32Array(vectors.length * dimensions);
  vectors.forEach((vector, row) => {
    values.set(vector, row * dimensions);
  });
  return matrix(values, dimensions);
}

/** Scales each of the vectors to length 1, in place; those without a direction stay zero. */
export function normalise(vectors: Matrix): Matrix {
  for (const vector of rowsIn(vectors)) {
    const length = Math.hypot(...vector);
    if (length > 0) for (let i = 0; i < vector.length; i++) vector[i] /= length;
  }
  return vectors;
}
