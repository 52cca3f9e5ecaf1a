import fc from 'fast-check';
import { expect, test } from 'vitest';
import { squaredNorm } from '../../src/geometry/exact-loops.js';
import { queryOfProbe } from '../../src/search/memory/query.js';
import { QueryScratch } from '../../src/search/memory/query-scratch.js';

const vectors = fc.array(
  fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 }).map(Math.fround),
  { minLength: 4, maxLength: 4 },
);

test('a query in lent scratch memory equals one in memory of its own, one after another', () => {
  fc.assert(
    fc.property(fc.array(vectors), fc.constantFrom('cosine', 'euclidean', 'dot'), (all, metric) => {
      const scratch = new QueryScratch(4);
      for (const each of all) {
        const vector = Float64Array.from(each);
        const probe = { vector, squaredNorm: squaredNorm(vector, 0, 4) };
        const { unit, scratch: own } = queryOfProbe(probe, metric);
        const lent = queryOfProbe(probe, metric, scratch);
        expect(own).toBeUndefined();
        expect(lent.unit).toEqual(unit);
        if (unit !== undefined) expect(lent.unit).toBe(scratch.unit);
        expect(lent.rotated).toBeUndefined();
      }
    }),
  );
});
