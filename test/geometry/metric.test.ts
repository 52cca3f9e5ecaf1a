import type { Metric } from 'shardex';
import { describe, expect, test } from 'vitest';
import {
  type Matrix,
  chord,
  cosine,
  distances,
  fillProbe,
  probeOf,
  reusableProbe,
  scoreOf,
  separations,
} from '../../src/geometry/metric.js';
import { naiveCosineDistance, naiveDistance, naiveDot, naiveSquaredL2 } from '../support/naive-twin.js';
import { METRICS } from '../support/postings.js';
import { gaussianVector, seeded } from '../support/random.js';

const LARGEST = 3.4028234663852886e38;
const SMALLEST = 1.401298464324817e-45;

function matrix(rows: readonly (readonly number[])[]): Matrix {
  const vectors = rows.map((row) => Float32Array.from(row));
  return {
    vectors: Float32Array.from(vectors.flatMap((row) => [...row])),
    squaredNorms: Float64Array.from(vectors.map((row) => naiveDot(row, row))),
  };
}

function distance(metric: Metric, a: readonly number[], b: readonly number[]): number {
  const out = new Float64Array(1);
  distances(metric, probeOf(Float32Array.from(a)), matrix([b]), 0, 1, out);
  return out[0];
}

describe('the table of metrics', () => {
  test.each([
    ['cosine', [1, 0], [0, 1], 1, 0.5],
    ['cosine', [1, 0], [1, 1], 1 - Math.SQRT1_2, (2 + Math.SQRT2) / 4],
    ['euclidean', [0, 0], [3, 4], 5, 1 / 6],
    ['euclidean', [1, 0], [0, 0], 1, 0.5],
    ['dot', [1, 1], [1, 1], -2, 1 / (1 + Math.exp(-2))],
    ['dot', [1, 0], [0, 1], 0, 0.5],
    ['dot', [1, 0], [-1, 0], 1, 1 / (1 + Math.E)],
  ] as const)('%s of %j and %j is at distance %d, score %d', (metric, a, b, expected, score) => {
    expect(distance(metric, a, b)).toBeCloseTo(expected, 12);
    expect(scoreOf(metric, distance(metric, a, b))).toBeCloseTo(score, 12);
  });

  test('equals the naive formulas bit for bit, for every length and row', () => {
    const random = seeded(1);
    for (let d = 1; d <= 20; d++) {
      const rows = Array.from({ length: 9 }, () => gaussianVector(random, d).map(Math.fround));
      const query = gaussianVector(random, d).map(Math.fround);
      for (const metric of METRICS) {
        const out = new Float64Array(7);
        distances(metric, probeOf(Float32Array.from(query)), matrix(rows), 2, 7, out);
        expect([...out]).toEqual(rows.slice(2).map((row) => naiveDistance(metric, query, row)));
      }
    }
  });
});

describe('an identical vector', () => {
  const random = seeded(2);
  const vectors = [
    ...Array.from({ length: 200 }, (_, i) => gaussianVector(random, 1 + (i % 20)).map(Math.fround)),
    [LARGEST, -LARGEST, LARGEST],
    [SMALLEST, SMALLEST],
    [LARGEST, SMALLEST],
    [Math.fround(0.1)],
  ];

  // Not 1.0000000000000002: the root of the product of the squares, and not the product of their roots.
  test('is at cosine distance exactly 0 and score exactly 1', () => {
    for (const vector of vectors) {
      expect(distance('cosine', vector, vector)).toBe(0);
      expect(scoreOf('cosine', distance('cosine', vector, vector))).toBe(1);
    }
  });

  test('is at euclidean distance exactly 0 and score exactly 1', () => {
    for (const vector of vectors) expect(distance('euclidean', vector, vector)).toBe(0);
    expect(scoreOf('euclidean', 0)).toBe(1);
  });

  test('that is turned round is at cosine distance exactly 2 and score exactly 0', () => {
    for (const vector of vectors) {
      const opposite = vector.map((x) => -x);
      expect(distance('cosine', vector, opposite)).toBe(2);
    }
    expect(scoreOf('cosine', 2)).toBe(0);
  });
});

describe('zero vectors', () => {
  test.each([
    [
      [0, 0],
      [1, 2],
    ],
    [
      [1, 2],
      [0, 0],
    ],
    [
      [0, 0],
      [0, 0],
    ],
    [
      [-0, -0],
      [5, 5],
    ],
  ])('%j and %j have cosine 0', (a, b) => {
    expect(distance('cosine', a, b)).toBe(1);
    expect(scoreOf('cosine', distance('cosine', a, b))).toBe(0.5);
  });
});

