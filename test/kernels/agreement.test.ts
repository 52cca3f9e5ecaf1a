import { describe, expect, test } from 'vitest';
import { BIASED, codeShape, groupBytes } from '../../src/kernels/code-shape.js';
import { createKernels } from '../../src/kernels/create-kernels.js';
import type { Kernels } from '../../src/kernels/kernels.js';
import { builds, kernelsOf } from '../../src/kernels/wasm-kernels.js';
import { CHECKS, type Pair } from './agreement.js';

const pair = (): Pair => ({ a: createKernels(), b: createKernels({ simd: false }) });

test('the platform of these tests has WebAssembly SIMD, else they would compare the twin with itself', () => {
  expect(createKernels().simd).toBe(true);
  expect(createKernels({ simd: false }).simd).toBe(false);
});

describe('WebAssembly and its twin give the same bits', () => {
  test.each(Object.entries(CHECKS))('%s', (_, check) => {
    check(pair());
  });
});

const { plain, relaxed } = builds();
const takesRelaxed = WebAssembly.validate(relaxed);

/** Kernels of one build. */
function built(bytes: Uint8Array<ArrayBuffer>): Kernels {
  const kernels = kernelsOf(new WebAssembly.Module(bytes));
  if (kernels === undefined) throw new Error('there is no room for kernels');
  return kernels;
}

describe('the build for relaxed SIMD', () => {
  test('is another than the plain one: it looks entries up by another instruction', () => {
    const [strict, other] = [plain, relaxed].map((bytes) => Buffer.from(bytes).toString('latin1'));
    const relaxedSwizzle = '\xfd\x80\x02';
    expect(strict).not.toContain(relaxedSwizzle);
    expect(other.split(relaxedSwizzle).length - 1).toBe(4);
    expect(WebAssembly.validate(plain)).toBe(true);
  });

  describe.skipIf(!takesRelaxed)(
    takesRelaxed ? 'and the plain one give the same bits' : `is refused by V8 ${process.versions.v8}`,
    () => {
      test.each(Object.entries(CHECKS))('%s', (_, check) => {
        check({ a: built(plain), b: built(relaxed) });
      });
    },
  );
});

test('the plain build and the twin give the same bits, wherever the other one is taken', () => {
  for (const check of [CHECKS.scan, CHECKS.tables])
    check({ a: built(plain), b: createKernels({ simd: false }) });
});

test('constants end below what callers use', () => {
  const { u8, base } = createKernels();
  expect(u8.subarray(base).every((byte) => byte === 0)).toBe(true);
  expect(u8.subarray(base / 2, base).some((byte) => byte !== 0)).toBe(true);
});

