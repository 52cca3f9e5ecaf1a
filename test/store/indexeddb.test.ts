/* What is particular to the log in IndexedDB; here on an implementation for tests, in `test/browser` in Chromium. */

import 'fake-indexeddb/auto';
import { forceCloseDatabase } from 'fake-indexeddb';
import { deleteDB, openDB } from 'idb';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { indexedDbLog } from 'shardex/indexeddb';
import * as everywhere from 'shardex/store';
import {
  type CommitLog,
  LogFailedError,
  LogFormatError,
  LogFullError,
  memoryLog,
  openStore,
} from 'shardex/store';
import * as page from '../../src/store/page.js';
import { rejectionOf } from '../support/thrown.js';
import { bytesOfVersion } from './support/log-contents.js';
import { numbers, vectorFrom } from './support/versions.js';

const settings = new Uint8Array([1]);
const OPTIONS = { dimensions: 5, shardCapacity: 40 } as const;
let names = 0;

afterEach(() => {
  vi.restoreAllMocks();
});

function newName(): string {
  return `particular ${++names}`;
}

/** The engine's own, whatever a test puts in its place. */
const transaction = Reflect.get<IDBDatabase, 'transaction'>(IDBDatabase.prototype, 'transaction');
const addRow = Reflect.get<IDBObjectStore, 'add'>(IDBObjectStore.prototype, 'add');

async function opened(name = newName()): Promise<CommitLog> {
  const log = indexedDbLog(name);
  await log.open(settings);
  return log;
}

function entry(version: number) {
  return { version, token: `t${version}`, bytes: bytesOfVersion(version) };
}

function add(store: everywhere.Store, documentId: string, token?: string) {
  return store.update(
    (draft) => {
      draft.addPosting({ documentId, vector: vectorFrom(numbers(documentId.length)) });
    },
    token === undefined ? {} : { token },
  );
}

/** Has the engine end the next transaction that adds something, for a reason of this name. */
function failNextAdd(name: string): void {
  const spy = vi.spyOn(IDBObjectStore.prototype, 'add');
  spy.mockImplementationOnce(function (this: IDBObjectStore, ...args) {
    const tx = this.transaction;
    Object.defineProperty(tx, 'error', {
      get: () => new DOMException('The disk is out of order.', name),
    });
    const request = addRow.apply(this, args);
    tx.abort();
    return request;
  });
}

/** Has who writes next hear that it was not completed, though it was. */
function denyNextWrite(): void {
  const spy = vi.spyOn(IDBDatabase.prototype, 'transaction');
  spy.mockImplementation(function (this: IDBDatabase, stores, mode, options) {
    const tx = transaction.call(this, stores, mode, options);
    if (mode !== 'readwrite') return tx;
    spy.mockRestore();
    const listen = tx.addEventListener.bind(tx) as (type: string, ...rest: unknown[]) => void;
    const others: Record<string, string> = { complete: 'never', abort: 'complete' };
    tx.addEventListener = (type: string, ...rest: unknown[]) => {
      listen(others[type] ?? type, ...rest);
    };
    return tx;
  });
}

async function read(log: CommitLog): Promise<everywhere.LoggedEntry[]> {
  const found: everywhere.LoggedEntry[] = [];
  for await (const batch of log.read(0)) found.push(...batch);
  return found;
}

