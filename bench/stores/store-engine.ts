// What keeps vectors on a disk, as the benchmark of stores asks it: the same work for each.

/** Vectors, each under its place as its id. */
export interface Kept {
  readonly dimensions: number;
  readonly vectors: readonly Float32Array[];
}

/** One that can be put on the disk and opened again. */
export interface StoreEngine {
  /** Loads its code, which is not counted. */
  load(): Promise<unknown>;
  /** Keeps the vectors at a path, in its own format, and returns when they are there. */
  save(path: string, kept: Kept): Promise<void>;
  open(path: string, kept: Pick<Kept, 'dimensions'>): Promise<OpenIndex>;
}

/** An index that was opened. */
export interface OpenIndex {
  search(query: Float32Array): unknown;
  /** Adds one more vector, and returns when it is as safe as this engine makes it. */
  add(id: number, vector: Float32Array): Promise<void>;
  /** Whether it has a vector by now. */
  has(id: number): boolean | Promise<boolean>;
  close(): Promise<void>;
}

export const K = 10;