describe('huge and tiny magnitudes', () => {
  test('leave the cosine what it is', () => {
    for (const scale of [LARGEST, 1e20, 1, 1e-20, 1e-38]) {
      expect(distance('cosine', [scale, 0], [scale, scale])).toBeCloseTo(1 - Math.SQRT1_2, 6);
      expect(distance('cosine', [1, 0], [0, scale])).toBe(1);
    }
    expect(distance('cosine', [SMALLEST, 0], [LARGEST, 0])).toBe(0);
    expect(distance('cosine', [SMALLEST, 0], [-LARGEST, 0])).toBe(2);
  });

  test('give finite distances and scores in [0, 1]', () => {
    const extremes = [LARGEST, -LARGEST, SMALLEST, -SMALLEST, 0, -0, 1];
    for (const metric of METRICS) {
      for (const a of extremes) {
        for (const b of extremes) {
          const between = distance(metric, [a, a], [b, b]);
          const score = scoreOf(metric, between);
          expect(Number.isFinite(between)).toBe(true);
          expect(score >= 0 && score <= 1).toBe(true);
          // No −0: it would make results differ that print the same.
          expect(Object.is(between, -0) || Object.is(score, -0)).toBe(false);
        }
      }
    }
  });
});

test('a nearer distance never has a lower score', () => {
  const random = seeded(3);
  for (const metric of METRICS) {
    const between = Array.from({ length: 500 }, () =>
      distance(metric, gaussianVector(random, 3), gaussianVector(random, 3)),
    ).sort((a, b) => a - b);
    const scores = between.map((value) => scoreOf(metric, value));
    for (let i = 1; i < scores.length; i++) expect(scores[i]).toBeLessThanOrEqual(scores[i - 1]);
  }
});

describe('cosine', () => {
  test('is clamped to [−1, 1]', () => {
    expect(cosine(1.0000001, 1, 1)).toBe(1);
    expect(cosine(-1.0000001, 1, 1)).toBe(-1);
    expect(cosine(0.25, 1, 1)).toBe(0.25);
  });
});

describe('separations', () => {
  test('are 1 − cosine, and the squared L2 distance for the other metrics', () => {
    const random = seeded(4);
    const rows = Array.from({ length: 6 }, () => gaussianVector(random, 5).map(Math.fround));
    const centre = Float32Array.from(gaussianVector(random, 5));
    const expected: Record<Metric, number[]> = {
      cosine: rows.map((row) => naiveCosineDistance(centre, row)),
      euclidean: rows.map((row) => naiveSquaredL2(centre, row)),
      dot: rows.map((row) => naiveSquaredL2(centre, row)),
    };
    for (const metric of METRICS) {
      const out = new Float64Array(6);
      separations(metric, probeOf(centre), matrix(rows), 0, 6, out);
      expect([...out]).toEqual(expected[metric]);
    }
  });

  // The bounds that leave out whole chunks of shards rest on this.
  test('obey the triangle inequality as chords', () => {
    const random = seeded(5);
    const apart = (metric: Metric, a: number[], b: number[]): number => {
      const out = new Float64Array(1);
      separations(metric, probeOf(Float32Array.from(a)), matrix([b]), 0, 1, out);
      return chord(metric, out[0]);
    };
    for (const metric of METRICS) {
      for (let i = 0; i < 300; i++) {
        const [a, b, c] = [1, 2, 3].map(() => gaussianVector(random, 1 + (i % 6)));
        expect(apart(metric, a, c)).toBeLessThanOrEqual(apart(metric, a, b) + apart(metric, b, c) + 1e-7);
      }
    }
  });
});

describe('probes', () => {
  test('take their components from the place they are told', () => {
    const probe = probeOf(Float32Array.of(9, 9, 1, 2, 2, 9), 2, 3);
    expect([...probe.vector]).toEqual([1, 2, 2]);
    expect(probe.squaredNorm).toBe(9);
  });

  test('can be filled again and again', () => {
    const probe = reusableProbe(2);
    const rows = matrix([
      [1, 2],
      [3, 4],
    ]);
    fillProbe(probe, rows, 1);
    expect([[...probe.vector], probe.squaredNorm]).toEqual([[3, 4], 25]);
    fillProbe(probe, rows, 0);
    expect([[...probe.vector], probe.squaredNorm]).toEqual([[1, 2], 5]);
  });
});
