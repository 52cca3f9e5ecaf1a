import { describe, expect, test } from 'vitest';
import { LEAST_SHARE } from '../../src/geometry/bisect.js';
import { dotProduct } from '../../src/geometry/exact-loops.js';
import { balance, fitPlane } from '../support/at-once.js';
import { naiveDot } from '../support/naive-twin.js';
import {
  type Random,
  gaussian,
  gaussianVector,
  integerBelow,
  pick,
  seeded,
  shuffled,
} from '../support/random.js';

/** Which points lie on the far side of the plane fitted to them. */
function farSide(points: readonly (readonly number[])[]): boolean[] | undefined {
  const d = points[0].length;
  const matrix = Float32Array.from(points.flat());
  const plane = fitPlane(matrix, points.length, d);
  return plane && points.map((_, p) => dotProduct(plane.direction, matrix, p * d) > plane.threshold);
}

const meanOf = (points: readonly (readonly number[])[]): number[] =>
  points[0].map((_, i) => points.reduce((sum, point) => sum + point[i], 0) / points.length);
const minus = (a: readonly number[], b: readonly number[]): number[] =>
  a.map((component, i) => component - b[i]);

/** What the plane is meant to be, written down as plainly as can be. */
function naivePlane(points: readonly (readonly number[])[]): { direction: number[]; threshold: number } {
  const mean = meanOf(points);
  const distances = points.map((point) => naiveDot(minus(point, mean), minus(point, mean)));
  let direction = minus(points[distances.indexOf(Math.max(...distances))], mean);
  let threshold = naiveDot(direction, mean);
  let sides = points.map(() => false);
  for (let round = 0; ; round++) {
    const values = points.map((point) => naiveDot(direction, point));
    const balanced = balance(Float64Array.from(values), threshold) as number;
    const now = values.map((value) => value > balanced);
    const changed = now.filter((side, p) => side !== sides[p]).length;
    if (round === 8 || (round > 0 && changed * 200 <= points.length))
      return { direction, threshold: balanced };
    sides = now;
    const [far, near] = [true, false].map((side) => meanOf(points.filter((_, p) => sides[p] === side)));
    direction = minus(far, near);
    threshold = (naiveDot(far, far) - naiveDot(near, near)) / 2;
  }
}

function around(random: Random, centre: readonly number[], spread: number): number[] {
  return centre.map((component) => component + spread * gaussian(random));
}

describe('a fitted plane', () => {
  test.each([1, 2, 3, 8, 33])('parts two clusters in %i dimensions', (d) => {
    const random = seeded(d);
    const [a, b] = [new Array<number>(d).fill(-3), new Array<number>(d).fill(3)];
    for (const share of [0.3, 0.5, 0.7]) {
      const ofA = shuffled(
        random,
        Array.from({ length: 200 }, (_, i) => i < 200 * share),
      );
      const side = farSide(ofA.map((isA) => around(random, isA ? a : b, 0.3))) ?? [];
      const farOfA = side.filter((_, i) => ofA[i]);
      const farOfB = side.filter((_, i) => !ofA[i]);
      expect(new Set(farOfA).size).toBe(1);
      expect(new Set(farOfB).size).toBe(1);
      expect(farOfA[0]).not.toBe(farOfB[0]);
    }
  });

  test('leaves neither side less than a quarter of distinct points', () => {
    const random = seeded(2);
    for (let i = 0; i < 50; i++) {
      const count = 8 + i;
      // One in ten is an outlier, which alone would make a cluster of its own.
      const points = Array.from({ length: count }, (_, p) =>
        gaussianVector(random, 3, p % 10 === 0 ? 1000 : 1),
      );
      const far = (farSide(points) ?? []).filter(Boolean).length;
      expect(far).toBeGreaterThanOrEqual(Math.floor(count * LEAST_SHARE));
      expect(count - far).toBeGreaterThanOrEqual(Math.floor(count * LEAST_SHARE));
    }
  });

  test('is that of a naive 2-means from the same start', () => {
    const random = seeded(12);
    for (let round = 0; round < 40; round++) {
      const d = 1 + integerBelow(random, 12);
      // An elongated cloud: the means move for several rounds.
      const points = Array.from({ length: 20 + integerBelow(random, 200) }, () =>
        gaussianVector(random, d).map((component, i) => component * (i + 1) + gaussian(random) ** 3),
      ).map((point) => [...Float32Array.from(point)]);
      const plane = fitPlane(Float32Array.from(points.flat()), points.length, d);
      const naive = naivePlane(points);
      expect(plane?.threshold).toBeCloseTo(naive.threshold, 6);
      [...(plane?.direction ?? [])].forEach((component, i) => {
        expect(component).toBeCloseTo(naive.direction[i], 6);
      });
    }
  });

  test('does not part what is all the same', () => {
    for (const point of [[0], [1, 2, 3], [0.1, 0.2], [-1e30, 1e-30]]) {
      expect(farSide(Array.from({ length: 9 }, () => point))).toBeUndefined();
    }
  });

  test('parts two different points', () => {
    expect(farSide([[1], [2]])?.filter(Boolean)).toHaveLength(1);
    expect(farSide([[1, 1], ...Array.from({ length: 9 }, () => [1, 2])])?.includes(true)).toBe(true);
  });

  test('is the same for the same points (I10)', () => {
    const random = seeded(3);
    const points = Float32Array.from(gaussianVector(random, 500 * 4));
    expect(fitPlane(points, 500, 4)).toEqual(fitPlane(points.slice(), 500, 4));
  });

  test('stays finite for the largest 32-bit floats', () => {
    const largest = 3.4028234663852886e38;
    const side = farSide([[largest], [-largest], [largest], [-largest], [largest], [-largest]]);
    expect(new Set([side?.[0], side?.[2], side?.[4]]).size).toBe(1);
    expect(side?.[0]).not.toBe(side?.[1]);
  });
});

