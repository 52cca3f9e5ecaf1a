import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SCAN_ROUNDING, productError, rotationError, tableError } from '../../src/kernels/bounds.js';
import {
  BIASED,
  type Bits,
  type CodeShape,
  LEAN,
  PLAIN,
  ascendingLevels,
  codeBytes,
  codeShape,
  gridOf,
  typicalError,
} from '../../src/kernels/code-shape.js';
import { createKernels } from '../../src/kernels/create-kernels.js';
import { DOT, type Kernels, NONE, PIECE_WORDS, SQUARED_L2 } from '../../src/kernels/kernels.js';
import { ROUNDS, rotationSigns } from '../../src/kernels/rotation.js';
import { naiveDot, naiveSquaredL2 } from '../support/naive-twin.js';
import { gaussianVector, seeded } from '../support/random.js';
import { Arena, type Kind } from './arena.js';

/* What the kernels say about their errors, against 64-bit floats. */

const ROOM = 2 ** 21;
const DIMENSIONS = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(64, 100, 257, 768));
const BITS = fc.constantFrom<Bits>(2, 4);
const KIND = fc.constantFrom<Kind>('normal', 'offset', 'sparse');
const SEED = fc.integer();

const kernels = createKernels();
const lengthOf = (vector: ArrayLike<number>): number => Math.sqrt(naiveDot(vector, vector));

test('products are within productError of the truth', () => {
  fc.assert(
    fc.property(DIMENSIONS, KIND, SEED, (d, kind, seed) => {
      const arena = new Arena(kernels, ROOM, seed);
      const [q, rows, out] = [arena.vectors(1, d, kind), arena.vectors(9, d, kind), arena.take(36)];
      const query = arena.numbers(q, d);
      for (const product of [DOT, SQUARED_L2] as const) {
        kernels.distances(product, q, rows, d, 9, d, out);
        for (let r = 0; r < 9; r++) {
          const row = arena.numbers(rows + 4 * r * d, d);
          const truth = (product === DOT ? naiveDot : naiveSquaredL2)(query, row);
          const relativeTo = product === DOT ? lengthOf(query) * lengthOf(row) : truth;
          const error = Math.abs(kernels.f32[out / 4 + r] - truth);
          expect(error).toBeLessThanOrEqual(productError(product, d) * relativeTo);
        }
      }
    }),
  );
});

/** The rotation as `rotationSigns` says, in 64-bit floats, with its constants as they are meant. */
function trueRotation(vector: ArrayLike<number>, signs: Float32Array): Float64Array {
  const padded = vector.length;
  const x = Float64Array.from(vector);
  const power = 2 ** Math.floor(Math.log2(padded));
  for (let round = 0; round < ROUNDS; round++) {
    const first = round % 2 === 0 ? 0 : padded - power;
    for (let i = 0; i < padded; i++) x[i] *= Math.sign(signs[round * padded + i]);
    // The Hadamard transform by its definition: the sign is the parity of the bits that both indices share.
    const part = x.slice(first, first + power);
    for (let i = 0; i < power; i++) {
      let sum = 0;
      for (let j = 0; j < power; j++) sum += parity(i & j) === 0 ? part[j] : -part[j];
      x[first + i] = sum / Math.sqrt(power);
    }
    if (power === padded) continue;
    for (let i = 0; i < padded / 2; i++) {
      const [a, b] = [x[i], x[i + padded / 2]];
      x[i] = (a + b) * Math.SQRT1_2;
      x[i + padded / 2] = (a - b) * Math.SQRT1_2;
    }
  }
  return x;
}

function parity(bits: number): number {
  let odd = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) odd ^= 1;
  return odd;
}

