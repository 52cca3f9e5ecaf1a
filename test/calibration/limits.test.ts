import { List } from 'immutable';
import { describe, expect, test } from 'vitest';
import type { Calibration, Sample } from '../../src/calibration/calibration.js';
import { costOf } from '../../src/calibration/cost.js';
import { limitsOf } from '../../src/calibration/limits.js';
import { packRanks } from '../../src/calibration/ranks.js';
import { seeded } from '../support/random.js';

interface Kind {
  readonly nearest: number;
  readonly spread: number;
  /** The neighbours of a query are in this many shards, evenly. */
  readonly shards: number;
}

const EASY: Kind = { nearest: 1, spread: 0.5, shards: 3 };
const HARD: Kind = { nearest: 2, spread: 0.5, shards: 60 };

function sampleOf({ nearest, spread, shards }: Kind, seed: number, born = 0): Sample {
  const random = seeded(seed);
  const neighbours = Array.from({ length: 1000 }, () => Math.floor(random() * shards));
  return {
    documentId: `d${seed}`,
    start: 0,
    length: 0,
    hash: seed,
    born,
    postingCount: 10_000,
    shardCount: 100,
    churn: 10_000,
    // No two are quite the same.
    nearest: nearest + random() / 10,
    spread: spread + random() / 10,
    gap: 1,
    ranks: packRanks(neighbours, (rank) => rank / 100),
  };
}

/** A look that stopped at the hundred nearest, with the ranks of their shards. */
const withRanks = (sample: Sample, ranks: readonly number[]): Sample => ({
  ...sample,
  ranks: packRanks(ranks, (rank) => rank / 100, 3),
});

const many = (kind: Kind, count: number, from = 0): Sample[] =>
  Array.from({ length: count }, (_, i) => sampleOf(kind, from + i));

function calibrationOf(samples: readonly Sample[], counts: Partial<Calibration> = {}): Calibration {
  return {
    samples: List(samples),
    taken: samples.length,
    settled: 10_000,
    postingCount: 10_000,
    shardCount: 100,
    ...counts,
  };
}

/** How many of the nearest shards a limit lets a query scan, whose shards are as far apart as those of the samples. */
function shardsWithin(calibration: Calibration, kind: Kind, k: number, recall: number): number {
  const limits = limitsOf(calibration);
  const { gap } = limits;
  const { limit } = limits.for(k, recall)(kind);
  let count = 1;
  while (count < 100 && costOf(count, count / 100, gap) <= limit) count++;
  return count;
}