describe('balance', () => {
  const sizes = (values: Float64Array, threshold: number | undefined): [number, number] => {
    const far = values.filter((value) => value > (threshold ?? NaN)).length;
    return [values.length - far, far];
  };

  test('keeps a threshold that is balanced already', () => {
    expect(balance(Float64Array.of(1, 2, 3, 4), 2.5)).toBe(2.5);
    expect(balance(Float64Array.of(1, 2, 3, 4), 1)).toBe(1);
  });

  test('moves one that is not, to exactly a quarter', () => {
    const values = Float64Array.from({ length: 100 }, (_, i) => i);
    expect(sizes(values, balance(values, 1000))).toEqual([75, 25]);
    expect(sizes(values, balance(values, 98.5))).toEqual([75, 25]);
    expect(sizes(values, balance(values, -1))).toEqual([25, 75]);
  });

  test('takes a balanced cut where there is one, however far away, else the least unbalanced', () => {
    const random = seeded(5);
    const smaller = (values: Float64Array, cut: number | undefined) => Math.min(...sizes(values, cut));
    // Many ties, and an outlier that must not be split off on its own.
    const ties = Float64Array.from([...Array<number>(40).fill(0), ...Array<number>(59).fill(1), 2]);
    expect(sizes(ties, balance(ties, 1.5))).toEqual([40, 60]);
    for (let i = 0; i < 300; i++) {
      const few = [...ties.subarray(0, 1 + integerBelow(random, 6))].map(() => gaussian(random));
      const values = Float64Array.from({ length: 2 + integerBelow(random, 60) }, () => pick(random, few));
      const threshold = balance(values, 2 * gaussian(random));
      const best = Math.max(...few.map((cut) => smaller(values, cut)));
      if (best === 0) continue;
      const least = Math.max(1, Math.floor(values.length * LEAST_SHARE));
      expect(smaller(values, threshold)).toBeGreaterThanOrEqual(Math.min(best, least));
    }
  });

  test('never parts equal values', () => {
    const random = seeded(4);
    for (let i = 0; i < 200; i++) {
      const values = Float64Array.from({ length: 1 + (i % 40) }, () => Math.floor(random() * 4));
      const threshold = balance(values, 5 * random() - 1);
      if (new Set(values).size === 1) {
        expect(threshold).toBeUndefined();
      } else {
        const [near, far] = sizes(values, threshold);
        expect(Math.min(near, far)).toBeGreaterThan(0);
      }
    }
  });

  test('says that equal values cannot be parted, whatever the threshold', () => {
    const values = new Float64Array(10).fill(3);
    for (const threshold of [2, 3, 4]) expect(balance(values, threshold)).toBeUndefined();
    expect(balance(Float64Array.of(1), 0)).toBeUndefined();
  });

  test('leaves the values where they are', () => {
    const values = Float64Array.of(3, 1, 2, 9, 8);
    balance(values, 100);
    expect([...values]).toEqual([3, 1, 2, 9, 8]);
  });
});
