/* A log of a caller's own gets the checks that the library's have: nothing wrong gets to it, and nothing once it is closed. */

import { describe, expect, test } from 'vitest';
import { InvalidOptionError } from 'shardex';
import {
  type CommitLog,
  type Entry,
  LogClosedError,
  memoryLog,
  openFollower,
  openStore,
} from 'shardex/store';
import { checkedLog } from '../../src/store/log/checked-log.js';
import { rejectionOf } from '../support/thrown.js';

const bytes = new Uint8Array([1]);
const entry = (version: number): Entry => ({ version, token: `t${version}`, bytes });
const wrong = (value: unknown): never => value as never;

/** A log that says what it was asked for, and passes it on to one of the library's; it has all that a log may have. */
function ownLog(): { readonly log: CommitLog; readonly calls: string[] } {
  const calls: string[] = [];
  const to = {
    ...{ changed: () => Promise.resolve(), compact: () => Promise.resolve() },
    appendWithin: () => Promise.resolve({ ended: undefined }),
  };
  const main = memoryLog();
  const log = new Proxy({} as CommitLog, {
    get: (_, name) => {
      const value: unknown = Reflect.get(name in to ? to : main, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        calls.push(String(name));
        return (value as (...given: unknown[]) => unknown).apply(main, args);
      };
    },
  });
  return { log, calls };
}

const WRONG: Record<string, (log: CommitLog) => unknown> = {
  'settings that are no bytes': (log) => log.open(wrong('text')),
  'an empty group': (log) => log.append(undefined, []),
  'a group with a gap': (log) => log.append(undefined, [entry(1), entry(3)]),
  'a parent without a token': (log) => log.append({ version: 1, token: '' }, [entry(2)]),
  'a group with a gap, in a transaction': (log) => log.appendWithin?.({}, undefined, [entry(2)]),
  'a reading before the first version': (log) => first(log.read(-1)),
  'a batch of no bytes': (log) => first(log.read(0, { maxBytes: 0 })),
  'a signal that is none': (log) => first(log.read(0, { signal: wrong({}) })),
  'an option that there is not': (log) => first(log.read(0, wrong({ max: 1 }))),
  'a list of no entries': (log) => log.entries(1, 0),
  'a list before no version': (log) => log.entries(0, 1),
  'a key that is empty': (log) => log.putChunk('', bytes),
  'a chunk that is no bytes': (log) => log.putChunk('k', wrong([1])),
  'a key that is no text': (log) => log.chunk(wrong(5)),
  'a checkpoint without a token': (log) =>
    log.commitCheckpoint({ version: 1, token: '', manifest: bytes, chunks: [] }),
  'a checkpoint without a list of chunks': (log) =>
    log.commitCheckpoint({ version: 1, token: 't1', manifest: bytes, chunks: wrong('a') }),
  'a trim that no checkpoint allows': (log) => log.trim(1),
  'a branch whose name has a space': (log) => log.fork('a b', undefined),
  'a fork at no version': (log) => log.fork('b', { version: 0, token: 't' }),
  'dropping the main branch': (log) => log.dropBranch('main'),
  'a note without a name': (log) => log.putNote('', bytes),
  'a note that is no bytes': (log) => log.putNote('n', wrong('text')),
};

async function first(reading: AsyncIterable<unknown>): Promise<void> {
  await reading[Symbol.asyncIterator]().next();
}

describe('a log of a caller’s own', () => {
  test.each(Object.entries(WRONG))('never sees %s', async (_, call) => {
    const { log, calls } = ownLog();
    const checked = checkedLog(log);
    expect(await rejectionOf(Promise.resolve(call(checked)))).toBeInstanceOf(InvalidOptionError);
    // Whether a trim is allowed, the log has to say.
    expect(calls.filter((name) => name !== 'checkpoints' && name !== 'latestCheckpoint')).toEqual([]);
  });

  test('is closed once, and sees nothing after that', async () => {
    const { log, calls } = ownLog();
    const checked = checkedLog(log);
    await checked.open(bytes);
    await checked.append(undefined, [entry(1), entry(2)]);
    const reading = checked.read(0, { maxBytes: 1 })[Symbol.asyncIterator]();
    await reading.next();
    calls.length = 0;
    await Promise.all([checked.close(), checked.close()]);
    expect(calls).toEqual(['close']);
    const signal = new AbortController().signal;
    for (const call of [
      () => reading.next(),
      () => checked.open(),
      () => checked.append({ version: 2, token: 't2' }, [entry(3)]),
      () => checked.appendWithin?.({}, { version: 2, token: 't2' }, [entry(3)]),
      () => first(checked.read(0)),
      () => checked.head(),
      () => checked.entries(1, 1),
      () => checked.putChunk('a', bytes),
      () => checked.chunk('a'),
      () => checked.commitCheckpoint({ version: 1, token: 't1', manifest: bytes, chunks: [] }),
      () => checked.latestCheckpoint(),
      () => checked.checkpoints(),
      () => checked.trim(1),
      () => checked.branches(),
      () => checked.fork('b', undefined),
      () => checked.dropBranch('b'),
      () => checked.notes(),
      () => checked.putNote('n', bytes),
      () => checked.changed?.(0, signal),
      () => checked.compact?.(),
    ])
      expect(await rejectionOf(Promise.resolve(call()))).toBeInstanceOf(LogClosedError);
    expect(calls).toEqual(['close']);
  });

  test('gets the checks when a store or a follower is opened on it', async () => {
    const { log, calls } = ownLog();
    await (await openStore(log, { dimensions: 1 })).close();
    calls.length = 0;
    for (const open of [openStore, openFollower])
      expect(await rejectionOf(open(log, { branch: 'a b' }))).toBeInstanceOf(InvalidOptionError);
    expect(calls).toEqual([]);
  });

  test('has of what logs may lack what it has', () => {
    const { log } = ownLog();
    for (const [of, isThere] of [
      [log, true],
      [{ ...memoryLog(), name: 'mine' } as unknown as CommitLog, false],
    ] as const) {
      const checked = checkedLog(of);
      for (const name of ['changed', 'compact', 'appendWithin'] as const)
        expect(checked[name] !== undefined, name).toBe(isThere);
    }
    const checked = checkedLog(log);
    expect(checkedLog(checked)).toBe(checked);
  });
});
