import { getHeapSpaceStatistics } from 'node:v8';
import { CowShardexIndex, type ShardexIndex, createIndex } from 'shardex';
import { beforeAll, expect, test } from 'vitest';
import { LivingVersions } from '../../../src/cell/held.js';
import { renumbered } from '../../../src/version/shardex-index.js';
import type { RowList } from '../../../src/version/row-block.js';
import { stagePostings } from '../../../src/write/staging.js';
import { collectGarbage } from '../../support/garbage.js';
import { integerBelow, seeded } from '../../support/random.js';

/*
 * Bounds on memory, which do not depend on the speed of the machine: what one more version costs if it is held, and
 * that it costs nothing if it is not (I4, I8). Rows lie outside of the heap, and versions share them.
 */

const COMMITS = 10_000;

async function heapUsed(): Promise<number> {
  await collectGarbage();
  return process.memoryUsage().heapUsed;
}

let start: ShardexIndex;

beforeAll(() => {
  const random = seeded(5);
  start = createIndex(
    { dimensions: 2, metric: 'euclidean', shardCapacity: 64, reassign: 0 },
    Array.from({ length: 36_000 }, (_, i) => ({
      documentId: `d${i}`,
      vector: [integerBelow(random, 1000), integerBelow(random, 1000)],
    })),
  );
});

/** One commit of one posting, somewhere. */
function commitOne(cell: CowShardexIndex, i: number): ShardexIndex {
  return cell.update((draft) => {
    draft.addPosting({ documentId: `new${i}`, vector: [(i * 7919) % 1000, (i * 104_729) % 1000] });
  }).index;
}

test('the index has about a thousand shards', () => {
  expect(start.shardCount).toBeGreaterThan(900);
  expect(start.shardCount).toBeLessThan(1200);
});

test('a held version of one posting takes at most 4 KB of heap', async () => {
  const cell = new CowShardexIndex(start);
  const held: ShardexIndex[] = [];
  const before = await heapUsed();
  for (let i = 0; i < COMMITS; i++) held.push(commitOne(cell, i));
  const after = await heapUsed();
  expect((after - before) / COMMITS).toBeLessThan(4096);
  expect(held[0].postingCount).toBe(start.postingCount + 1);
  expect(held[COMMITS - 1].postingCount).toBe(start.postingCount + COMMITS);
});

test('versions that nobody holds take none', async () => {
  const cell = new CowShardexIndex(start);
  /** Adds a posting and takes it away again, so that the index itself does not grow. */
  const cycle = (commits: number): void => {
    for (let i = 0; i < commits; i += 2) {
      commitOne(cell, i);
      cell.update((draft) => {
        draft.removeDocument(`new${i}`);
      });
    }
  };
  // What is made once, such as compiled code and the rows that the first round leaves behind, is not counted.
  cycle(COMMITS);
  const before = await heapUsed();
  cycle(COMMITS);
  const after = await heapUsed();
  // A small part of what keeping them takes, and more than measuring is uncertain by.
  expect((after - before) / COMMITS).toBeLessThan(100);
  expect(cell.postingCount).toBe(start.postingCount);
  expect(cell.version).toBe(start.version + 2 * COMMITS);
});

function collectYoung(): void {
  (globalThis.gc as unknown as (options: object) => void)({ type: 'minor' });
}

test('nor does the garbage of versions grow old, which would take the collector longer', () => {
  const oldBytes = (): number =>
    getHeapSpaceStatistics()
      .filter(({ space_name }) => space_name.startsWith('old'))
      .reduce((sum, { space_used_size }) => sum + space_used_size, 0);
  const living = new LivingVersions(start);
  let current = start;
  const supersede = (times: number): void => {
    for (let i = 0; i < times; i++) {
      const changed = { since: '', ids: [] };
      const own = { ...start, version: i, changed, notShared: Array.from({ length: 500 }, () => i) };
      living.supersede(current, own);
      current = own;
      if (i % 20 === 0) collectYoung();
    }
    collectYoung();
  };
  supersede(1000);
  const before = oldBytes();
  supersede(1000);
  // What is noted of each, until the collector of the old generation finds it gone; with all that it has, 4000 and more.
  expect((oldBytes() - before) / 1000).toBeLessThan(1000);
  expect(living.oldCount).toBeGreaterThan(0);
});

test('a version under another number has an object of its own for that, so that each is reported gone for itself', () => {
  const again = renumbered(start, start.version + 1, start.nextShardId);
  expect(again.shards).toBe(start.shards);
  expect(again.changed).toEqual(start.changed);
  expect(again.changed).not.toBe(start.changed);
});

test('nor what a write takes in, although what the first one took in has lived long', () => {
  // As many blocks as a large index has, for V8 to learn from that such arrays and objects live long.
  const kept: RowList[] = [];
  const stage = (times: number, keep: boolean): void => {
    for (let i = 0; i < times; i++) {
      const list = stagePostings(start.config, [{ documentId: 'a', vector: [i, 1] }]);
      if (keep) kept.push(list);
      if (i % 20 === 0) collectYoung();
    }
    collectYoung();
  };
  stage(20_000, true);
  stage(2000, false);
  const before = process.memoryUsage().arrayBuffers;
  stage(2000, false);
  const { byteLength } = kept[0].blocks[0];
  expect((process.memoryUsage().arrayBuffers - before) / 2000).toBeLessThan(byteLength / 4);
  expect(kept.length).toBe(20_000);
});
