/* Followers: equal to the writer to the byte, and stopped where the history was replaced. On every kind of log. */

import { afterEach, describe, expect, test } from 'vitest';
import { CellClosedError, InvalidOptionError, openReplica, serveReplicas } from 'shardex';
import {
  type CommitLog,
  type Follower,
  type Store,
  LogFailedError,
  LogForkedError,
  NoBranchError,
  memoryLog,
  openFollower,
  openStore,
} from 'shardex/store';
import { rejectionOf } from '../support/thrown.js';
import { type LogKind, logKinds, temporaryFolder } from './support/logs.js';
import { numbers, vectorFrom, wholeBytes } from './support/versions.js';
import { asLog, copyOf, exchangeable, wrappedLog } from './support/wrapped-log.js';

const OPTIONS = { dimensions: 5, shardCapacity: 40, metric: 'cosine' } as const;
const folder = temporaryFolder();
const kinds = await logKinds(folder);
const opened: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function store(log: CommitLog): Promise<Store> {
  const one = await openStore(log, OPTIONS);
  opened.push(one);
  return one;
}

async function follower(log: CommitLog): Promise<Follower> {
  const one = await openFollower(log);
  opened.push(one);
  return one;
}

function add(to: Store, documentId: string, seed = documentId.length): Promise<{ readonly version: number }> {
  return to.update((draft) => {
    draft.addPosting({ documentId, vector: vectorFrom(numbers(seed)) });
  });
}

const soon = (): { readonly signal: AbortSignal } => ({ signal: AbortSignal.timeout(30_000) });

describe.each(kinds)('$name', ({ place }: LogKind) => {
  test('a follower has what is written, equal to the byte at each version', async () => {
    const open = place();
    const writer = await store(open());
    await add(writer, 'first');
    const one = await follower(open());
    expect(one.version).toBe(1);
    const bytes = new Map<number, Uint8Array>();
    one.subscribe(({ index }) => bytes.set(index.version, wholeBytes(index)));
    const next = numbers(3);
    const random = [];
    for (let i = 0; i < 25; i++) {
      // What a version becomes is up to numbers of its own.
      const seed = Math.floor(next() * 1e6);
      const commit = await writer.update((draft) => {
        const own = numbers(seed);
        for (let j = 0; j < 20; j++) {
          const documentId = `d${Math.floor(own() * 90)}`;
          if (own() < 0.3) draft.removeDocument(documentId);
          else draft.addPosting({ documentId, start: Math.floor(own() * 3), vector: vectorFrom(own) });
        }
      });
      random.push(commit.index);
      if (i === 12) await writer.checkpoint();
    }
    await one.waitFor(writer.version, soon());
    for (const index of random)
      expect(Buffer.compare(bytes.get(index.version) ?? new Uint8Array(), wholeBytes(index))).toBe(0);
    expect(one.metrics()).toMatchObject({ followed: 25, lag: 0 });
    expect(one.metrics().delayMs).toBeGreaterThanOrEqual(0);
    // From the checkpoint, and from its own past.
    const late = await follower(open());
    expect(Buffer.compare(wholeBytes(late.read()), wholeBytes(writer.read()))).toBe(0);
  });

  test('one that is far behind goes on from a checkpoint, if what it has led there', async () => {
    const open = place();
    const writer = await store(open());
    await add(writer, 'a');
    let isDeaf = true;
    const inner = open();
    const log = wrappedLog(inner, (name, call, args) => {
      if (!isDeaf || name !== 'changed') return call();
      return new Promise<void>((resolve) => {
        (args[1] as AbortSignal).addEventListener('abort', () => {
          resolve();
        });
      });
    });
    const one = await follower(asLog(log, inner));
    for (let i = 0; i < 12; i++) {
      await add(writer, `d${i}`, i);
      if (i % 4 === 3) await writer.checkpoint();
    }
    isDeaf = false;
    expect((await one.refresh()).version).toBe(13);
    expect(Buffer.compare(wholeBytes(one.read()), wholeBytes(writer.read()))).toBe(0);
    await add(writer, 'more');
    expect((await one.waitFor(14, soon())).documentCount).toBe(14);
  });

  test('a follower of a branch, and none where there is nothing to follow', async () => {
    const open = place();
    expect(await rejectionOf(openFollower(open()))).toBeInstanceOf(InvalidOptionError);
    expect((await rejectionOf(openFollower(open()))) as Error).toMatchObject({ option: 'pathOrLog' });
    const writer = await store(open());
    await add(writer, 'a');
    await writer.fork('b');
    const onBranch = await openStore(open(), { branch: 'b' });
    opened.push(onBranch);
    await add(onBranch, 'of the branch');
    const one = await openFollower(open(), { branch: 'b' });
    opened.push(one);
    expect([one.version, one.documentCount]).toEqual([2, 2]);
    expect(await rejectionOf(openFollower(open(), { branch: 'none' }))).toBeInstanceOf(NoBranchError);
    expect(await rejectionOf(openFollower(7 as unknown as string))).toBeInstanceOf(InvalidOptionError);
  });
});

test('replicas are served from it', async () => {
  const log = memoryLog();
  const writer = await store(log);
  await add(writer, 'a');
  const one = await follower(memoryLog(log));
  const { port1, port2 } = new MessageChannel();
  const service = serveReplicas(one, port1);
  const replica = await openReplica(port2);
  await add(writer, 'bb');
  expect((await replica.waitFor(2)).fingerprint).toBe(writer.read().fingerprint);
  replica.close();
  service.close();
  port1.close();
});

