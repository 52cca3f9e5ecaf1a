import fc from 'fast-check';
import {
  BIASED,
  type Bits,
  LEAN,
  type RowConstants,
  PLAIN,
  codeBytes,
  codeShape,
} from '../../src/kernels/code-shape.js';
import { type Kernels, NONE, PIECE_WORDS, type Product } from '../../src/kernels/kernels.js';
import { STAGE, roughBytes, roughLayout } from '../../src/kernels/rough-layout.js';
import { rotationSigns } from '../../src/kernels/rotation.js';
import { pick, seeded } from '../support/random.js';
import { Arena, KINDS } from './arena.js';

/*
 * Each check runs a kernel of two implementations on memories with the same noise, and compares all bytes that callers
 * can see afterwards, so that it also notices what was written where it should not have been.
 */

const DIMENSIONS = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(64, 100, 128, 257, 768));
const BITS = fc.constantFrom<Bits>(2, 4);
const LINES = fc.constantFrom<RowConstants>(LEAN, PLAIN, BIASED);
const FLAG = fc.constantFrom<0 | 1>(0, 1);
const PRODUCT = fc.constantFrom<Product>(0, 1);
const KIND = fc.constantFrom(...KINDS);
const SEED = fc.integer();
/** Components between rows beyond their own. */
const GAP = fc.integer({ min: 0, max: 5 });

const ROOM = 2 ** 20;

/** Kernels to be compared, made anew for each check. */
export interface Pair {
  readonly a: Kernels;
  readonly b: Kernels;
}

function agree({ a, b }: Pair, seed: number, run: (arena: Arena) => unknown, room = ROOM): void {
  const [inA, inB] = [new Arena(a, room, seed), new Arena(b, room, seed)];
  const [resultA, resultB] = [run(inA), run(inB)];
  const [left, right] = [inA.contents(), inB.contents()];
  const differs = left.findIndex((word, i) => word !== right[i]);
  if (!Object.is(resultA, resultB) || left.length !== right.length || differs >= 0) {
    throw new Error(`they differ: ${String(resultA)}, ${String(resultB)}; word ${differs} of ${left.length}`);
  }
}

