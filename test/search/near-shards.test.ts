import { createIndex, type ShardexIndex } from 'shardex';
import { describe, expect, test } from 'vitest';
import { roughError } from '../../src/kernels/bounds.js';
import { createKernels } from '../../src/kernels/create-kernels.js';
import { DOT, type Kernels, SQUARED_L2 } from '../../src/kernels/kernels.js';
import { STAGE } from '../../src/kernels/rough-layout.js';
import { chunkAt, floatsAt } from '../../src/search/memory/chunk-memory.js';
import { type Engine, installEngine } from '../../src/search/memory/engine.js';
import { Estimator } from '../../src/search/scan/estimator.js';
import { nearShards, shardsWithin } from '../../src/search/ranking/near-shards.js';
import { type Query, placeQuery, queryOf } from '../../src/search/memory/query.js';
import type { Features } from '../../src/calibration/calibration.js';
import { costOf, countWithin } from '../../src/calibration/cost.js';
import type { Shard } from '../../src/version/shard.js';
import { CORPORA, type Corpus } from '../support/corpora.js';
import { METRICS, numbered } from '../support/postings.js';
import { seeded } from '../support/random.js';

const D = 20;
const KINDS: readonly Corpus[] = ['clustered', 'lowRank', 'uniform', 'offset', 'narrow', 'repeated'];

describe.each(METRICS.flatMap((metric) => KINDS.map((corpus) => [corpus, metric] as const)))(
  '%s vectors by %s',
  (corpus, metric) => {
    const vector = CORPORA[corpus](seeded(4), D);
    const index: ShardexIndex = createIndex(
      { dimensions: D, metric, shardCapacity: 16 },
      numbered(3000, vector),
    );
    const queries: Query[] = Array.from({ length: 30 }, () => queryOf(vector(), D, metric));
    const engine: Engine = installEngine(index.config, createKernels());

    test('counting in bins leaves out only shards that cost more than the limit', () => {
      let left = 0;
      for (const query of queries) {
        const all = nearShards(index, engine, query, index.shardCount);
        const gap = all.distances[Math.min(31, all.distances.length - 1)] - all.distances[0];
        for (const place of [0, 3, 20, 90]) {
          if (place >= all.ids.length) continue;
          const limit = costOf(place, all.distances[place] - all.distances[0], gap);
          const seen: Features[] = [];
          const limitOf = (features: Features): number => {
            seen.push(features);
            return limit;
          };
          const some = shardsWithin(index, engine, query, { limitOf, gap });
          const wanted = countWithin(limit, all.distances, gap);
          expect(wanted).toBeGreaterThan(place);
          expect(some.ids).toEqual(all.ids.slice(0, wanted));
          expect(some.distances).toEqual(all.distances.slice(0, wanted));
          expect(seen).toEqual([{ nearest: all.distances[0], spread: all.distances[3] - all.distances[0] }]);
          left += all.ids.length - some.ids.length;
        }
      }
      // Else nothing was put to the test; where all are equally near, all are within.
      if (corpus !== 'repeated') expect(left).toBeGreaterThan(0);
    });

    test('what 16 bits say of how far a centroid is, is within roughError', () => {
      const { kernels, coarse, at } = engine;
      const { padded, dimensions } = coarse;
      const byDot = metric === 'dot';
      const product = byDot ? DOT : SQUARED_L2;
      const { chunks, longest } = index.centroids;
      let most = 0;
      for (const query of queries) {
        if (!query.isBounded) continue;
        placeQuery(engine, query);
        for (const chunk of chunks) {
          const place = chunkAt(engine, chunk);
          const members = chunk.ids.length;
          kernels.u32[at.chunks / 4] = place;
          kernels.roughDistances(product, at.query, at.chunks, 1, padded, at.integers, at.products, at.line);
          const rough = kernels.f32.slice(at.products / 4, at.products / 4 + STAGE);
          const [apart, reach] = [kernels.f32[at.line / 4], kernels.f32[at.line / 4 + 1]];
          const margin = roughError(product, padded, apart, reach, Math.sqrt(longest));
          const floats = floatsAt(engine, place, members);
          kernels.distances(product, at.query, floats, padded, members, dimensions, at.products);
          for (let c = 0; c < STAGE; c++) {
            if (c >= members) expect(rough[c]).toBe(Infinity);
            else {
              const value = kernels.f32[at.products / 4 + c];
              const off = Math.abs(rough[c] - (byDot ? 0 - value : value));
              expect(off).toBeLessThanOrEqual(margin);
              most = Math.max(most, off / margin);
            }
          }
        }
      }
      // A bound that nothing comes near would rule nothing out.
      if (corpus === 'uniform') expect(most).toBeGreaterThan(0.02);
    });

    test('how far a shard is has the same bits whether it was ranked or is looked at alone', () => {
      for (const query of queries) {
        if (!query.isBounded) continue;
        const { ids, centroidValues: values } = nearShards(index, engine, query, index.shardCount);
        const estimator = new Estimator(index.config, engine, query, 1);
        const alone = ids.map((id) => estimator.centroidValueOf(index.shards.get(id) as Shard));
        values.forEach((value, i) => {
          if (!Number.isNaN(value)) expect(alone[i]).toBe(value);
        });
        expect(values.filter((value) => Number.isNaN(value)).length).toBeLessThan(values.length);
      }
    });
  },
);

test('centroids that 16 bits wrongly ruled out would be missed: a kernel that is off turns the search', () => {
  const vector = CORPORA.clustered(seeded(4), D);
  const index = createIndex({ dimensions: D, shardCapacity: 16 }, numbered(3000, vector));
  const queries = Array.from({ length: 30 }, () => queryOf(vector(), D, 'cosine'));
  const found = (off: number): unknown => {
    const kernels = createKernels();
    const own: Kernels = Object.assign(Object.create(kernels) as Kernels, {
      roughDistances: (...args: Parameters<Kernels['roughDistances']>) => {
        kernels.roughDistances(...args);
        const [chunks, count, out] = [args[2], args[3], args[6]];
        for (let c = 0; c < count; c++) {
          const members = kernels.u32[kernels.u32[chunks / 4 + c] / 4];
          for (let r = 0; r < members; r += 2) kernels.f32[out / 4 + STAGE * c + r] += off;
        }
      },
    } satisfies Partial<Kernels>);
    const engine = installEngine(index.config, own);
    return queries.map((query) => {
      return shardsWithin(index, engine, query, { limitOf: () => 3, gap: 0.5 }).ids;
    });
  };
  expect(found(0)).toEqual(found(0));
  expect(found(0.5)).not.toEqual(found(0));
});
