/*
 * Files of bare vectors: `.npy` of NumPy, and `.fvecs` of the sets that searches are measured with.
 */

import { CommandFailure } from '../streams.js';
import { ByteSource, type Input } from './read-bytes.js';

const LARGEST_HEADER = 1 << 20;
const LARGEST_VECTOR = 1 << 20;

/** The vectors of a `.fvecs`: each with its length, 32 bits, in front. */
export async function* readFvecs(input: Input): AsyncGenerator<Float32Array> {
  const source = new ByteSource(input);
  for (;;) {
    const head = await source.take(4);
    if (head === undefined) return;
    const dimensions = new DataView(head.buffer).getInt32(0, true);
    if (dimensions < 1 || dimensions > LARGEST_VECTOR)
      throw new CommandFailure(
        'NOT_FVECS',
        `${input.name} is no .fvecs: a vector has ${dimensions} components.`,
      );
    yield floatsOf((await needed(source, 4 * dimensions, input)).buffer, 'f4');
  }
}

/** The rows of a `.npy`: a table of numbers, row by row. */
export async function* readNpy(input: Input): AsyncGenerator<Float32Array> {
  const source = new ByteSource(input);
  const start = await needed(source, 8, input);
  if (Buffer.from(start.buffer, 0, 6).toString('latin1') !== '\x93NUMPY')
    throw notNpy(input, 'it does not begin like one');
  const size = await needed(source, start[6] === 1 ? 2 : 4, input);
  const view = new DataView(size.buffer);
  const length = start[6] === 1 ? view.getUint16(0, true) : view.getUint32(0, true);
  if (length > LARGEST_HEADER) throw notNpy(input, 'its header is too long');
  const header = Buffer.from(await needed(source, length, input)).toString('utf8');
  const type = /'descr':\s*'[<|=]([fiu]\d)'/.exec(header)?.[1];
  const shape = /'shape':\s*\((\d+),\s*(\d+),?\)/.exec(header);
  if (type === undefined || !(type in SIZES))
    throw notNpy(input, `its numbers are of a type that is not read: ${header.trim()}`);
  if (shape === null || header.includes("'fortran_order': True"))
    throw notNpy(input, `it must be a table of rows, in C order: ${header.trim()}`);
  const [rows, dimensions] = shape.slice(1);
  const bytes = SIZES[type as Type] * Number(dimensions);
  for (let row = 0; row < Number(rows); row++)
    yield floatsOf((await needed(source, bytes, input)).buffer, type as Type);
}

type Type = keyof typeof SIZES;
const SIZES = { f2: 2, f4: 4, f8: 8, i1: 1, u1: 1, i2: 2, u2: 2, i4: 4, u4: 4 } as const;

function floatsOf(buffer: ArrayBuffer, type: Type): Float32Array {
  switch (type) {
    case 'f4':
      return new Float32Array(buffer);
    case 'f8':
      return Float32Array.from(new Float64Array(buffer));
    case 'f2':
      return Float32Array.from(new Uint16Array(buffer), halfOf);
    case 'i1':
      return Float32Array.from(new Int8Array(buffer));
    case 'u1':
      return Float32Array.from(new Uint8Array(buffer));
    case 'i2':
      return Float32Array.from(new Int16Array(buffer));
    case 'u2':
      return Float32Array.from(new Uint16Array(buffer));
    case 'i4':
      return Float32Array.from(new Int32Array(buffer));
    case 'u4':
      return Float32Array.from(new Uint32Array(buffer));
  }
}

/** The number that 16 bits stand for. */
function halfOf(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The start of a `.npy` of so many vectors. */
export function npyHeader(rows: number, dimensions: number): Uint8Array {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${dimensions}), }`;
  // NumPy wants it to end at a multiple of 64, with a new line.
  const padded = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const bytes = Buffer.from(`\x93NUMPY\x01\x00\x00\x00${padded}`, 'latin1');
  bytes.writeUInt16LE(padded.length, 8);
  return bytes;
}

/** A vector of a `.fvecs`. */
export function fvecsOf(vector: Float32Array): Uint8Array {
  const bytes = Buffer.alloc(4 + 4 * vector.length);
  bytes.writeInt32LE(vector.length, 0);
  bytes.set(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength), 4);
  return bytes;
}

async function needed(source: ByteSource, count: number, { name }: Input): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await source.take(count);
  if (bytes !== undefined) return bytes;
  throw new CommandFailure('CUT_OFF', `${name} ends too early: it was cut off.`);
}

function notNpy({ name }: Input, why: string): CommandFailure {
  return new CommandFailure('NOT_NPY', `${name} is no .npy that can be read: ${why}.`);
}
