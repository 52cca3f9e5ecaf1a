/* A log that fails under a store: what was acknowledged stays, what is not known is told as not known. */

import { describe, expect, test } from 'vitest';
import { ConflictError, type ShardexError, postings } from 'shardex';
import type { CorruptLogError } from 'shardex/store';
import {
  type CommitLog,
  CommitUnknownError,
  LogBusyError,
  LogFailedError,
  LogForkedError,
  LogFullError,
  type Store,
  UnansweredError,
  memoryLog,
  openStore,
} from 'shardex/store';
import { rejectionOf } from '../support/thrown.js';
import { asLog, copyOf, exchangeable, gated, withAppend, wrappedLog } from './support/wrapped-log.js';
import { numbers, vectorFrom, wholeBytes } from './support/versions.js';

const OPTIONS = { dimensions: 5, shardCapacity: 40 } as const;

function add(store: Store, documentId: string, token?: string): ReturnType<Store['update']> {
  return store.update(
    (draft) => {
      draft.addPosting({ documentId, vector: vectorFrom(numbers(documentId.length)) });
    },
    token === undefined ? {} : { token },
  );
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

test('a full disk refuses what waits, and what comes after goes on from what is durable', async () => {
  const memory = memoryLog();
  let isFull = false;
  const { log: gate, go } = gated(memory);
  const log = withAppend(gate, async (call) => {
    const answer = call();
    if (!isFull) return answer;
    await Promise.resolve();
    throw new LogFullError('There is no room.');
  });
  const store = await openStore(log, OPTIONS);
  const first = add(store, 'a');
  await turn();
  await go();
  await first;
  isFull = true;
  const refused = [add(store, 'b'), add(store, 'c')];
  const errors = await Promise.all(refused.map((write) => rejectionOf(write)));
  for (const error of errors) expect(error).toBeInstanceOf(LogFullError);
  expect([store.version, store.documentCount, store.cloneForWrite().base.version]).toEqual([1, 1, 1]);
  isFull = false;
  // The gate still holds the appends that were refused above; nothing of them may come through.
  await store.close();
  expect((await openStore(memoryLog(memory))).version).toBe(1);
});

test('a writer that was made from what the log refused commits on top of what is there', async () => {
  const memory = memoryLog();
  let fails = 1;
  const log = withAppend(memory, (call) =>
    fails-- > 0 ? Promise.reject(new LogFullError('There is no room.')) : call(),
  );
  const store = await openStore(log, OPTIONS);
  const refused = add(store, 'lost');
  const writer = store.cloneForWrite();
  writer.addPosting({ documentId: 'mine', vector: vectorFrom(numbers(1)) });
  const other = store.cloneForWrite();
  other.removeDocument('lost');
  expect(await rejectionOf(refused)).toBeInstanceOf(LogFullError);
  expect((await writer.commitChanges()).version).toBe(1);
  expect(store.documentCount).toBe(1);
  expect(await rejectionOf(other.commitChanges())).toBeInstanceOf(ConflictError);
  await add(store, 'more');
  await store.close();
  const again = await openStore(memoryLog(memory));
  expect([again.version, again.documentCount]).toEqual([2, 2]);
});

describe.each([true, false])('a log that fails while it writes (and %s: it was written)', (isWritten) => {
  test('says so, is not written to again, and tells after reopening what became of it', async () => {
    const memory = memoryLog();
    let isBroken = false;
    let appends = 0;
    const log = withAppend(memory, async (call) => {
      appends++;
      if (!isBroken) return call();
      if (isWritten) await call();
      throw new LogFailedError('The disk is out of order.', true);
    });
    const store = await openStore(log, OPTIONS);
    await add(store, 'a');
    isBroken = true;
    const writing = add(store, 'b', 'token b');
    await Promise.resolve();
    await Promise.resolve();
    const waiting = add(store, 'c', 'token c');
    const error = await rejectionOf(writing);
    expect(error).toBeInstanceOf(CommitUnknownError);
    expect(error).toMatchObject({ code: 'COMMIT_UNKNOWN', token: 'token b', name: 'CommitUnknownError' });
    const told = (await rejectionOf(waiting)) as ShardexError;
    expect(['COMMIT_UNKNOWN', 'LOG_FAILED']).toContain(told.code);
    const before = appends;
    isBroken = false;
    expect(await rejectionOf(add(store, 'd'))).toBeInstanceOf(LogFailedError);
    expect(await rejectionOf(store.refresh())).toBeInstanceOf(LogFailedError);
    expect(appends).toBe(before);
    // Reading goes on.
    expect([store.version, store.read().documentCount]).toEqual([1, 1]);
    await store.close();
    const again = await openStore(memoryLog(memory));
    const b = await again.outcome('token b');
    expect(b !== undefined).toBe(isWritten);
    expect(again.read().documentCount).toBe(
      1 + [b, await again.outcome('token c')].filter((one) => one !== undefined).length,
    );
    await add(again, 'b', 'token b');
    expect(again.read().documentCount).toBeGreaterThanOrEqual(2);
    await again.close();
  });
});

describe('a log that does not answer', () => {
  test('is asked what became of it: each write is there once', async () => {
    const memory = memoryLog();
    let calls = 0;
    const log = withAppend(memory, async (call) => {
      calls++;
      // Before, after, and twice in a row.
      if (calls % 5 === 1) throw new UnansweredError('The line was cut.');
      if (calls % 5 === 3 || calls % 5 === 4) {
        await call();
        throw new UnansweredError('The line was cut.');
      }
      return call();
    });
    const store = await openStore(log, OPTIONS);
    // Each has the commit that it made, not the news that somebody did.
    for (let i = 0; i < 40; i++) expect((await add(store, `${'x'.repeat(i)}1`)).isEmpty).toBe(false);
    await Promise.all(Array.from({ length: 20 }, (_, i) => add(store, `${'x'.repeat(i)}2`)));
    expect([store.version, store.documentCount]).toEqual([60, 60]);
    await store.close();
    const again = await openStore(memoryLog(memory));
    expect([again.version, again.documentCount]).toEqual([60, 60]);
  }, 60_000);

  test('and whose answer was that another one came first: what waits is made again', async () => {
    const memory = memoryLog();
    const other = await openStore(memory, OPTIONS);
    let isCut = true;
    const log = withAppend(memoryLog(memory), async (call) => {
      if (!isCut) return call();
      isCut = false;
      await add(other, 'other');
      throw new UnansweredError('The line was cut.');
    });
    const store = await openStore(log);
    const { version } = await add(store, 'mine!');
    expect([version, store.documentCount]).toEqual([2, 2]);
  });

  test('for good: the write is told as unknown', async () => {
    const log = withAppend(memoryLog(), () => Promise.reject(new UnansweredError('The line was cut.')));
    const store = await openStore(log, OPTIONS);
    expect(await rejectionOf(add(store, 'a', 'lost'))).toMatchObject({
      code: 'COMMIT_UNKNOWN',
      token: 'lost',
    });
  }, 30_000);

  test.each([
    new LogFailedError('There is no line any more.', false),
    new LogBusyError('Somebody else is at it.'),
    new LogFullError('There is no room.'),
  ])('and cannot be asked any more ($name): unknown, not failed, as it may be there', async (later) => {
    const memory = memoryLog();
    let isCut = false;
    const wrapped = wrappedLog(memoryLog(memory), async (name, call) => {
      if (isCut && name === 'append') throw later;
      if (name !== 'append') return call();
      isCut = true;
      await call();
      throw new UnansweredError('The line was cut.');
    });
    const store = await openStore(asLog(wrapped, memoryLog()), OPTIONS);
    expect(await rejectionOf(add(store, 'a', 'lost'))).toMatchObject({
      code: 'COMMIT_UNKNOWN',
      token: 'lost',
    });
    const again = await openStore(memoryLog(memory));
    expect(await again.outcome('lost')).toEqual({ version: 1 });
  });
});

describe('a log that others go on with while it is being read', () => {
  /**
   * A log at which, right after a call of this name, others write something else and make checkpoints, so that what was
   * read of the log is gone; so many times. `made` ends with what they wrote.
   */
  async function hastened(
    call: 'latestCheckpoint' | 'chunk',
    times: number,
  ): Promise<{ readonly log: CommitLog; readonly made: () => Promise<Uint8Array> }> {
    const memory = memoryLog();
    const others = await openStore(memory, OPTIONS);
    let seed = 0;
    const goOn = async (): Promise<void> => {
      await others.update((draft) => {
        for (const { documentId } of postings(others.read())) draft.removeDocument(documentId);
        const next = numbers(++seed);
        for (let i = 0; i < 60; i++)
          draft.addPosting({ documentId: `${seed} ${i}`, vector: vectorFrom(next) });
      });
      await others.checkpoint();
    };
    for (let i = 0; i < 3; i++) await goOn();
    let left = times;
    const log = wrappedLog(memoryLog(memory), async (name, read) => {
      if (name === 'chunk' && call === 'chunk' && left-- > 0) for (let i = 0; i < 3; i++) await goOn();
      const result = await read();
      if (name === call && call !== 'chunk' && left-- > 0) for (let i = 0; i < 3; i++) await goOn();
      return result;
    });
    return {
      log: asLog(log, memoryLog(memory)),
      made: () => Promise.resolve(wholeBytes(others.read())),
    };
  }

  test.each([
    ['latestCheckpoint', 1],
    ['latestCheckpoint', 2],
    ['latestCheckpoint', 5],
    ['chunk', 1],
    ['chunk', 4],
  ] as const)('opens with what they have made (after each %s, %i times)', async (call, times) => {
    const { log, made } = await hastened(call, times);
    const store = await openStore(log);
    await store.refresh();
    expect(Buffer.compare(wholeBytes(store.read()), await made())).toBe(0);
  });
});

describe('a log with another history', () => {
  test.each([0, 1, 2])('is refused, with %i commits of its own', async (own) => {
    const memory = memoryLog();
    const { log, exchange } = exchangeable(memory);
    const store = await openStore(log, OPTIONS);
    for (const id of ['a', 'bb', 'ccc']) await add(store, id);
    const restored = await copyOf(memory, 2);
    const other = await openStore(memoryLog(restored));
    for (let i = 0; i < own; i++) await add(other, `${'y'.repeat(i)}other`);
    exchange(restored);
    const error = await rejectionOf(store.refresh());
    expect(error).toBeInstanceOf(LogForkedError);
    expect(error).toMatchObject({ code: 'LOG_FORKED' });
    expect(await rejectionOf(add(store, 'dddd'))).toBeInstanceOf(LogForkedError);
    expect([store.version, store.documentCount]).toEqual([3, 3]);
  });
});

test('an entry that is damaged is refused by its version, also where its checksum is right', async () => {
  const memory = memoryLog();
  const store = await openStore(memory, OPTIONS);
  for (const id of ['a', 'bb', 'ccc']) await add(store, id);
  const open = (spoil: (bytes: Uint8Array) => void): Promise<Store> => {
    const inner = memoryLog(memory);
    const log = new Proxy(inner, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (name !== 'read')
          return typeof value === 'function' ? ((value as () => unknown).bind(target) as unknown) : value;
        return async function* (after: number) {
          for await (const batch of target.read(after)) {
            for (const { version, bytes } of batch) if (version === 2) spoil(bytes);
            yield batch;
          }
        };
      },
    });
    return openStore(log);
  };
  expect((await open(() => undefined)).version).toBe(3);
  for (const at of [0, 4, 8, 60, 120]) {
    const error = await rejectionOf(open((bytes) => (bytes[at] ^= 4)));
    expect(error, `byte ${at}`).toMatchObject({ code: at === 4 ? 'LOG_FORMAT' : 'LOG_CORRUPT' });
    if (at !== 4) expect((error as CorruptLogError).version).toBe(2);
  }
});

