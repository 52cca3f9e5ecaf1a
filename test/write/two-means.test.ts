import { describe, expect, test } from 'vitest';
import { dotProduct } from '../../src/geometry/exact-loops.js';
import { fitPlane } from '../support/at-once.js';
import { naiveSquaredL2 } from '../support/naive-twin.js';
import { gaussianVector, integerBelow, seeded } from '../support/random.js';

function sides(points: readonly (readonly number[])[]): [number[][], number[][]] {
  const d = points[0].length;
  const matrix = Float32Array.from(points.flat());
  const plane = fitPlane(matrix, points.length, d);
  if (plane === undefined) throw new Error('All points are the same.');
  const near: number[][] = [];
  const far: number[][] = [];
  points.forEach((point, p) => {
    (dotProduct(plane.direction, matrix, p * d) > plane.threshold ? far : near).push([...point]);
  });
  return [near, far];
}

const meanOf = (points: readonly (readonly number[])[]) =>
  points[0].map((_, i) => points.reduce((sum, point) => sum + point[i], 0) / points.length);

/** The sum of the squared distances to the mean: what k-means makes small. */
const spread = (points: readonly (readonly number[])[]) =>
  points.reduce((sum, point) => sum + naiveSquaredL2(point, meanOf(points)), 0);

/** The reference's partition: each point to the nearer of the two that are farthest apart, once. */
function oneShot(points: readonly (readonly number[])[]): [number[][], number[][]] {
  let seeds = [points[0], points[1]];
  for (const a of points) {
    for (const b of points) if (naiveSquaredL2(a, b) > naiveSquaredL2(seeds[0], seeds[1])) seeds = [a, b];
  }
  const isA = (point: readonly number[]) =>
    naiveSquaredL2(point, seeds[0]) <= naiveSquaredL2(point, seeds[1]);
  return [points.filter(isA), points.filter((point) => !isA(point))].map((side) =>
    side.map((point) => [...point]),
  ) as [number[][], number[][]];
}

describe('a split is 2-means', () => {
  test('on 0, 4.6, 4.7, 4.8, 4.9, 5.2, 10, where one look at two seeds goes wrong', () => {
    const points = [0, 4.6, 4.7, 4.8, 4.9, 5.2, 10].map((x) => [x]);
    expect(oneShot(points)[1]).toEqual([[5.2], [10]]);
    const [near, far] = sides(points);
    expect([near.length, far]).toEqual([6, [[10]]]);
    expect(spread(near) + spread(far)).toBeLessThan(spread(oneShot(points)[0]) + spread(oneShot(points)[1]));
  });

  test('whose rounds go on until every point is on the side of the nearer mean', () => {
    const random = seeded(1);
    let tried = 0;
    for (let i = 0; i < 60; i++) {
      // Two clusters of comparable size, so that the bounds on balance stay out of it.
      const centres = [gaussianVector(random, 3, 6), gaussianVector(random, 3, 6)];
      const points = Array.from({ length: 40 + integerBelow(random, 100) }, (_, p) =>
        gaussianVector(random, 3).map((x, j) => Math.fround(x + centres[p % 2][j])),
      );
      if (naiveSquaredL2(centres[0], centres[1]) < 64) continue;
      tried++;
      const [near, far] = sides(points);
      const [a, b] = [meanOf(near), meanOf(far)];
      for (const point of near) expect(naiveSquaredL2(point, a)).toBeLessThan(naiveSquaredL2(point, b));
      for (const point of far) expect(naiveSquaredL2(point, b)).toBeLessThan(naiveSquaredL2(point, a));
    }
    expect(tried).toBeGreaterThan(20);
  });

  test('which parts no worse than one look, summed over many sets', () => {
    const random = seeded(2);
    let [rounds, once] = [0, 0];
    for (let i = 0; i < 40; i++) {
      const points = Array.from({ length: 60 }, () => gaussianVector(random, 4).map(Math.fround));
      rounds += sides(points).reduce((sum, side) => sum + spread(side), 0);
      once += oneShot(points).reduce((sum, side) => sum + spread(side), 0);
    }
    expect(rounds).toBeLessThan(once);
  });
});
