import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Matrix, matrix } from './matrix.js';

/**
 * Makes vectors once and keeps them in a file for the next run. The name must say everything that they depend on.
 */
export async function kept(
  name: string,
  dimensions: number,
  make: () => Matrix | Promise<Matrix>,
): Promise<Matrix> {
  const folder = join(tmpdir(), 'shardex-bench-vectors');
  const file = join(folder, `${name}-${dimensions}.f32`);
  if (!existsSync(file)) {
    const { values } = await make();
    mkdirSync(folder, { recursive: true });
    // Under another name until it is whole.
    const part = `${file}.${process.pid}`;
    writeFileSync(part, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    renameSync(part, file);
  }
  const bytes = readFileSync(file);
  return matrix(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4), dimensions);
}
