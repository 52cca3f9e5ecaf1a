import fc from 'fast-check';
import { InvalidOptionError, InvalidVectorError, type Metric, createIndex, distance, search } from 'shardex';
import { describe, expect, test } from 'vitest';
import { naiveDistance } from '../support/naive-twin.js';
import { METRICS } from '../support/postings.js';
import { gaussianVector, seeded } from '../support/random.js';
import { thrownBy } from '../support/thrown.js';

const component = fc.float({ noNaN: true, noDefaultInfinity: true });

describe.each(METRICS)('by %s', (metric) => {
  test('it is the naive distance, to the bit', () => {
    const pairs = fc.integer({ min: 1, max: 40 }).chain((d) => fc.tuple(vectorOf(d), vectorOf(d)));
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        expect(distance(metric, a, b)).toBe(naiveDistance(metric, a, b));
        expect(distance(metric, Float32Array.from(a), b)).toBe(distance(metric, a, b));
      }),
    );
  });

  test('a brute force by it is what a search of everything finds', () => {
    const random = seeded(1);
    for (const d of [1, 3, 18, 101]) {
      const vectors = Array.from({ length: 90 }, () => gaussianVector(random, d));
      const index = createIndex(
        { dimensions: d, metric, shardCapacity: 16 },
        vectors.map((vector, i) => ({ documentId: `d${i}`, vector })),
      );
      const query = gaussianVector(random, d);
      const found = search(index, query, { k: 90, slopFactor: 'all' });
      const expected = vectors.map((vector) => distance(metric, query, vector)).sort((a, b) => a - b);
      expect(found.map((hit) => hit.distance)).toEqual(expected);
    }
  });

  test('components count as what an index stores of them', () => {
    expect(distance(metric, [0.1, 1 / 3], [0.7, 5])).toBe(
      distance(metric, [0.1, 1 / 3].map(Math.fround), [0.7, 5].map(Math.fround)),
    );
  });
});

test('a zero vector has cosine 0 with everything', () => {
  expect(distance('cosine', [0, 0], [3, 4])).toBe(1);
  expect(distance('cosine', [3, 4], [0, -0])).toBe(1);
  expect(distance('cosine', [0], [0])).toBe(1);
});

test('orthogonal vectors are 0 apart by dot product, not −0', () => {
  expect(distance('dot', [1, 0], [0, 1])).toBe(0);
});

describe('what it cannot compare it refuses, and says which', () => {
  test.each([
    [[1, 2], [1], 'The first vector has 2 components and the second 1; both need as many.'],
    [[], [], 'The first vector has no components; it takes one at least.'],
    [[1], [], 'The second vector has no components; it takes one at least.'],
    [[1], [Number.NaN], 'The second vector has NaN at component 0'],
    [[1, Infinity], [1, 2], 'The first vector has Infinity at component 1'],
    [[1e39], [1], 'The first vector has 1e+39 at component 0'],
    ['text', [1], 'The first vector must be an array or a typed array of numbers'],
    [[1], new DataView(new ArrayBuffer(4)), 'If it holds 32-bit floats, new Float32Array('],
  ])('%j and %j', (a, b, message) => {
    const error = thrownBy(() => distance('dot', a as never, b as never));
    expect(error).toBeInstanceOf(InvalidVectorError);
    expect((error as Error).message).toContain(message);
  });

  test('a metric that is none', () => {
    const error = thrownBy(() => distance('manhattan' as Metric, [1], [1]));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ option: 'metric', code: 'INVALID_OPTION' });
  });
});

function vectorOf(dimensions: number): fc.Arbitrary<number[]> {
  return fc.array(component, { minLength: dimensions, maxLength: dimensions });
}
