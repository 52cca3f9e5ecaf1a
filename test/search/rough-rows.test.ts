import fc from 'fast-check';
import { createIndex } from 'shardex';
import { expect, test } from 'vitest';
import { createKernels } from '../../src/kernels/create-kernels.js';
import { type Engine, installEngine } from '../../src/search/memory/engine.js';
import { roughChunkBytes, roughChunksAt, roughRowsOf } from '../../src/search/memory/rough-rows.js';
import type { Slot } from '../../src/search/memory/slots.js';
import { CORPORA } from '../support/corpora.js';
import { METRICS, numbered } from '../support/postings.js';
import { seeded } from '../support/random.js';

const D = 20;
const ROWS = 150;

/** The bytes of the chunks of a slot that have rows. */
function bytesOf(engine: Engine, slot: Slot): number[] {
  const at = roughChunksAt(slot);
  const end = at + roughChunkBytes(engine) * Math.ceil(ROWS / 64);
  return [...engine.kernels.u8.slice(at, end)];
}

test.each(METRICS)('rows in 16 bits are the same however many come at a time, by %s', (metric) => {
  const vector = CORPORA.clustered(seeded(1), D);
  const index = createIndex({ dimensions: D, metric, shardCapacity: ROWS }, numbered(ROWS, vector));
  const [{ centroid, rows }] = [...index.shards.values()];
  const { block } = rows.segments[0];
  const whole = installEngine(index.config, createKernels());
  const expected = bytesOf(whole, roughRowsOf(whole, block, centroid, ROWS) as Slot);
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: ROWS - 1 }), { maxLength: 6 }), (stops) => {
      const engine = installEngine(index.config, createKernels({ simd: stops.length % 2 === 0 }));
      for (const stop of stops.sort((a, b) => a - b)) roughRowsOf(engine, block, centroid, stop);
      expect(bytesOf(engine, roughRowsOf(engine, block, centroid, ROWS) as Slot)).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});
