/* Versions for the explorer: of a cell, of a log, of two branches; had so that they share what did not change. */

import { expect, test } from 'vitest';
import { diff } from 'shardex';
import { memoryLog, openStore } from 'shardex/store';
import { changesOf, historyOf } from '../../src/explore/api/history.js';
import { overviewOf } from '../../src/explore/api/overview.js';
import { sharingOf } from '../../src/explore/api/sharing.js';
import { Versions, commonVersion } from '../../src/explore/versions.js';
import { DIMENSIONS, newCell, newStore, vectors } from './support.js';

test('two versions of a log share what did not change between them', async () => {
  const store = await newStore();
  const versions = new Versions(store);
  for (const [shown, against] of [
    [{ version: 11 }, { version: 9 }],
    [{ version: 9 }, { version: 11 }],
    [{}, { version: 10 }],
    [{ branch: 'draft', version: 9 }, { version: 10 }],
    [{ version: 10 }, { branch: 'draft', version: 9 }],
    [
      { branch: 'draft', version: 9 },
      { branch: 'main', version: 7 },
    ],
  ] as const) {
    const pair = await versions.pair(shown, against);
    expect(pair.isComparable).toBe(true);
    const { version, branch = 'main' } = shown;
    const alone = await (await versions.on(branch))?.load(version ?? 12);
    expect(pair.shown.fingerprint).toBe(alone?.fingerprint);
    const { counts } = sharingOf(pair.shown, pair.against ?? pair.shown);
    expect(counts.shared, JSON.stringify([shown, against])).toBeGreaterThan(0);
    expect(counts.changed + counts.new).toBeLessThan(pair.shown.shardCount);
  }
  await versions.close();
  await store.close();
});

test('versions that the log does not lead to are told apart from those that share nothing', async () => {
  const log = memoryLog();
  const next = vectors(4);
  const store = await openStore(log, { dimensions: DIMENSIONS });
  const add = (documentId: string) =>
    store.update((draft) => {
      draft.addPosting({ documentId, vector: next() });
    });
  await add('a');
  await store.tag('old');
  for (const id of ['b', 'c', 'd']) await add(id);
  await store.compact();
  await store.close();
  const again = await openStore(memoryLog(log));
  const versions = new Versions(again);
  const pair = await versions.pair({}, { version: 1 });
  expect([pair.shown.version, pair.against?.version, pair.isComparable]).toEqual([4, 1, false]);
  await expect(versions.find({ version: 2 })).rejects.toThrow('gone');
  await versions.close();
  await again.close();
});

test('versions of a cell that nothing else keeps stay while the page looks at them, and are let go of', async () => {
  const cell = newCell().fork();
  const versions = new Versions(cell);
  const start = cell.version;
  await versions.find({});
  const next = vectors(5);
  for (let i = 0; i < 10; i++)
    cell.update((draft) => {
      draft.addPosting({ documentId: `n${i}`, vector: next() });
    });
  expect((await versions.pair({}, { version: start })).against?.version).toBe(start);
  expect(
    cell
      .held()
      .find(({ version }) => version === start)
      ?.pins.map(({ label }) => label),
  ).toEqual(['explorer']);
  expect(() => cell.at(start + 1)).toThrow();
  await versions.close();
  expect(() => cell.at(start)).toThrow();
});

test('the history of a store is its log, with what each version changed', async () => {
  const store = await newStore();
  const versions = new Versions(store);
  const { versions: listed, hasMore } = await historyOf(versions, { limit: 5 });
  const log = await store.log({ limit: 5 });
  expect(hasMore).toBe(true);
  const inMemory = store.versions();
  expect(listed).toEqual(log.map((entry) => ({ ...entry, isInMemory: inMemory.includes(entry.version) })));
  expect(listed[0]).toMatchObject({ version: 12, author: 'ann', message: 'change 12', tags: ['ten'] });
  const numbers = listed.map(({ version }) => version);
  const changes = await changesOf(versions, undefined, numbers);
  for (const { version, since, added, removed, updated, records } of changes) {
    const delta = diff(
      await store.load(since),
      await store.load(version, { since: await store.load(since) }),
    );
    expect([added, removed, updated, records]).toEqual([
      ...[delta.added.length, delta.removed.length, delta.updated.length, delta.records.length],
    ]);
    expect(added).toBe(3);
  }
  expect(changes.map(({ version }) => version)).toEqual(numbers.slice(0, -1));
  const onDraft = await historyOf(versions, { branch: 'draft', limit: 2 });
  expect(onDraft.versions.map(({ version }) => version)).toEqual([9, 8]);
  await versions.close();
  await store.close();
});

test('the history of a cell is what it keeps', async () => {
  const cell = newCell();
  cell.tag('start', 1);
  const versions = new Versions(cell);
  const { versions: listed, hasMore } = await historyOf(versions, { limit: 3 });
  expect(listed.map(({ version, tags }) => [version, tags])).toEqual([
    [3, []],
    [2, []],
    [1, ['start']],
  ]);
  expect(hasMore).toBe(true);
  expect(await changesOf(versions, undefined, [3, 2, 1])).toEqual([
    { version: 3, since: 2, added: 40, removed: 0, updated: 0, records: 0 },
    { version: 2, since: 1, added: 1, removed: 1, updated: 0, records: 2 },
  ]);
  expect(await overviewOf(versions, false)).toMatchObject({
    ...{ kind: 'cell', version: 3, branches: [], mayWrite: false },
    tags: [{ name: 'start', version: 1 }],
  });
  await expect(versions.on('draft')).rejects.toThrow('no branches');
  await versions.close();
});

test('the newest version that two branches have in common', () => {
  const branch = (name: string, start?: { branch: string; version: number }) => ({
    ...{ name, version: 99, start, isCurrent: name === 'main' },
  });
  const branches = [
    branch('main'),
    branch('a', { branch: 'main', version: 8 }),
    branch('b', { branch: 'a', version: 12 }),
    branch('c', { branch: 'main', version: 5 }),
  ];
  const common = (one: [string | undefined, number], other: [string | undefined, number]) =>
    commonVersion(branches, [{ branch: one[0] }, one[1]], [{ branch: other[0] }, other[1]]);
  expect(common([undefined, 20], ['a', 11])).toBe(8);
  expect(common([undefined, 3], ['a', 11])).toBe(3);
  expect(common(['b', 14], ['a', 20])).toBe(12);
  expect(common(['b', 14], ['c', 7])).toBe(5);
  expect(common(['b', 7], ['main', 20])).toBe(7);
});