describe('a history that was replaced', () => {
  test.each([
    ['is shorter', 0],
    ['is as long', 1],
    ['is longer', 3],
  ])('and %s: it stops, keeps what it has, and begins anew on request', async (_, own) => {
    const memory = memoryLog();
    const { log, exchange } = exchangeable(memoryLog(memory));
    const writer = await store(memory);
    for (const id of ['a', 'bb', 'ccc']) await add(writer, id);
    const one = await follower(log);
    const waiting = rejectionOf(one.waitFor(99));
    const replaced = await copyOf(memoryLog(memory), 2);
    const other = await store(memoryLog(replaced));
    for (let i = 0; i < own; i++) await add(other, `${'y'.repeat(i)}other`);
    exchange(memoryLog(replaced));
    // It finds out by itself.
    const error = await waiting;
    expect(error).toBeInstanceOf(LogForkedError);
    expect(one.failure).toBe(error);
    expect(await rejectionOf(one.refresh())).toBe(error);
    expect(await rejectionOf(one.waitFor(98))).toBe(error);
    expect([one.version, one.documentCount, one.isClosed]).toEqual([3, 3, false]);
    // What is here already has come.
    expect((await one.waitFor(2)).version).toBe(3);
    const next = await one.rebuild();
    opened.push(next);
    expect(one.isClosed).toBe(true);
    expect(next.version).toBe(2 + own);
    expect(Buffer.compare(wholeBytes(next.read()), wholeBytes(other.read()))).toBe(0);
    await add(other, 'and on');
    expect((await next.waitFor(3 + own, soon())).documentCount).toBe(3 + own);
  });

  test('and whose entries are gone is known by its checkpoint', async () => {
    const memory = memoryLog();
    const { log, exchange } = exchangeable(memoryLog(memory));
    const writer = await store(memory);
    for (const id of ['a', 'bb', 'ccc']) await add(writer, id);
    const one = await follower(log);
    const replaced = await copyOf(memoryLog(memory), 2);
    const other = await store(memoryLog(replaced));
    for (let i = 0; i < 12; i++) {
      await add(other, `${'y'.repeat(i)}other`);
      if (i % 4 === 3) await other.checkpoint();
    }
    exchange(memoryLog(replaced));
    expect(await rejectionOf(one.refresh())).toMatchObject({ code: 'LOG_FORKED', version: 3 });
  });

  test('also ends the waiting of a store', async () => {
    const memory = memoryLog();
    const { log, exchange } = exchangeable(memoryLog(memory));
    const writer = await store(log);
    await add(writer, 'a');
    const waiting = rejectionOf(writer.waitFor(9));
    exchange(await copyOf(memoryLog(memory), 0).catch(() => memoryLog()));
    await rejectionOf(writer.refresh());
    expect(await waiting).toBeInstanceOf(LogForkedError);
    expect((await writer.waitFor(1)).version).toBe(1);
  });
});

test('a log that cannot be read for a while is read later', async () => {
  const memory = memoryLog();
  const writer = await store(memory);
  await add(writer, 'a');
  let failures = 0;
  let isDown = false;
  const inner = memoryLog(memory);
  const log = wrappedLog(inner, (name, call) => {
    if (!isDown || name !== 'head') return call();
    failures++;
    throw new LogFailedError('It is not there.', false);
  });
  const one = await follower(asLog(log, inner));
  isDown = true;
  expect(await rejectionOf(one.refresh())).toBeInstanceOf(LogFailedError);
  expect(one.failure).toBeUndefined();
  await add(writer, 'bb');
  while (failures < 3) await new Promise((resolve) => setTimeout(resolve, 10));
  isDown = false;
  expect((await one.waitFor(2, soon())).documentCount).toBe(2);
});

test('a follower that was closed waits for nothing, and can still be read', async () => {
  const log = memoryLog();
  const writer = await store(log);
  await add(writer, 'a');
  const one = await openFollower(memoryLog(log));
  const waiting = rejectionOf(one.waitFor(9));
  await one.close();
  await one.close();
  expect(await waiting).toBeInstanceOf(CellClosedError);
  expect(await rejectionOf(one.refresh())).toBeInstanceOf(CellClosedError);
  expect([one.version, one.failure]).toEqual([1, undefined]);
  await add(writer, 'bb');
  expect(one.version).toBe(1);
});

test('thousands of random changes: two followers agree with the writer wherever they meet', async () => {
  const log = memoryLog();
  const writer = await store(log);
  const followers = [await follower(memoryLog(log)), await follower(memoryLog(log))];
  for (let i = 0; i < 40; i++) {
    await writer.update((draft) => {
      const own = numbers(i);
      for (let j = 0; j < 100; j++) {
        const documentId = `e${Math.floor(own() * 400)}`;
        if (own() < 0.3) draft.removeDocument(documentId);
        else draft.addPosting({ documentId, vector: vectorFrom(own) });
      }
    });
    if (i % 9 === 8) await writer.checkpoint();
    if (i % 4 !== 3) continue;
    for (const one of followers) {
      await one.refresh();
      expect(one.version).toBe(writer.version);
      expect(Buffer.compare(wholeBytes(one.read()), wholeBytes(writer.read()))).toBe(0);
    }
  }
});