describe('the rotation', () => {
  test('is what it is said to be, within rotationError', () => {
    fc.assert(
      fc.property(DIMENSIONS, KIND, SEED, (d, kind, seed) => {
        const arena = new Arena(kernels, ROOM, seed);
        const { padded } = codeShape(d, 2, PLAIN);
        const signs = rotationSigns(padded, seed);
        const [at, place] = [arena.vectors(1, padded, kind), arena.put(signs)];
        const vector = arena.numbers(at, padded);
        kernels.rotate(at, at, 1, padded, place);
        const error = Math.sqrt(naiveSquaredL2(arena.numbers(at, padded), trueRotation(vector, signs)));
        expect(error).toBeLessThanOrEqual(rotationError(padded) * lengthOf(vector));
      }),
      { numRuns: 60 },
    );
  });

  test.each([8, 16, 24, 104, 264])('of %i components is orthogonal', (padded) => {
    const arena = new Arena(kernels, ROOM, padded);
    const basis = Array.from({ length: padded * padded }, (_, i) => (i % (padded + 1) === 0 ? 1 : 0));
    const at = arena.put(basis);
    kernels.rotate(at, at, padded, padded, arena.put(rotationSigns(padded, 7)));
    const rows = Array.from({ length: padded }, (_, i) => arena.numbers(at + 4 * i * padded, padded));
    let worst = 0;
    for (let i = 0; i < padded; i++) {
      for (let j = 0; j <= i; j++) {
        worst = Math.max(worst, Math.abs(naiveDot(rows[i], rows[j]) - (i === j ? 1 : 0)));
      }
    }
    expect(worst).toBeLessThanOrEqual(2.1 * rotationError(padded));
  });

  test('spreads a single component over all of them, and depends on the seed', () => {
    const padded = 104;
    const arena = new Arena(kernels, ROOM, 1);
    const at = arena.put(Array.from({ length: padded }, (_, i) => (i === 3 ? 1 : 0)));
    kernels.rotate(at, at, 1, padded, arena.put(rotationSigns(padded, 7)));
    expect(Math.max(...arena.numbers(at, padded).map(Math.abs))).toBeLessThan(0.5);
    expect(rotationSigns(padded, 7)).toEqual(rotationSigns(padded, 7));
    expect(rotationSigns(padded, 7)).not.toEqual(rotationSigns(padded, 8));
  });
});

/** Rows coded with respect to a centre, and how to ask about them. */
interface Coded {
  readonly shape: CodeShape;
  readonly arena: Arena;
  readonly codes: number;
  readonly signs: number;
}

function coded(
  d: number,
  bits: Bits,
  rows: number,
  count: number,
  centre: number,
  arena: Arena,
  seed: number,
): Coded {
  const shape = codeShape(d, bits, BIASED);
  const { padded } = shape;
  const signs = arena.put(rotationSigns(padded, seed));
  const rotated = arena.take(4 * count * padded);
  const codes = arena.take(codeBytes(shape, count));
  arena.kernels.residuals(rows, d, count, d, centre, 0, rotated, padded);
  arena.kernels.rotate(rotated, rotated, count, padded, signs);
  arena.kernels.encode(rotated, count, 0, codes, padded, bits, BIASED, NONE);
  return { shape, arena, codes, signs };
}

/** A query less a centre, rotated. */
function rotatedQuery({ shape, arena, signs }: Coded, query: number, centre: number): number {
  const { dimensions, padded } = shape;
  const out = arena.take(4 * padded);
  arena.kernels.residuals(query, dimensions, 1, dimensions, centre, 0, out, padded);
  arena.kernels.rotate(out, out, 1, padded, signs);
  return out;
}

/** What is stored of a row: its grid vector, read nibble by nibble, and its constants. */
function stored(
  { shape, arena, codes }: Coded,
  row: number,
): { grid: number[]; scale: number; error: number; squared: number } {
  const { u8, f32 } = arena.kernels;
  const { nibbles, bits, padded, groupBytes } = shape;
  const levels = ascendingLevels(gridOf(bits));
  const group = codes + Math.floor(row / 32) * groupBytes;
  const place = row % 32;
  const grid = Array.from({ length: padded }, (_, i) => {
    const byte = u8[group + 16 * Math.floor((i * bits) / 4) + (place % 16)];
    const nibble = place < 16 ? byte & 15 : byte >> 4;
    return levels[(nibble >> ((i * bits) % 4)) & (2 ** bits - 1)];
  });
  const line = (group + 16 * nibbles) / 4 + place;
  return { grid, scale: f32[line], error: f32[line + 32], squared: f32[line + 64] };
}

