import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createKernels } from '../../src/kernels/create-kernels.js';
import { installEngine } from '../../src/search/memory/engine.js';
import { type Query, placeRotated, queryOf } from '../../src/search/memory/query.js';
import { createIndex } from '../../src/index.js';
import { METRICS } from '../support/postings.js';

const D = 20;
const vectors = fc.array(
  fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 }).map(Math.fround),
  { minLength: D, maxLength: D },
);

test.each(METRICS)(
  'a query in lent memory is placed as one in memory of its own, one after another, by %s',
  (metric) => {
    const { config } = createIndex({ dimensions: D, metric });
    const engine = installEngine(config, createKernels());
    const { kernels, at, coarse } = engine;
    const placed = (query: Query): number[][] => {
      placeRotated(engine, query);
      return [at.query, at.rotatedQuery].map((address) =>
        Array.from(kernels.f32.subarray(address / 4, address / 4 + coarse.padded)),
      );
    };
    const lent = new Float64Array(D);
    fc.assert(
      fc.property(fc.array(vectors), (all) => {
        const owned = all.map((each) => queryOf(each, D, metric));
        owned.forEach((own, i) => {
          const query = queryOf(all[i], D, metric, lent);
          expect(query.isBounded).toBe(own.isBounded);
          const first = placed(query);
          expect(first).toEqual(placed(own));
          expect(query.rotated).toBeUndefined();
          if (!own.isBounded) return;
          expect(own.rotated).toBeDefined();
          const length = metric === 'cosine' ? own.length : 1;
          expect(first[0].slice(0, D)).toEqual(all[i].map((x) => Math.fround(x / length)));
        });
      }),
    );
  },
);
