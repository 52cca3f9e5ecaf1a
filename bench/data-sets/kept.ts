// Caches vectors that take long to make, in temporary files.
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Matrix } from './matrix.js';
import { readMatrix, writeMatrix } from './matrix-file.js';

/**
 * Makes vectors once and keeps them in a temporary file for the next run. The name must say everything that they depend on.
 */
export async function kept(
  name: string,
  dimensions: number,
  make: () => Matrix | Promise<Matrix>,
): Promise<Matrix> {
  const folder = join(tmpdir(), 'shardex-bench-vectors');
  const file = join(folder, `${name}-${dimensions}.f32`);
  if (!existsSync(file)) {
    const made = await make();
    mkdirSync(folder, { recursive: true });
    // Under another name until it is whole.
    const part = `${file}.${process.pid}`;
    writeMatrix(part, made);
    renameSync(part, file);
  }
  return readMatrix(file, dimensions);
}