/** Queries that are random, a row, or what the code of a row loses: the worst for that row. */
function queriesFor(own: Coded, rows: number, count: number, seed: number): number[] {
  const { dimensions: d, padded } = own.shape;
  const { arena } = own;
  const random = arena.put(gaussianVector(seeded(seed), d));
  const row = rows + 4 * d * (Math.abs(seed) % count);
  if (d !== padded) return [random, row];
  const signs = arena.numbers(own.signs, ROUNDS * padded);
  const { grid, scale } = stored(own, Math.abs(seed) % count);
  const rotated = trueRotation(arena.numbers(row, d), signs);
  const lost = rotated.map((x, i) => x - scale * grid[i]);
  // Back through the rotation: component i is the product with the rotated i-th unit vector.
  const back = Array.from({ length: d }, (_, i) =>
    naiveDot(
      trueRotation(
        Array.from({ length: d }, (_, j) => (i === j ? 1 : 0)),
        signs,
      ),
      lost,
    ),
  );
  return [random, row, arena.put(back)];
}

describe('codes', () => {
  const COUNT = 40;
  const CASE = [
    fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(64, 100)),
    BITS,
    KIND,
    SEED,
  ] as const;

  test('are off by no more than the error that is stored with them', () => {
    fc.assert(
      fc.property(...CASE, (d, bits, kind, seed) => {
        const arena = new Arena(kernels, ROOM, seed);
        const rows = arena.vectors(COUNT, d, kind);
        const own = coded(d, bits, rows, COUNT, NONE, arena, seed);
        for (const query of queriesFor(own, rows, COUNT, seed)) {
          const q = arena.numbers(query, d);
          const rotated = arena.numbers(rotatedQuery(own, query, NONE), own.shape.padded);
          for (let r = 0; r < COUNT; r++) {
            const row = arena.numbers(rows + 4 * r * d, d);
            const { grid, scale, error, squared } = stored(own, r);
            const off = Math.abs(naiveDot(q, row) - scale * naiveDot(rotated, grid));
            expect(off).toBeLessThanOrEqual(error * lengthOf(q));
            expect(Math.abs(squared - naiveDot(row, row))).toBeLessThanOrEqual(
              4 * rotationError(own.shape.padded) * naiveDot(row, row),
            );
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('give a table sum within tableError', () => {
    fc.assert(
      fc.property(...CASE, (d, bits, kind, seed) => {
        const arena = new Arena(kernels, ROOM, seed);
        const own = coded(d, bits, arena.vectors(COUNT, d, kind), COUNT, NONE, arena, seed);
        const { padded, nibbles, tableBytes } = own.shape;
        const query = rotatedQuery(own, arena.vectors(1, d, kind), NONE);
        const [tables, line, out] = [arena.take(tableBytes), arena.take(8), arena.take(8 * COUNT)];
        kernels.tables(query, NONE, padded, bits, tables, line);
        const [offset, step] = arena.numbers(line, 2);
        // The sums themselves: with the constants of the rows out of the way they are whole numbers.
        const constants = Array.from({ length: COUNT }, (_, r) => stored(own, r));
        for (let g = 0; g < Math.ceil(COUNT / 32); g++) {
          const from = (own.codes + g * own.shape.groupBytes + 16 * nibbles) / 4;
          kernels.f32.fill(1, from, from + 32);
          kernels.f32.fill(0, from + 32, from + 96);
        }
        kernels.scan(own.codes, nibbles, BIASED, COUNT, tables, 0, 0, 1, 0, NONE, Infinity, out, 0);
        const rotated = arena.numbers(query, padded);
        for (let r = 0; r < COUNT; r++) {
          const sum = kernels.f32[out / 4 + 2 * r + 1];
          const off = Math.abs(naiveDot(rotated, constants[r].grid) - (offset + step * sum));
          expect(off).toBeLessThanOrEqual(tableError(own.shape, offset, step));
        }
      }),
      { numRuns: 60 },
    );
  });

  test.each(['dot', 'euclidean'] as const)('give lower bounds that hold always: %s', (metric) => {
    fc.assert(
      fc.property(...CASE, (d, bits, kind, seed) => {
        const arena = new Arena(kernels, ROOM, seed);
        const rows = arena.vectors(COUNT, d, kind);
        const centre = arena.vectors(1, d, kind);
        const own = coded(d, bits, rows, COUNT, centre, arena, seed);
        const { padded, nibbles, tableBytes } = own.shape;
        const query = arena.vectors(1, d, kind);
        const [q, c] = [arena.numbers(query, d), arena.numbers(centre, d)];
        const far = metric === 'euclidean';
        const rotated = rotatedQuery(own, query, far ? centre : NONE);
        const [tables, line, out] = [arena.take(tableBytes), arena.take(8), arena.take(8 * COUNT)];
        kernels.tables(rotated, NONE, padded, bits, tables, line);
        const [offset, step] = arena.numbers(line, 2);
        const factor = far ? 2 : 1;
        const base = far ? naiveSquaredL2(q, c) : -naiveDot(q, c);
        const slack = factor * (far ? Math.sqrt(naiveSquaredL2(q, c)) : lengthOf(q)) * (1 + 1e-6);
        const a = -factor * (offset + tableError(own.shape, offset, step));
        const b = -factor * step;
        // Dot products have shapes without squared lengths; here they share one, so the lengths are set to 0.
        if (!far) {
          for (let g = 0; g < Math.ceil(COUNT / 32); g++) {
            const from = (own.codes + g * own.shape.groupBytes + 16 * nibbles) / 4 + 64;
            kernels.f32.fill(0, from, from + 32);
          }
        }
        kernels.scan(own.codes, nibbles, BIASED, COUNT, tables, base, a, b, slack, NONE, Infinity, out, 0);
        for (let r = 0; r < COUNT; r++) {
          const bound = kernels.f32[out / 4 + 2 * r + 1];
          const row = arena.numbers(rows + 4 * r * d, d);
          const { scale, error, squared } = stored(own, r);
          const sum = 127 * nibbles;
          const terms = Math.abs(base) + squared + scale * (Math.abs(a) + Math.abs(b) * sum) + slack * error;
          const truth = far ? naiveSquaredL2(q, row) : -naiveDot(q, row);
          const residual = row.map((x, i) => x - c[i]);
          // The residual was rounded, which |r|² alone does not know.
          const rounding = SCAN_ROUNDING * terms + 2 ** -20 * naiveDot(residual, residual);
          expect(bound - rounding).toBeLessThanOrEqual(truth);
        }
      }),
      { numRuns: 60 },
    );
  });

  test.each([2, 4] as const)('of %i bits estimate without bias, over rotations', (bits) => {
    const d = 20;
    const random = seeded(bits);
    const [row, query] = [gaussianVector(random, d), gaussianVector(random, d)];
    const errors: number[] = [];
    for (let seed = 0; seed < 2000; seed++) {
      const arena = new Arena(kernels, 2 ** 14, seed);
      const rows = arena.put(row);
      const own = coded(d, bits, rows, 1, NONE, arena, seed);
      const q = rotatedQuery(own, arena.put(query), NONE);
      const { grid, scale } = stored(own, 0);
      errors.push(scale * naiveDot(arena.numbers(q, own.shape.padded), grid) - naiveDot(row, query));
    }
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    const spread = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
    expect(Math.abs(mean)).toBeLessThan((4 * spread) / Math.sqrt(errors.length));
    // And they are estimates at all: 2 and 4 bits lose so much of the length of a row.
    const lost = spread / ((lengthOf(row) * lengthOf(query)) / Math.sqrt(d));
    expect(lost).toBeLessThan({ 2: 0.5, 4: 0.15 }[bits]);
  });

  test('of rows that are too long or too short say nothing, and are found by each scan; zero is exact', () => {
    const d = 16;
    const arena = new Arena(kernels, ROOM, 1);
    const rows = arena.put([3e38, 1e-40, 0, 1].flatMap((x) => new Array<number>(d).fill(x)));
    const own = coded(d, 2, rows, 4, NONE, arena, 1);
    expect(stored(own, 0)).toMatchObject({ scale: 0, error: Infinity, squared: 0 });
    expect(stored(own, 1)).toMatchObject({ scale: 0, error: Infinity, squared: 0 });
    expect(stored(own, 2)).toMatchObject({ scale: 0, error: 0, squared: 0 });
    const [tables, out] = [arena.bytes(own.shape.tableBytes, 128), arena.take(32)];
    for (const slack of [0, 1]) {
      const found = kernels.scan(
        own.codes,
        own.shape.nibbles,
        BIASED,
        4,
        tables,
        5,
        1,
        1,
        slack,
        NONE,
        -1e9,
        out,
        10,
      );
      const labels = Array.from({ length: found }, (_, i) => kernels.u32[out / 4 + 2 * i]);
      expect(labels).toEqual([10, 11]);
      expect(kernels.f32[out / 4 + 1]).toBe(-Infinity);
    }
  });
});

describe('lean codes', () => {
  const COUNT = 40;

  /** Values that a scan has of rows, from codes made without the centre and tables of q − centre, or the other way. */
  function estimates(d: number, seed: number, around: boolean): { values: number[]; truth: number[] } {
    const arena = new Arena(kernels, ROOM, seed);
    const random = seeded(seed);
    const [rows, query, centre] = [COUNT, 1, 1].map((count) =>
      arena.put(Array.from({ length: count }, () => gaussianVector(random, d)).flat()),
    );
    const shape = codeShape(d, 2, LEAN);
    const { padded, nibbles } = shape;
    const signs = arena.put(rotationSigns(padded, seed));
    const rotated = (from: number, count: number, less: number): number => {
      const out = arena.take(4 * count * padded);
      kernels.residuals(from, d, count, d, less, 0, out, padded);
      kernels.rotate(out, out, count, padded, signs);
      return out;
    };
    const [q, c] = [rotated(query, 1, NONE), rotated(centre, 1, NONE)];
    const codes = arena.take(codeBytes(shape, COUNT));
    const residuals = rotated(rows, COUNT, centre);
    kernels.encode(residuals, COUNT, 0, codes, padded, 2, LEAN, around ? NONE : c);
    const [tables, line] = [arena.take(shape.tableBytes), arena.take(8)];
    const out = arena.take(8 * COUNT);
    if (around) {
      const piece = arena.take(4 * PIECE_WORDS);
      kernels.u32.set([codes, COUNT, c, 0, NONE, 0], piece / 4);
      kernels.scanMany(piece, 1, q, padded, 2, LEAN, tables, 0, 0, Infinity, out);
    } else {
      kernels.tables(q, NONE, padded, 2, tables, line);
      const [offset, step] = arena.numbers(line, 2);
      const base = naiveSquaredL2(arena.numbers(query, d), arena.numbers(centre, d));
      const [a, b] = [-2 * offset, -2 * step];
      kernels.scan(codes, nibbles, LEAN, COUNT, tables, base, a, b, 0, NONE, Infinity, out, 0);
    }
    return {
      values: Array.from({ length: COUNT }, (_, r) => kernels.f32[out / 4 + 2 * r + 1]),
      truth: Array.from({ length: COUNT }, (_, r) =>
        naiveSquaredL2(arena.numbers(query, d), arena.numbers(rows + 4 * r * d, d)),
      ),
    };
  }

  test.each([16, 100, 768])('say the same with the centre in them as around it: %i dimensions', (d) => {
    for (let seed = 0; seed < 5; seed++) {
      const [a, b] = [estimates(d, seed, true), estimates(d, seed, false)];
      a.values.forEach((value, r) => {
        // Of the four squared lengths that it is made of, 16 bits of some are kept, and tables have 7.
        expect(Math.abs(value - b.values[r])).toBeLessThan(4 * d * 2 ** -5);
        expect(Math.abs(value - a.truth[r]) / (2 * d)).toBeLessThan(2 / Math.sqrt(d));
      });
    }
  });

  test.each([2, 4] as const)('have the error that is typical: %i bits', (bits) => {
    const d = 768;
    const arena = new Arena(kernels, ROOM, bits);
    const random = seeded(bits);
    const rows = arena.put(Array.from({ length: COUNT }, () => gaussianVector(random, d)).flat());
    const own = coded(d, bits, rows, COUNT, NONE, arena, bits);
    for (let r = 0; r < COUNT; r++) {
      const { scale, error } = stored(own, r);
      expect(error / (scale * Math.sqrt(d)) / typicalError(bits)).toBeCloseTo(1, 0.5);
    }
  });

  test('of rows of which nothing is known are found by each scan', () => {
    const d = 16;
    const arena = new Arena(kernels, ROOM, 1);
    const shape = codeShape(d, 2, LEAN);
    const rows = arena.put([3e38, 1e-40, 0, 1].flatMap((x) => new Array<number>(d).fill(x)));
    const codes = arena.take(codeBytes(shape, 4));
    kernels.encode(rows, 4, 0, codes, shape.padded, 2, LEAN, NONE);
    const [tables, out] = [arena.bytes(shape.tableBytes, 128), arena.take(32)];
    const found = kernels.scan(codes, shape.nibbles, LEAN, 4, tables, 5, 1, 1, 0, NONE, -1e9, out, 10);
    expect(Array.from({ length: found }, (_, i) => kernels.u32[out / 4 + 2 * i])).toEqual([10, 11]);
    expect(kernels.f32[out / 4 + 1]).toBe(-Infinity);
  });
});

describe('memory', () => {
  test.each<[string, () => Kernels]>([
    ['WebAssembly', () => createKernels()],
    ['the twin', () => createKernels({ simd: false })],
  ])('of %s grows, keeps what it holds, and is each instance’s own', (_, create) => {
    const [one, other] = [create(), create()];
    expect(one.base % 64).toBe(0);
    expect(one.reserve(one.base + 4)).toBe(true);
    one.f32[one.base / 4] = 7;
    const size = one.byteLength;
    expect(one.reserve(size + 1)).toBe(true);
    expect(one.byteLength).toBeGreaterThan(size);
    expect(one.f32[one.base / 4]).toBe(7);
    expect(one.u8[size + 0]).toBe(0);
    expect(other.reserve(size)).toBe(true);
    expect(other.f32[other.base / 4]).toBe(0);
    const now = one.byteLength;
    expect(one.reserve(2 ** 40)).toBe(false);
    expect(one.byteLength).toBe(now);
    expect(one.f32[one.base / 4]).toBe(7);
  });

  test('may be used up to its very end', () => {
    const own = createKernels();
    own.reserve(2 ** 16);
    const d = 5;
    const row = 4 * Math.floor(own.byteLength / 4) - 4 * d;
    own.f32.set([1, 2, 3, 4, 5], row / 4);
    own.distances(DOT, row, row, d, 1, d, own.base);
    expect(own.f32[own.base / 4]).toBe(55);
  });
});