test('a checkpoint that fails in the background is told in the metrics, and the store goes on', async () => {
  const memory = memoryLog();
  let isFull = true;
  const wrapped = wrappedLog(memory, (name, call) =>
    name === 'putChunk' && isFull ? Promise.reject(new LogFullError('There is no room.')) : call(),
  );
  const store = await openStore(asLog(wrapped, memory), { dimensions: 1000 });
  const next = numbers(1);
  const big = (i: number): Promise<unknown> =>
    store.ingest(
      Array.from({ length: 400 }, (_, j) => ({
        documentId: `${i}-${j}`,
        vector: Array.from({ length: 1000 }, next),
      })),
    );
  for (let i = 0; i < 4; i++) await big(i);
  await store.update(() => undefined);
  await turn();
  expect(store.metrics()).toMatchObject({ checkpoints: 0, durableCommits: 4 });
  expect(store.metrics().checkpointError).toBeInstanceOf(LogFullError);
  expect(await rejectionOf(store.checkpoint())).toBeInstanceOf(LogFullError);
  isFull = false;
  expect((await store.checkpoint())?.putBytes).toBeGreaterThan(6_000_000);
  expect(store.metrics()).toMatchObject({ checkpoints: 1, checkpointError: undefined });
  const bytes = wholeBytes(store.read());
  await store.close();
  expect(Buffer.compare(wholeBytes((await openStore(memoryLog(memory))).read()), bytes)).toBe(0);
});