export const CHECKS: Readonly<Record<string, (pair: Pair) => void>> = {
  residuals: (pair) => {
    const shape = fc.record({ dimensions: DIMENSIONS, gap: GAP, count: fc.integer({ min: 0, max: 9 }) });
    fc.assert(
      fc.property(shape, FLAG, FLAG, KIND, SEED, ({ dimensions, gap, count }, unit, centred, kind, seed) => {
        agree(pair, seed, (arena) => {
          const { padded } = codeShape(dimensions, 2, PLAIN);
          const stride = dimensions + gap;
          const rows = arena.vectors(count, stride, kind);
          const centre = centred === 1 ? arena.vectors(1, dimensions, kind) : NONE;
          const out = arena.take(4 * count * padded);
          arena.kernels.residuals(rows, stride, count, dimensions, centre, unit, out, padded);
        });
      }),
    );
  },

  rotate: (pair) => {
    fc.assert(
      fc.property(
        DIMENSIONS,
        fc.integer({ min: 0, max: 5 }),
        FLAG,
        KIND,
        SEED,
        (d, count, inPlace, kind, seed) => {
          agree(pair, seed, (arena) => {
            const { padded } = codeShape(d, 2, PLAIN);
            const signs = arena.put(rotationSigns(padded, seed));
            const from = arena.vectors(count, padded, kind);
            const to = inPlace === 1 ? from : arena.take(4 * count * padded);
            arena.kernels.rotate(from, to, count, padded, signs);
          });
        },
      ),
    );
  },

  encode: (pair) => {
    const place = fc.record({
      first: fc.integer({ min: 0, max: 70 }),
      count: fc.integer({ min: 0, max: 70 }),
    });
    fc.assert(
      fc.property(
        DIMENSIONS,
        BITS,
        LINES,
        FLAG,
        place,
        KIND,
        SEED,
        (d, bits, constants, centred, { first, count }, kind, seed) => {
          agree(pair, seed, (arena) => {
            const shape = codeShape(d, bits, constants);
            const rotated = arena.vectors(count, shape.padded, kind);
            const codes = arena.take(codeBytes(shape, first + count));
            const centre = centred === 1 ? arena.vectors(1, shape.padded, kind) : NONE;
            arena.kernels.encode(rotated, count, first, codes, shape.padded, bits, constants, centre);
          });
        },
      ),
    );
  },

  tables: (pair) => {
    const finite = fc.constantFrom(...KINDS.filter((kind) => kind !== 'extreme'));
    fc.assert(
      fc.property(DIMENSIONS, BITS, FLAG, finite, SEED, (d, bits, centred, kind, seed) => {
        agree(pair, seed, (arena) => {
          const { padded, tableBytes } = codeShape(d, bits, PLAIN);
          const query = arena.vectors(1, padded, kind);
          const centre = centred === 1 ? arena.vectors(1, padded, kind) : NONE;
          const tables = arena.take(tableBytes);
          arena.kernels.tables(query, centre, padded, bits, tables, arena.take(8));
        });
      }),
    );
  },

  scan: (pair) => {
    const threshold = fc.constantFrom(-Infinity, -1, 0, 1e3, Infinity);
    fc.assert(
      fc.property(
        DIMENSIONS,
        BITS,
        LINES,
        fc.integer({ min: 0, max: 100 }),
        FLAG,
        threshold,
        KIND,
        SEED,
        (d, bits, constants, rows, buried, most, kind, seed) => {
          agree(pair, seed, (arena) => {
            const shape = codeShape(d, bits, constants);
            const groups = Math.ceil(rows / 32);
            const codes = arena.bytes(groups * shape.groupBytes, 256);
            // Constants of any kind behind the nibbles, the lengths of rows that are not coded among them.
            const random = seeded(seed);
            for (let g = 0; g < groups; g++) {
              const line = (codes + g * shape.groupBytes + 16 * shape.nibbles) / 4;
              const end = line + (shape.groupBytes - 16 * shape.nibbles) / 4;
              for (let i = line; i < end; i++)
                arena.kernels.f32[i] = pick(random, [0, 1, random(), 3e38, Infinity]);
            }
            const tables = arena.bytes(shape.tableBytes, 128);
            const dead = buried === 1 ? arena.bytes(4 * groups, 256) : NONE;
            const [base, a, b, slack] = arena.numbers(arena.vectors(1, 4, kind), 4);
            const out = arena.take(8 * rows);
            const { nibbles } = shape;
            return arena.kernels.scan(
              codes,
              nibbles,
              constants,
              rows,
              tables,
              base,
              a,
              b,
              slack,
              dead,
              most,
              out,
              0xffff_fff0,
            );
          });
        },
      ),
      { numRuns: 300 },
    );
  },

  'sums of many nibbles': (pair) => {
    // All entries the largest: nothing may overflow on the way.
    fc.assert(
      fc.property(fc.constantFrom(100, 2047, 2048, 2056, 10_000), SEED, (d, seed) => {
        agree(
          pair,
          seed,
          (arena) => {
            const shape = codeShape(d, 2, PLAIN);
            const codes = arena.bytes(shape.groupBytes, 256);
            arena.kernels.f32.fill(1, (codes + 16 * shape.nibbles) / 4, (codes + shape.groupBytes) / 4);
            const tables = arena.take(shape.tableBytes);
            arena.kernels.u8.fill(127, tables, tables + shape.tableBytes);
            const out = arena.take(8 * 32);
            arena.kernels.scan(codes, shape.nibbles, PLAIN, 32, tables, 0, 0, 1, 0, NONE, Infinity, out, 0);
            const [value] = arena.numbers(out + 4, 1);
            if (value !== 127 * shape.nibbles) throw new Error(`the sum is ${value}`);
          },
          2 ** 21,
        );
      }),
      { numRuns: 20 },
    );
  },

  'scanMany with tables at hand': (pair) => {
    const sizes = fc.array(fc.integer({ min: 0, max: 70 }), { maxLength: 5 });
    const threshold = fc.constantFrom(-Infinity, 0, 1e3, Infinity);
    fc.assert(
      fc.property(
        DIMENSIONS,
        BITS,
        LINES,
        sizes,
        threshold,
        SEED,
        (d, bits, constants, sizes, most, seed) => {
          agree(pair, seed, (arena) => {
            const shape = codeShape(d, bits, constants);
            const { padded } = shape;
            const pieces = arena.take(4 * PIECE_WORDS * sizes.length);
            sizes.forEach((rows, i) => {
              const rotated = arena.vectors(rows, padded, 'normal');
              const codes = arena.take(codeBytes(shape, rows));
              arena.kernels.encode(rotated, rows, 0, codes, padded, bits, constants, NONE);
              const dead = i % 2 === 0 ? NONE : arena.bytes(4 * Math.ceil(rows / 32), 256);
              const word = pieces / 4 + PIECE_WORDS * i;
              arena.kernels.u32.set([codes, rows, 0, 0, dead, 64 * i], word);
              arena.kernels.f32.set([i, -i], word + 2);
            });
            const tables = arena.bytes(shape.tableBytes, 128);
            const out = arena.take(8 * sizes.reduce((sum, rows) => sum + rows, 0));
            const { length } = sizes;
            return arena.kernels.scanMany(
              pieces,
              length,
              NONE,
              padded,
              bits,
              constants,
              tables,
              0.5,
              1,
              most,
              out,
            );
          });
        },
      ),
    );
  },

  'scanMany around centres': (pair) => {
    const finite = fc.constantFrom(...KINDS.filter((kind) => kind !== 'extreme'));
    const threshold = fc.constantFrom(-Infinity, 0, 1, 1e3, Infinity);
    fc.assert(
      fc.property(
        DIMENSIONS,
        BITS,
        fc.integer({ min: 0, max: 100 }),
        threshold,
        finite,
        SEED,
        (d, bits, to, most, kind, seed) => {
          agree(pair, seed, (arena) => {
            const shape = codeShape(d, bits, LEAN);
            const { padded } = shape;
            const rotated = arena.vectors(to, padded, kind);
            const codes = arena.take(codeBytes(shape, to));
            arena.kernels.encode(rotated, to, 0, codes, padded, bits, LEAN, NONE);
            const query = arena.vectors(1, padded, kind);
            const centre = arena.vectors(1, padded, kind);
            const tables = arena.take(shape.tableBytes);
            const out = arena.take(8 * to);
            const slack = seeded(seed)();
            const pieces = arena.take(4 * PIECE_WORDS);
            arena.kernels.u32.set([codes, to, centre, 0, NONE, 64], pieces / 4);
            return arena.kernels.scanMany(pieces, 1, query, padded, bits, LEAN, tables, 0, slack, most, out);
          });
        },
      ),
    );
  },

  distancesAt: (pair) => {
    fc.assert(
      fc.property(
        PRODUCT,
        DIMENSIONS,
        GAP,
        fc.integer({ min: 0, max: 11 }),
        KIND,
        SEED,
        (p, d, gap, count, kind, seed) => {
          agree(pair, seed, (arena) => {
            const random = seeded(seed);
            const { u32 } = arena.kernels;
            const query = arena.vectors(1, d, kind);
            const places = arena.take(4 * 3);
            for (let i = 0; i < 3; i++) u32[places / 4 + i] = arena.vectors(4, d + gap, kind);
            const list = arena.take(8 * count);
            for (let i = 0; i < count; i++)
              u32[list / 4 + 2 * i] = 64 * Math.floor(3 * random()) + Math.floor(4 * random());
            arena.kernels.distancesAt(p, query, list, count, places, d + gap, d);
          });
        },
      ),
    );
  },

  roughDistances: (pair) => {
    const sizes = fc.array(fc.integer({ min: 0, max: STAGE }), { maxLength: 4 });
    fc.assert(
      fc.property(PRODUCT, DIMENSIONS, sizes, KIND, SEED, (p, d, sizes, kind, seed) => {
        agree(pair, seed, (arena) => {
          const random = seeded(seed);
          const { padded } = codeShape(d, 2, PLAIN);
          const layout = roughLayout(padded);
          const { u32, f32 } = arena.kernels;
          const chunks = arena.take(4 * sizes.length);
          sizes.forEach((count, c) => {
            // The rows are noise: as long as can be, so that sums overflow, and do so alike.
            const chunk = arena.take(roughBytes(layout, count));
            u32[chunks / 4 + c] = chunk;
            u32[chunk / 4] = count;
            f32[chunk / 4 + 1] = random();
            for (let i = 0; i < 2 * STAGE; i++)
              f32[(chunk + layout.constants) / 4 + i] = pick(random, [0, 1, random(), 3e38, Infinity]);
            const centre = arena.numbers(arena.vectors(1, padded, kind), padded);
            f32.set(centre, (chunk + layout.centre) / 4);
          });
          const query = arena.vectors(1, padded, kind);
          const scratch = arena.take(2 * padded);
          const out = arena.take(4 * STAGE * sizes.length);
          const line = arena.take(8);
          arena.kernels.roughDistances(p, query, chunks, sizes.length, padded, scratch, out, line);
        });
      }),
    );
  },

  least: (pair) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 70 }), SEED, (count, seed) => {
        agree(pair, seed, (arena) => arena.kernels.least(values(arena, count, seed), count));
      }),
    );
  },

  within: (pair) => {
    const threshold = fc.constantFrom(-Infinity, 0, 0.5, 1, Infinity);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 70 }), threshold, SEED, (count, most, seed) => {
        agree(pair, seed, (arena) => {
          const from = values(arena, count, seed);
          return arena.kernels.within(from, count, most, arena.take(8 * count), 128);
        });
      }),
    );
  },

  tally: (pair) => {
    const range = fc.record({ low: fc.constantFrom(-1, 0, 0.25), scale: fc.constantFrom(1, 10, 300) });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 70 }), range, SEED, (count, { low, scale }, seed) => {
        agree(pair, seed, (arena) => {
          const from = values(arena, count, seed);
          const bins = arena.take(4 * 17);
          arena.kernels.u32.fill(0, bins / 4, bins / 4 + 17);
          arena.kernels.tally(from, count, low, scale, 16, bins);
        });
      }),
    );
  },

  keep: (pair) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 200 }),
        fc.constantFrom(-Infinity, 0, 0.5, Infinity),
        SEED,
        (count, most, seed) => {
          agree(pair, seed, (arena) => {
            const list = candidates(arena, count, seed);
            const kept = arena.kernels.keep(list, count, most);
            // What lies behind those that were kept is nobody's.
            arena.kernels.u32.fill(0, list / 4 + 2 * kept, list / 4 + 2 * count);
            return kept;
          });
        },
      ),
    );
  },

  sort: (pair) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 600 }), SEED, (count, seed) => {
        agree(pair, seed, (arena) => {
          arena.kernels.sort(candidates(arena, count, seed), count);
        });
      }),
    );
  },

  select: (pair) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 600 }),
        fc.integer({ min: 0, max: 700 }),
        SEED,
        (count, keep, seed) => {
          agree(pair, seed, (arena) => {
            const list = candidates(arena, count, seed);
            const threshold = arena.kernels.select(list, count, keep);
            // In no particular order: so both are put in one, the chosen ones and the rest.
            const chosen = Math.min(keep, count);
            arena.kernels.sort(list, chosen);
            arena.kernels.sort(list + 8 * chosen, count - chosen);
            return threshold;
          });
        },
      ),
    );
  },

  distances: (pair) => {
    const shape = fc.record({ dimensions: DIMENSIONS, gap: GAP, count: fc.integer({ min: 0, max: 20 }) });
    fc.assert(
      fc.property(shape, PRODUCT, KIND, SEED, ({ dimensions, gap, count }, product, kind, seed) => {
        agree(pair, seed, (arena) => {
          const query = arena.vectors(1, dimensions, kind);
          const rows = arena.vectors(count, dimensions + gap, kind);
          const out = arena.take(4 * count);
          arena.kernels.distances(product, query, rows, dimensions + gap, count, dimensions, out);
        });
      }),
    );
  },

  measure: (pair) => {
    const shape = fc.record({ dimensions: DIMENSIONS, gap: GAP, count: fc.integer({ min: 0, max: 20 }) });
    fc.assert(
      fc.property(shape, PRODUCT, KIND, SEED, ({ dimensions, gap, count }, product, kind, seed) => {
        agree(pair, seed, (arena) => {
          const query = arena.doubles(dimensions, kind);
          const rows = arena.vectors(count, dimensions + gap, kind);
          const out = arena.takeDoubles(count);
          arena.kernels.measure(product, query, rows, dimensions + gap, count, dimensions, out);
        });
      }),
    );
  },

  measureAt: (pair) => {
    fc.assert(
      fc.property(
        DIMENSIONS,
        fc.integer({ min: 0, max: 20 }),
        PRODUCT,
        KIND,
        SEED,
        (dimensions, count, product, kind, seed) => {
          agree(pair, seed, (arena) => {
            const random = seeded(seed);
            const query = arena.doubles(dimensions, kind);
            const rows = Array.from({ length: 3 }, () => arena.vectors(1, dimensions, kind));
            const places = arena.take(4 * count);
            for (let i = 0; i < count; i++) arena.kernels.u32[places / 4 + i] = pick(random, rows);
            const out = arena.takeDoubles(count);
            arena.kernels.measureAt(product, query, places, count, dimensions, out);
          });
        },
      ),
    );
  },

  addRowsAt: (pair) => {
    fc.assert(
      fc.property(DIMENSIONS, fc.integer({ min: 0, max: 9 }), KIND, SEED, (dimensions, count, kind, seed) => {
        agree(pair, seed, (arena) => {
          const random = seeded(seed);
          const rows = Array.from({ length: 3 }, () => arena.vectors(1, dimensions, kind));
          const places = arena.take(4 * count);
          for (let i = 0; i < count; i++) arena.kernels.u32[places / 4 + i] = pick(random, rows);
          const weights = arena.doubles(count, 'normal');
          arena.kernels.addRowsAt(places, weights, count, dimensions, arena.doubles(dimensions, kind));
        });
      }),
    );
  },

  nearRows: (pair) => {
    const shape = fc.record({
      dimensions: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(32, 100)),
      counts: fc.array(fc.integer({ min: 0, max: 90 }), { maxLength: 3 }),
      most: fc.constantFrom(1, 2, 10, 70, 300),
      threshold: fc.constantFrom(-1, 0.5, 3, Infinity),
    });
    fc.assert(
      fc.property(
        shape,
        fc.tuple(FLAG, FLAG),
        PRODUCT,
        KIND,
        SEED,
        ({ dimensions, counts, most, threshold }, [weighted, buried], product, kind, seed) => {
          agree(pair, seed, (arena) => {
            const { kernels } = arena;
            const query = arena.vectors(1, dimensions, kind);
            const pieces = arena.take(4 * PIECE_WORDS * counts.length);
            counts.forEach((count, i) => {
              const rows = arena.vectors(count, dimensions, kind);
              const factors = weighted === 1 ? arena.vectors(1, count, 'normal') : NONE;
              const dead = buried === 1 ? arena.bytes(4 * Math.ceil(count / 32), 256) : NONE;
              kernels.u32.set([rows, count, factors, 0, dead, 128 * i], pieces / 4 + PIECE_WORDS * i);
            });
            const all = counts.reduce((sum, count) => sum + count, 0);
            const list = arena.take(8 * all);
            const line = arena.take(4);
            const found = kernels.nearRows(
              product,
              query,
              pieces,
              counts.length,
              dimensions,
              ...([2, -2, most, 2 ** -10, 2 ** -12, threshold, list, line] as const),
            );
            // In no particular order, and what lies behind them is nobody's.
            kernels.sort(list, found);
            kernels.u32.fill(0, list / 4 + 2 * found, list / 4 + 2 * all);
            return found;
          });
        },
      ),
    );
  },

  nearest: (pair) => {
    const shape = fc.record({ dimensions: DIMENSIONS, gap: GAP, count: fc.integer({ min: 0, max: 5 }) });
    const centroids = fc.integer({ min: 0, max: 15 });
    fc.assert(
      fc.property(
        shape,
        centroids,
        FLAG,
        PRODUCT,
        KIND,
        SEED,
        ({ dimensions, gap, count }, most, weighted, product, kind, seed) => {
          agree(pair, seed, (arena) => {
            const rows = arena.vectors(count, dimensions + gap, kind);
            const centres = arena.vectors(most, dimensions + gap, kind);
            // Some twice, so that ties are put to the test.
            const { f32 } = arena.kernels;
            const stride = dimensions + gap;
            if (most > 2)
              f32.copyWithin(centres / 4 + stride, centres / 4 + 2 * stride, centres / 4 + 3 * stride);
            const weights = weighted === 1 ? arena.vectors(1, most, 'normal') : NONE;
            const out = arena.take(16 * count);
            arena.kernels.nearest(
              product,
              rows,
              stride,
              count,
              centres,
              stride,
              most,
              dimensions,
              weights,
              out,
            );
          });
        },
      ),
    );
  },
};

/** Values of which some are equal, and some are no numbers. */
function values(arena: Arena, count: number, seed: number): number {
  const random = seeded(seed);
  const from = arena.take(4 * count);
  for (let i = 0; i < count; i++)
    arena.kernels.f32[from / 4 + i] = pick(random, [0, -0, 0.5, 1, random(), -random(), 3e38, Infinity, NaN]);
  return from;
}

/** Candidates of which many have equal values, and some all but the sign. */
function candidates(arena: Arena, count: number, seed: number): number {
  const random = seeded(seed);
  const list = arena.take(8 * count);
  for (let i = 0; i < count; i++) {
    arena.kernels.u32[list / 4 + 2 * i] = random() * 2 ** 32;
    arena.kernels.f32[list / 4 + 2 * i + 1] = pick(random, [
      0,
      -0,
      1,
      -1,
      random(),
      -random(),
      3e38,
      -Infinity,
    ]);
  }
  return list;
}
