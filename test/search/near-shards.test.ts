import { createIndex, type ShardexIndex } from 'shardex';
import { describe, expect, test } from 'vitest';
import { createKernels } from '../../src/kernels/create-kernels.js';
import { type Engine, installEngine } from '../../src/search/engine.js';
import { Estimator } from '../../src/search/estimator.js';
import { nearShards } from '../../src/search/near-shards.js';
import { type Query, queryOf } from '../../src/search/query.js';
import { costOf, placesWithin } from '../../src/search/stopping.js';
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
        const gap = all.apart[Math.min(31, all.apart.length - 1)] - all.apart[0];
        for (const place of [0, 3, 20, 90]) {
          if (place >= all.ids.length) continue;
          const limit = costOf(place, all.apart[place], all.apart[0], gap);
          const some = nearShards(index, engine, query, index.shardCount, { limit, gap });
          const wanted = placesWithin(limit, all, gap);
          expect(wanted).toBeGreaterThan(place);
          expect(placesWithin(limit, some, gap)).toBe(wanted);
          expect(some.ids.slice(0, wanted)).toEqual(all.ids.slice(0, wanted));
          expect(some.apart.slice(0, wanted)).toEqual(all.apart.slice(0, wanted));
          left += all.ids.length - some.ids.length;
        }
      }
      // Else nothing was put to the test; where all are equally near, all are within.
      if (corpus !== 'repeated') expect(left).toBeGreaterThan(0);
    });

    test('how far a shard is has the same bits whether it was ranked or is looked at alone', () => {
      for (const query of queries) {
        if (query.unit === undefined) continue;
        const { ids, values } = nearShards(index, engine, query, index.shardCount);
        const estimator = new Estimator(index.config, engine, query, 1);
        const alone = ids.map((id) => estimator.apartFrom(index.shards.get(id) as Shard));
        values.forEach((value, i) => {
          if (!Number.isNaN(value)) expect(alone[i]).toBe(value);
        });
        expect(values.filter((value) => Number.isNaN(value)).length).toBeLessThan(values.length);
      }
    });
  },
);