test('a checkpoint is made by itself once there is enough to read', async () => {
  const memory = memoryLog();
  const store = await openStore(memory, { dimensions: 1000 });
  const next = numbers(1);
  for (let i = 0; i < 6; i++)
    await store.ingest(
      Array.from({ length: 400 }, (_, j) => ({
        documentId: `${i}-${j}`,
        vector: Array.from({ length: 1000 }, next),
      })),
    );
  await store.close();
  const { checkpoints, entriesSinceCheckpoint } = store.metrics();
  expect(checkpoints).toBeGreaterThanOrEqual(1);
  expect(entriesSinceCheckpoint).toBeLessThan(6);
});

test('however many checkpoints are asked for at once, beside commits, each is whole', async () => {
  const memory = memoryLog();
  const store = await openStore(memory, OPTIONS);
  const next = numbers(5);
  const write = (i: number): Promise<unknown> =>
    store.update((draft) => {
      for (let j = 0; j < 20; j++)
        draft.addPosting({ documentId: `${i % 7}-${j * i}`, vector: vectorFrom(next) });
    });
  for (let round = 0; round < 6; round++) {
    const writes = Array.from({ length: 8 }, (_, i) => write(8 * round + i));
    const checkpoints = writes.map(async (written) => {
      await written;
      return store.checkpoint();
    });
    await Promise.all(checkpoints);
    const again = await openStore(memoryLog(memory));
    expect(Buffer.compare(wholeBytes(again.read()), wholeBytes(store.read()))).toBe(0);
  }
  // Those who come late find that it was made.
  expect(store.metrics().checkpoints).toBeLessThanOrEqual(6 * 8);
  expect(store.metrics().entriesSinceCheckpoint).toBe(0);
});

test('whichever call of the log fails, nothing acknowledged is lost', async () => {
  for (const error of [new LogFullError('There is no room.'), new LogFailedError('Not now.', false)]) {
    let isDone = false;
    for (let n = 1; !isDone; n++) {
      const memory = memoryLog();
      let calls = 0;
      const wrapped = wrappedLog(memory, (name, call) =>
        name !== 'close' && ++calls === n ? Promise.reject(error) : call(),
      );
      const acknowledged: string[] = [];
      try {
        const store = await openStore(asLog(wrapped, memory), OPTIONS);
        for (let i = 0; i < 6; i++) {
          const id = 'd'.repeat(i + 1);
          await add(store, id).then(
            () => acknowledged.push(id),
            () => undefined,
          );
          if (i === 2) await store.tag('t').catch(() => undefined);
          if (i % 2 === 1) await store.checkpoint().catch(() => undefined);
        }
        await store.close();
      } catch (thrown) {
        expect(thrown).toBe(error);
      }
      isDone = calls < n;
      const again = await openStore(memoryLog(memory), OPTIONS);
      expect([...again.read().documents.value.keys()].sort(), `call ${n}`).toEqual(acknowledged);
      await again.close();
    }
  }
});