describe('limits', () => {
  test('reach as many shards as the recall takes', () => {
    const calibration = calibrationOf(many(HARD, 800));
    for (const recall of [0.5, 0.8, 0.9, 0.95]) {
      for (const k of [10, 100, 1000]) {
        const shards = shardsWithin(calibration, HARD, k, recall);
        expect(shards).toBeGreaterThanOrEqual(60 * (recall - 0.01));
        expect(shards).toBeLessThanOrEqual(60 * (recall + 0.04) + 1);
      }
    }
  });

  test('never fall with the recall, nor with the number of results', () => {
    const calibration = calibrationOf([...many(EASY, 500), ...many(HARD, 300, 500)]);
    const limitFor = (k: number, recall: number): number => limitsOf(calibration).for(k, recall)(HARD).limit;
    const recalls = [0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999];
    for (const k of [1, 3, 10, 50, 100, 600, 1000, 5000])
      recalls.slice(1).forEach((recall, i) => {
        expect(limitFor(k, recall)).toBeGreaterThanOrEqual(limitFor(k, recalls[i]));
      });
    expect(limitFor(5000, 0.9)).toBeGreaterThanOrEqual(limitFor(1000, 0.9));
  });

  test('are different for queries that are told to be of another kind, few as those are', () => {
    const calibration = calibrationOf([...many(EASY, 900), ...many(HARD, 60, 900)]);
    expect(shardsWithin(calibration, EASY, 10, 0.9)).toBeLessThanOrEqual(6);
    expect(shardsWithin(calibration, HARD, 10, 0.9)).toBeGreaterThanOrEqual(52);
    expect(limitsOf(calibration).for(10, 0.9)(HARD).samples).toBeLessThan(120);
  });

  test('are those of the harder kind where only its age tells it', () => {
    const hard = Array.from({ length: 60 }, (_, i) => sampleOf({ ...EASY, shards: 60 }, 900 + i, 5000 + i));
    const calibration = calibrationOf([...many(EASY, 900), ...hard]);
    expect(shardsWithin(calibration, EASY, 10, 0.9)).toBeGreaterThanOrEqual(52);
    // Where nothing tells it, they are of the mean.
    const untold = calibrationOf([...many(EASY, 900), ...hard.map((sample) => ({ ...sample, born: 0 }))]);
    expect(shardsWithin(untold, EASY, 10, 0.9)).toBeLessThan(20);
  });

  test('are made of all where there is one kind only', () => {
    const { samples } = limitsOf(calibrationOf(many(HARD, 700))).for(10, 0.9)(HARD);
    expect(samples).toBe(700);
  });

  test('say what to expect', () => {
    const limits = limitsOf(calibrationOf(many(HARD, 800)));
    const { expected } = limits.for(10, 0.9)(HARD);
    expect(expected).toBeGreaterThan(0.895);
    expect(expected).toBeLessThan(0.93);
    expect(limits.standardError).toBeGreaterThan(0.001);
    expect(limits.standardError).toBeLessThan(0.01);
  });

  test('reach farther where shards have come since, or postings have gone', () => {
    const samples = many(HARD, 800);
    const then = shardsWithin(calibrationOf(samples), HARD, 10, 0.9);
    const { limit } = limitsOf(calibrationOf(samples)).for(10, 0.9)(HARD);
    const grown = limitsOf(calibrationOf(samples, { shardCount: 200 })).for(10, 0.9)(HARD).limit;
    expect(grown).toBeGreaterThan(limit + 0.3);
    // Of a tenth of the postings, the 10 nearest are as far as the 100 nearest were.
    const clusters = samples.map((sample, i) => {
      const random = seeded(i);
      const ranks = packRanks(
        Array.from({ length: 1000 }, (_, at) => Math.floor(random() * (1 + at / 12))),
        () => 0,
      );
      return { ...sample, ranks };
    });
    const [full, left] = [calibrationOf(clusters), calibrationOf(clusters, { postingCount: 1000 })];
    expect(limitsOf(left).for(10, 0.9)(HARD).limit).toBeCloseTo(limitsOf(full).for(100, 0.9)(HARD).limit, 6);
    expect(then).toBeGreaterThan(0);
  });

  test('for a thousand come from the looks that went so far, and from all where these are too few', () => {
    const samples = many(HARD, 800);
    const shallow = (sample: Sample): Sample => {
      const random = seeded(sample.hash);
      return withRanks(
        sample,
        Array.from({ length: 100 }, (_, at) => Math.floor(random() * (1 + at / 5))),
      );
    };
    const limitFor = (some: readonly Sample[], k: number) => limitsOf(calibrationOf(some)).for(k, 0.9)(HARD);
    const [all, quarter, few] = [1, 4, 40].map((every) =>
      samples.map((sample, i) => (i % every === 0 ? sample : shallow(sample))),
    );
    // The same kind of data, so the same limit but for chance; and the evidence says how many looks it rests on.
    expect(limitFor(quarter, 1000).limit).toBeCloseTo(limitFor(all, 1000).limit, 1);
    expect(limitFor(quarter, 1000).samples).toBe(200);
    expect(limitFor(quarter, 100).samples).toBe(800);
    // Twenty do not tell: as far as beyond all that was looked for, so farther than for a hundred.
    expect(limitFor(few, 1000).samples).toBe(800);
    expect(limitFor(few, 1000).limit).toBeGreaterThan(limitFor(few, 100).limit);
  });

  test('for a thousand are at least those for a hundred, also of a kind that no deep look knows', () => {
    const easy = many(EASY, 800);
    const rare = many(HARD, 60, 1000).map((sample) => {
      const random = seeded(sample.hash);
      return withRanks(
        sample,
        Array.from({ length: 100 }, () => Math.floor(random() * 60)),
      );
    });
    const limits = limitsOf(calibrationOf([...easy, ...rare]));
    for (const recall of [0.8, 0.95])
      for (const k of [200, 1000])
        expect(limits.for(k, recall)(HARD).limit).toBeGreaterThanOrEqual(limits.for(100, recall)(HARD).limit);
    expect(limits.for(100, 0.95)(HARD).limit).toBeGreaterThan(1.5 * limits.for(100, 0.95)(EASY).limit);
  });
});
