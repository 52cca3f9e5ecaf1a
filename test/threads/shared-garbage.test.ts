import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { CowShardexIndex, createIndex } from 'shardex';
import { SharedGarbage } from '../../src/threads/replicas/shared-garbage.js';
import { integerBelow, seeded } from '../support/random.js';
import { until } from '../support/until.js';
import { built } from './support/built.js';
import { startReader } from './support/reader.js';

const library = built('reader');
const MB = 2 ** 20;

test('where dead blocks are collected as asked, what is here is bounded by what the newest version takes', () => {
  const steps = fc.array(fc.nat(20), { maxLength: 200 });
  fc.assert(
    fc.property(fc.nat(60), steps, (size, all) => {
      const needed = size * MB;
      const spare = Math.max(needed, 16 * MB);
      let here = needed;
      let asked = 0;
      const garbage = new SharedGarbage(() => {
        asked++;
        here = needed;
      });
      for (const added of all) {
        here += added * MB;
        garbage.weigh(here, needed);
        // Twice, at a step more; three times where a step took it there before anything was seen to be collected.
        expect(here).toBeLessThanOrEqual(needed + 2 * spare + 20 * MB);
      }
      expect(asked).toBeLessThanOrEqual(all.reduce((sum, added) => sum + added * MB, 0) / spare);
    }),
  );
});

test('where they are held on purpose, a collection is asked for only when as many more have come', () => {
  let asked = 0;
  const garbage = new SharedGarbage(() => {
    asked++;
  });
  for (let here = 20; here <= 200; here++) garbage.weigh(here * MB, 20 * MB);
  expect(asked).toBe(8);
  // What was held is gone, and more comes.
  garbage.weigh(20 * MB, 20 * MB);
  garbage.weigh(41 * MB, 20 * MB);
  expect(asked).toBe(9);
});

test('a thread that only follows lets go of dead blocks by itself', async () => {
  const dimensions = 1024;
  const cell = new CowShardexIndex(createIndex({ dimensions, metric: 'euclidean', shardCapacity: 64 }));
  const random = seeded(1);
  const vector = Float32Array.from({ length: dimensions }, () => random());
  const reader = await startReader(library, cell, 'reader', false);
  let written = 0;
  while (written < 100 * MB) {
    cell.update((draft) => {
      for (let j = 0; j < 60; j++) {
        vector[integerBelow(random, dimensions)] = random();
        draft.addPosting({ documentId: `d${integerBelow(random, 60)}`, vector });
      }
    });
    written += 60 * 4 * dimensions;
    await reader.ask('waitFor', cell.version);
  }
  // Without a collection it would have all blocks that there ever were: over 100 MB.
  const byteLength = [...cell.read().shards.values()][0].rows.segments[0].block.byteLength;
  await until(() => reader.service.replicas[0].blockCount * byteLength < cell.read().byteLength + 40 * MB);
  await reader.worker.terminate();
});