describe('a log in IndexedDB', () => {
  test('asks for every write to be handed to the disk', async () => {
    const asked: unknown[] = [];
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (
      this: IDBDatabase,
      names,
      mode,
      options,
    ) {
      if (mode === 'readwrite') asked.push(options?.durability);
      return transaction.call(this, names, mode, options);
    });
    const log = await opened();
    await log.append(undefined, [entry(1), entry(2)]);
    await log.putChunk('c', settings);
    await log.commitCheckpoint({ version: 2, token: 't2', manifest: settings, chunks: ['c'] });
    await log.trim(2);
    await log.putNote('n', settings);
    await log.fork('b', { version: 2, token: 't2' });
    await log.dropBranch('b');
    await log.close();
    expect(asked).toEqual(Array.from({ length: 8 }, () => 'strict'));
  });

  test('stores the bytes it is given, not the memory around them, and takes shared memory', async () => {
    const name = newName();
    const log = await opened(name);
    const shared = new Uint8Array(new SharedArrayBuffer(8)).fill(5);
    await log.append(undefined, [
      { version: 1, token: 'a', bytes: new Uint8Array(100_000).subarray(7, 17) },
      { version: 2, token: 'b', bytes: shared },
    ]);
    const [first, second] = await read(log);
    expect(first.bytes.buffer.byteLength).toBe(10);
    expect(second.bytes).toEqual(new Uint8Array(8).fill(5));
    await log.close();
  });

  test.each([
    ['QuotaExceededError', LogFullError, /navigator\.storage/],
    ['UnknownError', LogFailedError, /out of order/],
  ] as const)(
    'says what went wrong (%s); nothing is written, and the store goes on',
    async (name, kind, text) => {
      const store = await openStore(indexedDbLog(newName()), OPTIONS);
      await add(store, 'a');
      failNextAdd(name);
      const error = await rejectionOf(add(store, 'bb'));
      expect(error).toBeInstanceOf(kind);
      expect(String(error)).toMatch(text);
      await add(store, 'ccc');
      expect([store.version, store.documentCount]).toEqual([2, 2]);
      await store.close();
    },
  );

  test('is asked what became of a commit that it has not acknowledged: each write is there once', async () => {
    const name = newName();
    const store = await openStore(indexedDbLog(name), OPTIONS);
    await add(store, 'a');
    denyNextWrite();
    expect((await add(store, 'bb', 'mine')).isEmpty).toBe(false);
    await add(store, 'ccc');
    expect([store.version, store.documentCount]).toEqual([3, 3]);
    await store.close();
    const again = await openStore(indexedDbLog(name));
    expect([again.version, again.documentCount]).toEqual([3, 3]);
    expect(await again.outcome('mine')).toEqual({ version: 2 });
    await again.close();
  });

  test('connects again where the browser has ended the connection', async () => {
    const name = newName();
    const connections: IDBDatabase[] = [];
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (this: IDBDatabase, ...args) {
      connections.push(this);
      return transaction.apply(this, args);
    });
    const log = await opened(name);
    await log.append(undefined, [entry(1)]);
    const [first] = connections;
    forceCloseDatabase(first as unknown as Parameters<typeof forceCloseDatabase>[0]);
    expect((await log.append({ version: 1, token: 't1' }, [entry(2)])).head).toBeDefined();
    expect(connections.at(-1)).not.toBe(first);
    await log.close();
  });

  test('does not keep others from deleting it, and is not made anew by who had it open', async () => {
    const name = newName();
    const log = await opened(name);
    await log.append(undefined, [entry(1)]);
    let isBlocked = false;
    await deleteDB(name, {
      blocked: () => {
        isBlocked = true;
      },
    });
    expect(isBlocked).toBe(false);
    const error = await rejectionOf(log.head());
    expect(error).toBeInstanceOf(LogFailedError);
    expect(String(error)).toMatch(/was deleted/);
    expect((await indexedDB.databases()).map((one) => one.name)).not.toContain(name);
    await log.close();
    // Another one may make it.
    expect((await indexedDbLog(name).open(settings)).head).toBeUndefined();
  });

  test('refuses a database of something else, and one of a later format', async () => {
    const other = newName();
    (await openDB(other, 1, { upgrade: (db) => void db.createObjectStore('things') })).close();
    expect(await rejectionOf(indexedDbLog(other).open(settings))).toBeInstanceOf(LogFormatError);
    const later = newName();
    (await openDB(later, 99)).close();
    const error = await rejectionOf(indexedDbLog(later).open(settings));
    expect(error).toBeInstanceOf(LogFormatError);
    expect(String(error)).toMatch(/later version/);
  });

  test.each([
    ['an entry in the middle is gone', 'entry', [1, 2]],
    ['entries are of no branch', 'branch', 1],
  ])('where %s, it is not opened', async (_, store, key) => {
    const name = newName();
    const log = await opened(name);
    await log.append(undefined, [entry(1), entry(2), entry(3)]);
    await log.close();
    const db = await openDB(name);
    await db.delete(store, key);
    db.close();
    expect(await rejectionOf(indexedDbLog(name).open(settings))).toMatchObject({ code: 'LOG_CORRUPT' });
  });

  test('an entry that was changed is refused by its version', async () => {
    const name = newName();
    const log = await opened(name);
    await log.append(undefined, [entry(1), entry(2), entry(3)]);
    const db = await openDB(name);
    const row = (await db.get('entry', [1, 2])) as { bytes: Uint8Array };
    row.bytes[5] ^= 1;
    await db.put('entry', row);
    db.close();
    expect(await rejectionOf(read(log))).toMatchObject({
      code: 'LOG_CORRUPT',
      version: 2,
    });
    await log.close();
  });

  test.each([true, false])(
    'tells others of one site what it wrote (by broadcast: %s)',
    async (hasChannel) => {
      if (!hasChannel) vi.stubGlobal('BroadcastChannel', undefined);
      const name = newName();
      const [one, two] = [await opened(name), await opened(name)];
      // Where hints come, nobody looks: time stands still.
      if (hasChannel) vi.useFakeTimers({ toFake: ['setTimeout'] });
      const patience = AbortSignal.timeout(20_000);
      const waiting = two.changed?.(0, patience);
      await one.append(undefined, [entry(1)]);
      await waiting;
      vi.useRealTimers();
      expect(patience.aborted).toBe(false);
      expect(await two.head()).toMatchObject({ version: 1 });
      const aborted = new AbortController();
      const forNothing = two.changed?.(1, aborted.signal);
      aborted.abort();
      await forNothing;
      await Promise.all([one.close(), two.close()]);
      vi.unstubAllGlobals();
    },
  );

  test('says so where there is no IndexedDB', async () => {
    vi.stubGlobal('indexedDB', undefined);
    const error = await rejectionOf(indexedDbLog(newName()).open(settings));
    vi.unstubAllGlobals();
    expect(error).toMatchObject({ code: 'LOG_FAILED', isUnknown: false });
    expect(String(error)).toMatch(/no IndexedDB/);
  });
});

describe('the store for pages', () => {
  test('has the same names as that for Node', () => {
    expect(Object.keys(page).sort()).toEqual(Object.keys(everywhere).sort());
  });

  test('opens logs, and says what to use instead of a file', async () => {
    const store = await page.openStore(memoryLog(), OPTIONS);
    await store.close();
    for (const refused of [
      await rejectionOf(page.openStore('./notes.db', OPTIONS)),
      await rejectionOf(Promise.resolve().then(() => page.sqliteLog({ path: './notes.db' }))),
    ]) {
      expect(refused).toMatchObject({ code: 'NO_SQLITE' });
      expect(String(refused)).toMatch(/indexedDbLog/);
    }
  });
});
