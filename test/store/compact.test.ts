/* Compacting a store: what lies on the disk afterwards, and that nothing is lost, whoever else has the file open. */

import { readdirSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Posting, postings } from 'shardex';
import { type CommitLog, type Store, memoryLog, openStore, sqliteLog } from 'shardex/store';
import { sqliteDrivers, temporaryFolder } from './support/logs.js';
import { numbers, wholeBytes } from './support/versions.js';
import { wrappedLog, asLog } from './support/wrapped-log.js';

const DIMENSIONS = 2048;
const ROWS = 1500;
const TEXT = 'what it is about, at length. '.repeat(20);
const folder = temporaryFolder();

function* some(from: number, to: number, seed = from): Generator<Posting> {
  const next = numbers(seed);
  for (let i = from; i < to; i++)
    yield { documentId: `d${i}`, vector: Float32Array.from({ length: DIMENSIONS }, () => next() - 0.5) };
}

/** A store of which most was written more than once, in a file with room to spare. */
async function wornStore(log: CommitLog): Promise<Store> {
  const store = await openStore(log, { dimensions: DIMENSIONS });
  for (let round = 0; round < 2; round++) {
    await store.ingest(some(0, ROWS, round));
    await store.checkpoint();
    await store.update((draft) => {
      for (let i = round; i < ROWS; i += 6) draft.removeDocument(`d${i}`);
      for (let i = ROWS; i < ROWS + 200; i++) draft.putDocument(`d${i}`, { text: `${i} ${TEXT}` });
    });
  }
  return store;
}

/** Bytes of the files of a log. */
function sizeOf(path: string): number {
  const name = path.slice(folder().length + 1);
  return readdirSync(folder())
    .filter((file) => file.startsWith(name))
    .reduce((sum, file) => sum + statSync(`${folder()}/${file}`).size, 0);
}

/** Bytes of what a store holds: vectors, ids and texts. */
function bytesOf(store: Store): number {
  let bytes = store.read().recordBytes / 2;
  for (const { documentId, vector } of postings(store.read()))
    bytes += documentId.length + 4 * vector.length + 8;
  return bytes;
}

