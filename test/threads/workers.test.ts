import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CowShardexIndex, type RowBlock, type ShardexIndex, createIndex } from 'shardex';
import { survivors } from '../support/garbage.js';
import { integerBelow, pick, seeded } from '../support/random.js';
import { eventually, until } from '../support/until.js';
import { built } from './support/built.js';
import { OPTIONS, change } from './support/changes.js';
import { print } from './support/print.js';
import { type Reader, startReader } from './support/reader.js';

const library = built('reader');

function blocksOf({ shards }: ShardexIndex): Set<RowBlock> {
  return new Set([...shards.values()].flatMap(({ rows }) => rows.segments.map(({ block }) => block)));
}

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
  await eventually(() => {
    for (const { service } of readers) expect(service.replicas).toEqual([]);
  });
  expect(cell.held().flatMap(({ pins }) => pins)).toEqual([]);
});

test('a thread that stands still is named as the holder of an old version', async () => {
  const cell = new CowShardexIndex(createIndex(OPTIONS));
  const random = seeded(4);
  for (let i = 0; i < 20; i++) change(cell, random);
  const reader = await startReader(library, cell, 'sleeper', false);
  await eventually(() => {
    expect(reader.service.replicas[0].version).toBe(cell.version);
  });
  const stood = cell.version;
  const gate = new Int32Array(new SharedArrayBuffer(8));
  const standing = reader.ask('stand', gate);
  await until(() => Atomics.load(gate, 0) === 1);
  for (let i = 0; i < 300; i++) {
    change(cell, random);
    await setImmediate();
  }
  const [oldest] = cell.held().filter(({ pins }) => pins.length > 0);
  expect([oldest.version, oldest.pins[0].label]).toEqual([stood, 'sleeper']);
  Atomics.store(gate, 1, 1);
  Atomics.notify(gate, 1);
  await standing;
  expect(await reader.ask('waitFor', cell.version)).toBe(print(cell.read()));
  await eventually(() => {
    expect(cell.held().flatMap(({ pins }) => pins)).toEqual([]);
  });
  await reader.worker.terminate();
});

test('blocks that no version has any more are freed in all threads, over many commits', async () => {
  const cell = new CowShardexIndex(createIndex({ ...OPTIONS, shardCapacity: 64 }));
  const random = seeded(5);
  const vector = (): number[] => Array.from({ length: OPTIONS.dimensions }, () => random());
  const write = async (): Promise<void> => {
    for (let i = 0; i < 300; i++) {
      cell.update((draft) => {
        for (let j = 0; j < 20; j++)
          draft.addPosting({ documentId: `d${integerBelow(random, 1000)}`, vector: vector() });
      });
      if (i % 20 === 0) await setImmediate();
    }
  };
  const readers = await Promise.all(['one', 'two'].map((name) => startReader(library, cell, name, false)));
  await write();
  const early = [...blocksOf(cell.read())].map((block) => new WeakRef(block));
  for (let round = 0; round < 4; round++) await write();
  for (const { ask, service } of readers) {
    await ask('waitFor', cell.version);
    const live = blocksOf(cell.read()).size;
    // Its collector has several rounds to go, and what it says of them takes its time.
    for (let left = Infinity; left > live; left = service.replicas[0].blockCount)
      expect(await ask('collect')).toBeLessThan(5);
  }
  const current = blocksOf(cell.read());
  const stays = early.filter((ref) => current.has(ref.deref() as RowBlock)).length;
  expect(stays).toBeLessThan(early.length);
  expect(await survivors(early)).toBe(stays);
  await Promise.all(readers.map(({ worker }) => worker.terminate()));
});

test('a thread that fails is gone for its owner', async () => {
  const cell = new CowShardexIndex(createIndex(OPTIONS));
  const reader = await startReader(library, cell, 'failing', false);
  const failed = once(reader.worker, 'error');
  void reader.ask('fail').catch(() => undefined);
  await failed;
  await eventually(() => {
    expect(reader.service.isClosed).toBe(true);
  });
  expect(reader.service.replicas).toEqual([]);
});
