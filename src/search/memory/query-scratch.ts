// Memory for queries that are made one after another.

/**
 * Memory for one query at a time, lent by a caller that makes many.
 *
 * Arrays of its own for each query would be garbage that is collected late.
 */
export class QueryScratch {
  readonly vector: Float64Array;
  readonly unit: Float32Array;

  constructor(dimensions: number) {
    this.vector = new Float64Array(dimensions);
    this.unit = new Float32Array(dimensions);
  }
}