describe('negative controls: a twin that is broken on purpose is noticed', () => {
  const broken: Readonly<Record<string, (twin: Kernels) => Partial<Kernels>>> = {
    'residuals: the length is not taken out': (twin) => ({
      residuals: (rows, stride, count, dimensions, centre, _, out, padded) => {
        twin.residuals(rows, stride, count, dimensions, centre, 0, out, padded);
      },
    }),
    'rotate: one sign is wrong': (twin) => ({
      rotate: (from, to, count, padded, signs) => {
        twin.f32[signs / 4 + padded - 1] *= -1;
        twin.rotate(from, to, count, padded, signs);
        twin.f32[signs / 4 + padded - 1] *= -1;
      },
    }),
    'encode: rows begin at the group instead of in its middle': (twin) => ({
      encode: (rotated, count, first, ...rest) => {
        twin.encode(rotated, count, first - (first % 32), ...rest);
      },
    }),
    'tables: the centre is forgotten': (twin) => ({
      tables: (query, _, ...rest) => {
        twin.tables(query, 0, ...rest);
      },
    }),
    'scan: the high nibble is read as the low one': (twin) => ({
      scan: (codes, nibbles, constants, rows, ...rest) => {
        const size = groupBytes(nibbles, constants);
        const end = codes + Math.ceil(rows / 32) * size;
        const kept = twin.u8.slice(codes, end);
        for (let group = codes; group < end; group += size) {
          for (let i = group; i < group + 16 * nibbles; i++) twin.u8[i] = (twin.u8[i] & 15) * 17;
        }
        const found = twin.scan(codes, nibbles, constants, rows, ...rest);
        twin.u8.set(kept, codes);
        return found;
      },
    }),
    'scan: dead rows are found': (twin) => ({
      scan: (codes, nibbles, constants, rows, tables, base, a, b, slack, _, threshold, out, label) =>
        twin.scan(codes, nibbles, constants, rows, tables, base, a, b, slack, 0, threshold, out, label),
    }),
    'sums of many nibbles: they are of 16 bits': (twin) => ({
      scan: (codes, nibbles, ...rest) => twin.scan(codes, Math.min(nibbles, 516), ...rest),
    }),
    'scanMany with tables at hand: the last piece is left out': (twin) => ({
      scanMany: (pieces, count, ...rest) => twin.scanMany(pieces, Math.max(0, count - 1), ...rest),
    }),
    'scanMany around centres: the slack is forgotten': (twin) => ({
      scanMany: (pieces, count, query, padded, bits, constants, tables, b, _, ...rest) =>
        twin.scanMany(pieces, count, query, padded, bits, constants, tables, b, 0, ...rest),
    }),
    'distancesAt: the query is not looked at': (twin) => ({
      distancesAt: (product, _, candidates, count, addresses, ...rest) => {
        twin.distancesAt(product, twin.u32[addresses / 4], candidates, count, addresses, ...rest);
      },
    }),
    'roughDistances: the last chunk is left out': (twin) => ({
      roughDistances: (product, query, chunks, count, ...rest) => {
        twin.roughDistances(product, query, chunks, Math.max(0, count - 1), ...rest);
      },
    }),
    'least: the first is left out': (twin) => ({
      least: (values, count) => twin.least(values + 4, Math.max(0, count - 1)),
    }),
    'within: the limit itself is left out': (twin) => ({
      within: (values, count, threshold, out, label) =>
        twin.within(values, count, threshold - Math.abs(threshold) * 2 ** -20 - 2 ** -40, out, label),
    }),
    'tally: the last bin is left out': (twin) => ({
      tally: (values, count, low, scale, bins, out) => {
        twin.tally(values, count, low, scale, bins - 1, out);
      },
    }),
    'keep: one too few': (twin) => ({
      keep: (list, count, most) => Math.max(0, twin.keep(list, count, most) - 1),
    }),
    'sort: by row alone': (twin) => ({
      sort: (list, count) => {
        const values = twin.f32.slice(list / 4, list / 4 + 2 * count);
        for (let i = 0; i < count; i++) twin.f32[list / 4 + 2 * i + 1] = 0;
        twin.sort(list, count);
        for (let i = 0; i < count; i++) twin.f32[list / 4 + 2 * i + 1] = values[2 * i + 1];
      },
    }),
    'select: one too few': (twin) => ({ select: (list, count, keep) => twin.select(list, count, keep - 1) }),
    'distances: the last component is left out': (twin) => ({
      distances: (product, query, rows, stride, count, dimensions, out) => {
        twin.distances(product, query, rows, stride, count, dimensions - 1, out);
      },
    }),
    'measure: the first two components change their sums': (twin) => ({
      measure: (product, query, rows, stride, count, dimensions, out) => {
        const swap = (numbers: Float32Array | Float64Array, at: number): void => {
          if (dimensions > 4) [numbers[at], numbers[at + 1]] = [numbers[at + 1], numbers[at]];
        };
        const swapAll = (): void => {
          swap(twin.f64, query / 8);
          for (let r = 0; r < count; r++) swap(twin.f32, rows / 4 + r * stride);
        };
        swapAll();
        twin.measure(product, query, rows, stride, count, dimensions, out);
        swapAll();
      },
    }),
    'measureAt: the last component is left out': (twin) => ({
      measureAt: (product, query, addresses, count, dimensions, out) => {
        twin.measureAt(product, query, addresses, count, dimensions - 1, out);
      },
    }),
    'nearRows: one fewer is wanted': (twin) => ({
      nearRows: (product, query, pieces, count, dimensions, base, scale, most, ...rest) =>
        twin.nearRows(product, query, pieces, count, dimensions, base, scale, Math.max(1, most - 1), ...rest),
    }),
    'nearest: without weights': (twin) => ({
      nearest: (product, rows, stride, count, centroids, centroidStride, most, dimensions, _, out) => {
        twin.nearest(product, rows, stride, count, centroids, centroidStride, most, dimensions, 0, out);
      },
    }),
  };

  test.each(Object.entries(broken))('%s', (what, breakIt) => {
    const check = CHECKS[what.slice(0, what.indexOf(':'))];
    const { a, b } = pair();
    const sabotage = breakIt(b);
    // Not a spread: views are replaced when the memory grows.
    const other = new Proxy(b, {
      get: (twin, name) => Reflect.get(name in sabotage ? sabotage : twin, name) as unknown,
    });
    expect(() => {
      check({ a, b: other });
    }).toThrow(
      expect.objectContaining({
        cause: expect.objectContaining({
          message: expect.stringMatching(/they differ|the sum is/) as string,
        }) as Error,
      }),
    );
  });
});

test('groups hold whole vectors of 16 bytes, for any number of dimensions', () => {
  for (let d = 1; d < 300; d++) {
    for (const bits of [2, 4] as const) {
      const { nibbles, padded, groupBytes: size, tableBytes } = codeShape(d, bits, BIASED);
      expect(padded % 8).toBe(0);
      expect(padded - d).toBeLessThan(8);
      expect(nibbles % 2).toBe(0);
      expect(size).toBe(16 * nibbles + 3 * 128);
      expect(tableBytes).toBe(16 * nibbles);
    }
  }
});
