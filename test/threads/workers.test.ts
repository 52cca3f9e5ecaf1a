import { once } from 'node:events';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { CowShardexIndex, type ShardexIndex, createIndex } from 'shardex';
import { collectGarbage } from '../support/garbage.js';
import { integerBelow, pick, seeded } from '../support/random.js';
import { built } from './support/built.js';
import { OPTIONS, change } from './support/changes.js';
import { print } from './support/print.js';
import { type Reader, startReader } from './support/reader.js';

const library = built('reader');

test(
  'readers in threads see every version as it is, however late they came',
  { timeout: 120_000 },
  async () => {
    const random = seeded(1);
    const cell = new CowShardexIndex(createIndex(OPTIONS));
    const prints = new Map([[0, print(cell.read())]]);
    cell.subscribe(({ index }) => prints.set(index.version, print(index)));
    const readers: Reader[] = [];
    const kept: ShardexIndex[] = [];
    const firsts: number[] = [];
    for (let i = 0; i < 2000; i++) {
      if (i % 600 === 0) {
        firsts.push(cell.version);
        readers.push(await startReader(library, cell, `reader ${i}`));
      }
      change(cell, random, kept);
      if (i % 10 === 0) await setImmediate();
    }
    expect(await Promise.all(readers.map((reader) => reader.ask('waitFor', cell.version)))).toEqual(
      readers.map(() => print(cell.read())),
    );
    readers.forEach(({ seen }, r) => {
      const numbers = seen.map((text) => Number.parseInt(text));
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      expect(new Set(numbers).size).toBe(numbers.length);
      expect(numbers[0]).toBeGreaterThanOrEqual(firsts[r]);
      expect(numbers.length).toBeGreaterThan(50);
      for (const text of seen) expect(text).toBe(prints.get(Number.parseInt(text)));
    });
    for (const reader of readers) expect(await reader.ask('problems')).toEqual([]);
    cell.close();
    await Promise.all(readers.map(({ worker }) => worker.terminate()));
  },
);

test('old versions that are held in a thread stay as they are, and so does what it branches from', async () => {
  const random = seeded(2);
  const cell = new CowShardexIndex(createIndex(OPTIONS));
  for (let i = 0; i < 30; i++) change(cell, random);
  const reader = await startReader(library, cell, 'holder', false);
  const held: string[] = [];
  for (let round = 0; round < 12; round++) {
    held.push(await reader.ask('hold'));
    const before = await reader.ask('now');
    // It writes a branch of its own behind the very rows that this thread appends to meanwhile.
    const branch = reader.ask('branch');
    for (let i = 0; i < 60; i++) change(cell, random);
    expect(await branch).toMatch(/^\d+ /);
    expect(held).toContain(before);
    await reader.ask('waitFor', cell.version);
  }
  expect(await reader.ask('held')).toEqual(held);
  expect(await reader.ask('now')).toBe(print(cell.read()));
  await reader.worker.terminate();
});

test('threads that are killed at any moment leave nothing behind; others come in their place', async () => {
  const random = seeded(3);
  const cell = new CowShardexIndex(createIndex(OPTIONS));
  const readers = new Set<Reader>();
  for (let i = 0; i < 400; i++) {
    change(cell, random);
    if (readers.size < 3 && i % 20 === 0) readers.add(await startReader(library, cell, `reader ${i}`, false));
    if (i % 40 === 39) {
      const victim = pick(random, [...readers]);
      readers.delete(victim);
      if (integerBelow(random, 2) === 0) void victim.worker.terminate();
      else victim.service.close();
    }
  }
  for (const reader of readers) expect(await reader.ask('waitFor', cell.version)).toBe(print(cell.read()));
  await Promise.all([...readers].map(({ worker }) => worker.terminate()));
  await vi.waitFor(() => {
    for (const { service } of readers) expect(service.replicas).toEqual([]);
  });
  expect(cell.held().flatMap(({ pins }) => pins)).toEqual([]);
});

