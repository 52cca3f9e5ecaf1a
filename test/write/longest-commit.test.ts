import { type ShardexIndex, applyDelta, createIndex, decodeDelta, diff, encodeDelta, update } from 'shardex';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type * as Metric from '../../src/geometry/metric.js';
import type * as CreateKernels from '../../src/kernels/create-kernels.js';
import { type Kernels, PIECE_WORDS } from '../../src/kernels/kernels.js';
import { numbered } from '../support/postings.js';
import { type Random, clusteredVectors, seeded } from '../support/random.js';

/*
 * Counts the work of commits of one posting, in multiplications: what the kernels do, and what is measured outside of
 * them. Every bound is a number of times the rows of a shard, so that it holds at any size of an index.
 */

/** Multiplications, those among them that look for the nearest of many old centroids, and rows that codes were made of. */
const work = vi.hoisted(() => ({ done: 0, nearest: 0, encoded: 0 }));

vi.mock('../../src/geometry/metric.js', async (original) => {
  const metric = await original<typeof Metric>();
  const separations: typeof metric.separations = (...args) => {
    work.done += args[4] * args[1].vector.length;
    metric.separations(...args);
  };
  return { ...metric, separations };
});

/** Estimating a component takes this share of a multiplication. */
const ESTIMATED = 1 / 8;

vi.mock('../../src/kernels/create-kernels.js', async (original) => {
  const { createKernels } = await original<typeof CreateKernels>();
  return {
    createKernels: (...options: Parameters<typeof createKernels>): Kernels =>
      counting(createKernels(...options)),
  };
});

/** The same kernels, counted. */
function counting(kernels: Kernels): Kernels {
  const costs: { readonly [K in keyof Kernels]?: (...args: number[]) => number } = {
    measure: (_product, _query, _rows, _stride, count, dimensions) => count * dimensions,
    measureAt: (_product, _query, _addresses, count, dimensions) => count * dimensions,
    addRowsAt: (_addresses, _weights, count, dimensions) => count * dimensions,
    nearest: (_product, _rows, _stride, count, _centroids, _far, centroids, dimensions) => {
      work.nearest += count * centroids * dimensions;
      return count * centroids * dimensions;
    },
    distances: (_product, _query, _rows, _stride, count, dimensions) => count * dimensions,
    encode: (_rotated, count) => {
      work.encoded += count;
      return 0;
    },
    scanMany: (pieces, count, _query, padded) => {
      let rows = 0;
      for (let piece = 0; piece < count; piece++) rows += kernels.u32[pieces / 4 + PIECE_WORDS * piece + 1];
      return ESTIMATED * rows * padded;
    },
  };
  return new Proxy(kernels, {
    get(target, name: keyof Kernels) {
      const cost = costs[name];
      const value: unknown = Reflect.get(target, name);
      if (cost === undefined) return value;
      return (...args: number[]): unknown => {
        work.done += cost(...args);
        return (value as (...args: number[]) => unknown)(...args);
      };
    },
  });
}

beforeEach(() => {
  work.done = 0;
});

/** Two of three near one place, so that shards there are soon full. */
function crowded(random: Random, vector: () => number[]): () => number[] {
  const one = vector();
  let i = 0;
  return () => (i++ % 3 === 0 ? vector() : one.map((x) => x + 0.05 * (random() - 0.5)));
}

/** An index as in a process that has just read it, and has no codes. */
function elsewhere(index: ShardexIndex): ShardexIndex {
  const empty = createIndex({ ...index.config });
  return applyDelta(empty, decodeDelta(encodeDelta(diff(empty, index))));
}

interface Taken {
  readonly done: number;
  readonly nearest: number;
  readonly encoded: number;
  readonly split: boolean;
  readonly looks: number;
}

/** Adds postings one by one; what each commit took. */
function grown(start: ShardexIndex, count: number, vector: () => number[]): Taken[] {
  const taken: Taken[] = [];
  let index = start;
  for (let i = 0; i < count; i++) {
    const posting = { documentId: `one ${i}`, vector: vector() };
    [work.done, work.nearest, work.encoded] = [0, 0, 0];
    const next = update(index, (draft) => {
      draft.addPosting(posting);
    });
    const { done, nearest, encoded } = work;
    const looks = (next.calibration?.taken ?? 0) - (index.calibration?.taken ?? 0);
    taken.push({ done, nearest, encoded, split: next.shardCount > index.shardCount, looks });
    index = next;
  }
  return taken;
}

const most = (list: readonly Taken[], of: 'done' | 'nearest' | 'encoded'): number =>
  list.reduce((greatest, one) => Math.max(greatest, one[of]), 0);

describe.each([
  [100, 256],
  [512, 256],
])('of %i dimensions', (dimensions, shardCapacity) => {
  const sizes = [0, 1500, 5000];
  const takenAt = sizes.map((size) => {
    const random = seeded(size + dimensions);
    const vector = clusteredVectors(random, dimensions, 30, 0.3);
    const start = elsewhere(
      createIndex({ dimensions, shardCapacity }, size === 0 ? [] : numbered(size, vector)),
    );
    return grown(start, size === 0 ? 1400 : 800, crowded(random, vector));
  });

  test('no commit of one posting takes more than what a few shards come to', () => {
    // What is paid for, what a split does with its own rows, and a shard that is compared beyond that.
    const bound = Math.max(1_000_000, 1024 * dimensions) + 16 * shardCapacity * dimensions;
    takenAt.forEach((taken, s) => {
      const [splits, looks] = [
        taken.filter(({ split }) => split),
        taken.filter(({ looks: count }) => count > 0),
      ];
      expect(splits.length, `splits from ${sizes[s]} on`).toBeGreaterThan(1);
      expect(looks.length, `looks from ${sizes[s]} on`).toBeGreaterThan(10);
      expect(looks.every(({ looks: count }) => count === 1)).toBe(true);
      // A look estimates all rows, and measures 1,500.
      const look = (1500 + 1700 + ESTIMATED * (sizes[s] + taken.length)) * dimensions;
      expect(most(taken, 'done'), `from ${sizes[s]} on`).toBeLessThan(bound + look);
      const alone = splits.filter(({ looks: count }) => count === 0);
      expect(alone.length, `splits without a look from ${sizes[s]} on`).toBeGreaterThan(0);
      expect(most(alone, 'done'), `splits from ${sizes[s]} on`).toBeLessThan(bound);
      // What a split's own rows leave of what is paid for.
      const left = Math.max(0, Math.max(1_000_000, 1024 * dimensions) - 8 * shardCapacity * dimensions);
      expect(most(taken, 'nearest'), `old centroids from ${sizes[s]} on`).toBeLessThanOrEqual(left);
      // Some ahead, and those of shards that have split since.
      expect(most(taken, 'encoded'), `from ${sizes[s]} on`).toBeLessThan(
        2 ** 18 / dimensions + 3 * shardCapacity,
      );
    });
  });
});
