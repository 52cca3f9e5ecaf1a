import { List } from 'immutable';
import { describe, expect, test } from 'vitest';
import type { Sample } from '../../src/calibration/calibration.js';
import { isOutdated } from '../../src/calibration/outdated.js';
import { packRanks } from '../../src/calibration/ranks.js';
import { type Random, seeded } from '../support/random.js';

/** A sample whose neighbours are in about so many of the nearest shards. */
function sampleOf(random: Random, shards: number, more: Partial<Sample> = {}): Sample {
  const neighbours = Array.from({ length: 1000 }, () => Math.floor(random() * shards));
  const counts = { born: 0, postingCount: 10_000, shardCount: 100, churn: 10_000 };
  const features = { nearest: 1, spread: 0.5, gap: 1, ranks: packRanks(neighbours, (rank) => rank / 1000) };
  return { documentId: 'd', start: 0, length: 0, hash: 1, ...counts, ...features, ...more };
}

const calibrationOf = (samples: readonly Sample[]) => ({
  samples: List(samples),
  taken: samples.length,
  settled: 10_000,
  postingCount: 10_000,
  shardCount: 100,
});

describe.each(['churn', 'born'] as const)('a sample is outdated by what is the latest by %s', (age) => {
  const of = (shards: (i: number) => number, seed: number) => {
    const random = seeded(seed);
    return calibrationOf(
      Array.from({ length: 256 }, (_, i) => sampleOf(random, shards(i), { [age]: 10_000 + i })),
    );
  };

  test('where that is harder to find, be it half of it or an eighth', () => {
    for (const latest of [128, 64, 32]) {
      expect(isOutdated(of((i) => (i >= 256 - latest ? 60 : 10), 1)), `${latest}`).toBe(true);
    }
  });

  test('not where it is easier, or like the rest', () => {
    expect(isOutdated(of((i) => (i >= 192 ? 10 : 60), 2))).toBe(false);
    const found = Array.from({ length: 40 }, (_, seed) => isOutdated(of(() => 30, seed)));
    // By chance, now and then.
    expect(found.filter(Boolean).length).toBeLessThan(3);
  });
});

test('what was looked for in a smaller index counts as if it had been as large', () => {
  const random = seeded(4);
  const samples = Array.from({ length: 256 }, (_, i) => {
    const grown = i >= 128;
    return sampleOf(random, grown ? 40 : 20, { churn: 10_000 + i, shardCount: grown ? 100 : 25 });
  });
  expect(isOutdated(calibrationOf(samples))).toBe(false);
});

test('too few to tell are not outdated', () => {
  const random = seeded(5);
  const samples = Array.from({ length: 63 }, (_, i) => sampleOf(random, i > 31 ? 60 : 5, { churn: i }));
  expect(isOutdated(calibrationOf(samples))).toBe(false);
});
