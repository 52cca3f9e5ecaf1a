/* Which shards a search says that it has scanned, whatever its options: as many as it counts, of the rows that it counts. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type SearchOptions, createIndex, distance, searchExplained, update } from 'shardex';
import { METRICS, ofDocuments } from '../support/postings.js';
import { clusteredVectors, seeded } from '../support/random.js';

const DIMENSIONS = 16;

describe.each(METRICS)('the shards of a search by %s', (metric) => {
  const vectorOf = clusteredVectors(seeded(5), DIMENSIONS, 60, 0.7);
  const all = ofDocuments(900, 5000, vectorOf);
  const index = update(createIndex({ dimensions: DIMENSIONS, metric, shardCapacity: 48 }, all), (draft) => {
    for (let i = 0; i < 900; i++) draft.setMetadata(`d${i}`, { group: i % 50 });
  });

  const options = fc.record({
    k: fc.integer({ min: 1, max: 60 }),
    aim: fc.constantFrom<Partial<SearchOptions>>(
      ...[{}, { recall: 0.5 }, { recall: 1 }, { slopFactor: 3 }, { slopFactor: 'all' as const }],
    ),
    narrowed: fc.constantFrom<Partial<SearchOptions>>(
      ...[{}, { where: { group: 7 } }, { where: { group: { $lt: 30 } } }, { distinct: 'document' as const }],
      { filter: ({ documentId }: { documentId: string }) => documentId.endsWith('3') },
    ),
    offset: fc.constantFrom(0, 0, 40),
    seed: fc.nat(all.length - 1),
  });

  test('are as many as it counts, and hold the rows that it counts', () => {
    fc.assert(
      fc.property(options, ({ k, aim, narrowed, offset, seed }) => {
        const how = { k, offset, ...aim, ...narrowed } as SearchOptions;
        const { explanation } = searchExplained(index, all[seed].vector, how);
        const { scanned, shardsScanned, rowsScanned, filter } = explanation;
        expect(scanned).toHaveLength(shardsScanned);
        const rows = scanned.reduce((sum, id) => sum + (index.shards.get(id)?.rows.liveCount ?? NaN), 0);
        if (filter === undefined) expect(rows).toBe(rowsScanned);
        else expect(rows).toBeGreaterThanOrEqual(rowsScanned);
        if (offset === 0) expect(new Set(scanned).size).toBe(scanned.length);
      }),
      { numRuns: 60 },
    );
  });

  test('come the nearest first', () => {
    const query = all[17].vector;
    const { scanned } = searchExplained(index, query, { k: 5, slopFactor: 6 }).explanation;
    const ranked = [...index.shards.values()]
      .map(({ id, centroid }) => ({ id, far: distance(metric, query, centroid.toArray()) }))
      .sort((a, b) => a.far - b.far);
    expect(scanned).toEqual(ranked.slice(0, 6).map(({ id }) => id));
  });
});
