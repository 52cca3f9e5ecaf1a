import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Places, settingsOf } from '../../bench/suites/recall/settings.js';
import { foundOf } from '../../bench/suites/recall/truth.js';

/** Some shards and queries: of each query the true nearest, as pairs of a distance and a shard, and the shards in an order. */
const anything = fc.integer({ min: 1, max: 6 }).chain((shards) => {
  const order = fc.shuffledSubarray(
    Array.from({ length: shards }, (_, s) => s),
    { minLength: shards },
  );
  // Few distances, so that many are the same.
  const near = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.nat({ max: shards - 1 })), {
    minLength: 4,
  });
  const query = fc.record({ order, near }).map(({ order: of, near: pairs }): Places => {
    const sorted = pairs.toSorted(([a], [b]) => a - b);
    return {
      order: of,
      distances: sorted.map(([distance]) => distance),
      homes: sorted.map(([, shard]) => shard),
    };
  });
  return fc.record({
    sizes: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: shards, maxLength: shards }),
    queries: fc.array(query, { minLength: 1, maxLength: 5 }),
    k: fc.integer({ min: 1, max: 4 }),
  });
});

describe('the fixed settings that the suite of recall compares with', () => {
  it('are those of a search of the nearest shards for each query', () => {
    fc.assert(
      fc.property(anything, fc.double({ min: 0, max: 1, noNaN: true }), ({ sizes, queries, k }, recall) => {
        const all = sizes.map((_, last) => naive(sizes, queries, k, last + 1));
        const least = all.find(({ got }) => got >= recall - 1e-9);
        expect(settingsOf(sizes, queries, [k]).rowsFor(k, recall)).toBeCloseTo(least?.rows ?? NaN, 9);
      }),
    );
  });

  it('take any k of those that are as near as the k-th', () => {
    expect(foundOf([1, 2, 2], { distances: [1, 2, 2, 2, 3] }, 2)).toBe(3);
    expect(foundOf([2, 3], { distances: [1, 2, 2, 2, 3] }, 4)).toBe(1);
    expect(foundOf([], { distances: [1] }, 1)).toBe(0);
  });
});

/** Means over the queries of what a search of so many shards finds of `k`, and of the rows in them. */
function naive(
  sizes: readonly number[],
  queries: readonly Places[],
  k: number,
  shards: number,
): { got: number; rows: number } {
  let [got, rows] = [0, 0];
  for (const { order, homes, distances } of queries) {
    const open = order.slice(0, shards);
    const found = homes.filter((shard, i) => open.includes(shard) && distances[i] <= distances[k - 1]).length;
    got += Math.min(found, k) / k / queries.length;
    for (const shard of open) rows += sizes[shard] / queries.length;
  }
  return { got, rows };
}