test('a thread that stands still is named as the holder of an old version', async () => {
  const cell = new CowShardexIndex(createIndex(OPTIONS));
  const random = seeded(4);
  for (let i = 0; i < 20; i++) change(cell, random);
  const reader = await startReader(library, cell, 'sleeper', false);
  await vi.waitFor(() => {
    expect(reader.service.replicas[0].version).toBe(cell.version);
  });
  const stood = cell.version;
  const standing = reader.ask('stand', 600);
  await setTimeout(50);
  for (let i = 0; i < 300; i++) {
    change(cell, random);
    await setImmediate();
  }
  const [oldest] = cell.held().filter(({ pins }) => pins.length > 0);
  expect([oldest.version, oldest.pins[0].label]).toEqual([stood, 'sleeper']);
  await standing;
  expect(await reader.ask('waitFor', cell.version)).toBe(print(cell.read()));
  await vi.waitFor(() => {
    expect(cell.held().flatMap(({ pins }) => pins)).toEqual([]);
  });
  await reader.worker.terminate();
});

describe('memory', () => {
  const bytes = (size: number): string => `${(size / 1e6).toFixed(1)} MB`;

  test(
    'stays flat over thousands of commits: blocks are freed in all threads',
    { timeout: 180_000 },
    async () => {
      const dimensions = 256;
      const cell = new CowShardexIndex(createIndex({ dimensions, metric: 'euclidean', shardCapacity: 64 }));
      const random = seeded(5);
      const vector = (): number[] => Array.from({ length: dimensions }, () => random());
      const commit = (): void => {
        cell.update((draft) => {
          for (let i = 0; i < 20; i++)
            draft.addPosting({ documentId: `d${integerBelow(random, 2000)}`, vector: vector() });
        });
      };
      const readers = await Promise.all(
        ['one', 'two'].map((name) => startReader(library, cell, name, false)),
      );
      // Of all threads, less their heaps: how large those are made for garbage is up to the platform.
      const settle = async (): Promise<{ outside: number; lines: string[] }> => {
        for (const reader of readers) await reader.ask('waitFor', cell.version);
        const memory = [];
        for (const reader of readers) memory.push(await reader.ask('memory'));
        await collectGarbage();
        const { rss, heapTotal } = process.memoryUsage();
        const heaps = memory.reduce((sum, reader) => sum + reader.heapTotal, heapTotal);
        const blocks = readers.map(({ service }) => service.replicas[0].blockCount);
        return {
          outside: rss - heaps,
          lines: memory.map(
            ({ arrayBuffers, oldVersions }, r) =>
              `${bytes(arrayBuffers)} in array buffers, ${oldVersions} old versions, ${blocks[r]} blocks`,
          ),
        };
      };
      const write = async (): Promise<void> => {
        for (let i = 0; i < 3000; i++) {
          commit();
          if (i % 20 === 0) await setImmediate();
          if (i % 500 === 0) for (const reader of readers) await reader.ask('waitFor', cell.version);
        }
      };
      // What the platform takes for itself it has taken after that: Node 24 has young generations that take long to fill.
      for (let round = 0; round < 4; round++) await write();
      const early = await settle();
      await write();
      const late = await settle();
      const live = [...cell.read().shards.values()].reduce((sum, { rows }) => sum + rows.segments.length, 0);
      for (const { service } of readers) {
        const [{ blockCount }] = service.replicas;
        // As many as the current version has, and those of a few that are about to go.
        expect(blockCount, late.lines.join('; ')).toBeLessThan(2 * live);
      }
      // Rebuilt shards apart; what processes take for themselves is in it.
      const growth = late.outside - early.outside;
      const written = 3000 * 20 * (4 * dimensions + 24);
      expect(growth, `${bytes(growth)} of ${bytes(written)} written`).toBeLessThan(written);
      await Promise.all(readers.map(({ worker }) => worker.terminate()));
    },
  );
});

test('a thread that fails is gone for its owner', async () => {
  const cell = new CowShardexIndex(createIndex(OPTIONS));
  const reader = await startReader(library, cell, 'failing', false);
  const failed = once(reader.worker, 'error');
  void reader.ask('fail').catch(() => undefined);
  await failed;
  await vi.waitFor(() => {
    expect(reader.service.isClosed).toBe(true);
  });
  expect(reader.service.replicas).toEqual([]);
});