describe.each(await sqliteDrivers())('%s', (name, driver) => {
  const at = (what: string): string => `${folder()}/${what}-${name.replace(/\W/g, '')}.db`;

  test('a file that is compacted is hardly larger than what it holds', async () => {
    const path = at('small');
    const store = await wornStore(sqliteLog({ path, driver }));
    const [bytes, before] = [wholeBytes(store.read()), bytesOf(store)];
    expect(sizeOf(path)).toBeGreaterThan(1.5 * before);
    await store.compact();
    await store.close();
    expect(sizeOf(path)).toBeLessThan(1.15 * before);
    const again = await openStore(sqliteLog({ path, driver }));
    expect(Buffer.compare(wholeBytes(again.read()), bytes)).toBe(0);
    await again.close();
  });

  test('a file of before it could shrink by steps is made smaller, too', async () => {
    const path = at('old');
    const old = new driver(path);
    old.exec('PRAGMA page_size = 65536; PRAGMA auto_vacuum = NONE; VACUUM');
    old.close();
    const store = await wornStore(sqliteLog({ path, driver }));
    const before = bytesOf(store);
    await store.compact();
    await store.close();
    expect(sizeOf(path)).toBeLessThan(1.15 * before);
  });

  test('the newest commit need not be kept beside a checkpoint of it, as after one large ingest', async () => {
    const path = at('one');
    const store = await openStore(sqliteLog({ path, driver }), { dimensions: DIMENSIONS });
    const behind = await openStore(sqliteLog({ path, driver }));
    await store.ingest(some(0, ROWS));
    const [bytes, held] = [wholeBytes(store.read()), bytesOf(store)];
    await store.compact();
    await behind.refresh();
    expect(Buffer.compare(wholeBytes(behind.read()), bytes)).toBe(0);
    await behind.ingest(some(ROWS, ROWS + 1));
    await behind.close();
    await store.refresh();
    await store.close();
    expect(sizeOf(path)).toBeLessThan(1.15 * held);
    const again = await openStore(sqliteLog({ path, driver }));
    expect([again.version, again.documentCount]).toEqual([2, ROWS + 1]);
    await again.close();
  });

  test('what is known of a commit stays, and what it undoes', async () => {
    const path = at('known');
    const store = await openStore(sqliteLog({ path, driver }), {
      dimensions: DIMENSIONS,
      keep: { versions: 10 },
    });
    await store.ingest(some(0, 5));
    const message = 'x'.repeat(3000);
    await store.update((draft) => void draft.removeDocument('d0'), { author: 'me', message });
    await store.undo();
    const log = await store.log();
    await store.compact();
    await store.close();
    const again = await openStore(sqliteLog({ path, driver }));
    const left = await again.log();
    expect(left.map(({ version }) => version)).toEqual([3, 2, 1]);
    expect(left.map(({ author, time }) => [author, time])).toEqual(
      log.map(({ author, time }) => [author, time]),
    );
    expect(left[1].message).toBe(message);
    await again.redo();
    expect(again.documentCount).toBe(4);
    await again.close();
  });

  test('others go on meanwhile: those who write, those who are behind, and what is tagged', async () => {
    const path = at('shared');
    const store = await wornStore(sqliteLog({ path, driver }));
    await store.tag('before');
    const tagged = wholeBytes(store.read());
    const behind = await openStore(sqliteLog({ path, driver }));
    const other = await openStore(sqliteLog({ path, driver }));
    await store.update((draft) => {
      draft.removeDocument('d2');
    });
    const done = { isDone: false };
    const compacting = store.compact().finally(() => {
      done.isDone = true;
    });
    let written = 0;
    while (!done.isDone || written < 5) {
      await other.ingest(some(ROWS + 1000 + written, ROWS + 1001 + written));
      written++;
    }
    await compacting;
    await store.refresh();
    await behind.refresh();
    const bytes = wholeBytes(other.read());
    for (const one of [store, behind]) expect(Buffer.compare(wholeBytes(one.read()), bytes)).toBe(0);
    for (const one of [store, behind, other]) await one.close();
    const again = await openStore(sqliteLog({ path, driver }));
    expect(Buffer.compare(wholeBytes(again.read()), bytes)).toBe(0);
    expect(Buffer.compare(wholeBytes(await again.load('before')), tagged)).toBe(0);
    await again.close();
  });
});

test('a log without a way to shrink drops what a checkpoint has replaced', async () => {
  const log = memoryLog();
  const store = await openStore(log, { dimensions: 2, shardCapacity: 8 });
  await store.compact();
  for (let i = 0; i < 40; i++)
    await store.update((draft) => {
      draft.addPosting({ documentId: `d${i % 20}`, vector: [i, 1] });
    });
  await store.compact();
  await store.compact();
  const checkpoint = await log.latestCheckpoint();
  const before = await log.latestCheckpoint(39);
  expect([checkpoint?.version, checkpoint?.chunks.length, before]).toEqual([40, 1, undefined]);
  let entries = 0;
  for await (const batch of log.read(39)) entries += batch.length;
  expect(entries).toBe(1);
  const again = await openStore(memoryLog(log));
  expect(Buffer.compare(wholeBytes(again.read()), wholeBytes(store.read()))).toBe(0);
});

test('what the log fails with is told, and the store goes on', async () => {
  const inner = memoryLog();
  let isFull = true;
  const log = wrappedLog(inner, (name, call) => {
    if (name === 'trim' && isFull) return Promise.reject(new Error('no room'));
    return call();
  });
  const store = await openStore(asLog(log, inner), { dimensions: 1 });
  const add = (documentId: string): Promise<unknown> =>
    store.update((draft) => {
      draft.addPosting({ documentId, vector: [1] });
    });
  await add('a');
  await expect(store.compact()).rejects.toThrow('no room');
  await add('b');
  isFull = false;
  await store.compact();
  expect((await openStore(memoryLog(inner))).documentCount).toBe(2);
});
