// Writes and reads matrices as files of 32-bit floats.
import { closeSync, fstatSync, openSync, readSync, writeFileSync } from 'node:fs';
import { type Matrix, matrix } from './matrix.js';

/** Writes vectors to a file, as 32-bit floats and nothing else. */
export function writeMatrix(file: string, { values: { buffer, byteOffset, byteLength } }: Matrix): void {
  writeFileSync(file, new Uint8Array(buffer, byteOffset, byteLength));
}

/** In a buffer of its own, from its start: an engine may take the whole buffer for the vectors. */
export function readMatrix(path: string, dimensions: number): Matrix {
  const file = openSync(path, 'r');
  try {
    const values = new Float32Array(fstatSync(file).size / 4);
    readSync(file, values);
    return matrix(values, dimensions);
  } finally {
    closeSync(file);
  }
}
