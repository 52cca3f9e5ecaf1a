import { afterEach, describe, expect, test } from 'vitest';
import { ShardexError, InvalidOptionError } from 'shardex';
import {
  type Appended,
  type CommitLog,
  type Entry,
  type Head,
  type LoggedEntry,
  CorruptLogError,
  LogClosedError,
  TrimmedError,
} from 'shardex/store';
import { rejectionOf } from '../support/thrown.js';
import { type LogKind, logKinds, temporaryFolder } from './support/logs.js';

const folder = temporaryFolder();
const kinds = await logKinds(folder);
const settings = text('{"dimensions":2}');
const opened: CommitLog[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((log) => log.close()));
});

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function entry(version: number, token = `t${version}`, bytes = text(`bytes of ${token}`)): Entry {
  return { version, token, bytes };
}

function entries(from: number, to: number): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, i) => entry(from + i));
}

function headOf({ version, token }: Head): Head {
  return { version, token };
}

async function start(place: () => CommitLog): Promise<CommitLog> {
  const log = place();
  opened.push(log);
  await log.open(settings);
  return log;
}

async function all(log: CommitLog, after = 0, maxBytes?: number): Promise<LoggedEntry[]> {
  const read: LoggedEntry[] = [];
  for await (const batch of log.read(after, maxBytes === undefined ? {} : { maxBytes })) read.push(...batch);
  return read;
}

async function filled(place: () => CommitLog, count: number): Promise<CommitLog> {
  const log = await start(place);
  await log.append(undefined, entries(1, count));
  return log;
}

/** A log to `count` commits with a checkpoint of version `at`. */
async function withCheckpoint(place: () => CommitLog, count: number, at: number): Promise<CommitLog> {
  const log = await filled(place, count);
  await log.putChunk('c1', text('one'));
  await log.commitCheckpoint({ version: at, token: `t${at}`, manifest: text('m'), chunks: ['c1'] });
  return log;
}

describe.each(kinds)('$name', ({ place }: LogKind) => {
  test('a new log takes the settings, an old one keeps its own', async () => {
    const open = place();
    const log = open();
    opened.push(log);
    expect(await log.open(settings)).toEqual({ settings, head: undefined });
    expect(await log.head()).toBeUndefined();
    const second = open();
    opened.push(second);
    expect((await second.open(text('other'))).settings).toEqual(settings);
  });

  test('what was appended is read back in order, with its parents', async () => {
    const log = await start(place());
    expect(await log.append(undefined, [entry(1)])).toEqual({ head: { version: 1, token: 't1' } });
    expect(await log.append({ version: 1, token: 't1' }, entries(2, 4))).toEqual({
      head: { version: 4, token: 't4' },
    });
    expect(await all(log)).toEqual(
      entries(1, 4).map((wanted, i) => ({ ...wanted, parent: i === 0 ? undefined : `t${i}` })),
    );
    expect(await all(log, 3)).toHaveLength(1);
    expect(await all(log, 4)).toEqual([]);
    expect(await all(log, 9)).toEqual([]);
  });

  test('an append keeps its bytes, whatever becomes of those that were given', async () => {
    const log = await start(place());
    const memory = new Uint8Array(64).fill(7);
    await log.append(undefined, [{ version: 1, token: 'a', bytes: memory.subarray(9, 20) }]);
    memory.fill(9);
    const [first] = await all(log);
    expect(first.bytes).toEqual(new Uint8Array(11).fill(7));
    first.bytes.fill(1);
    expect((await all(log))[0].bytes).toEqual(new Uint8Array(11).fill(7));
  });

  test.each([0, 1, 100, 300_000])('an entry of %i bytes', async (size) => {
    const log = await start(place());
    const bytes = Uint8Array.from({ length: size }, (_, i) => i % 251);
    await log.append(undefined, [{ version: 1, token: 'a', bytes }]);
    expect(Buffer.compare((await all(log))[0].bytes, bytes)).toBe(0);
  });

  test('of many writers one wins each version', async () => {
    const open = place();
    const logs = await Promise.all([start(open), start(open), start(open), start(open)]);
    let head: Head | undefined;
    for (let version = 1; version <= 8; version++) {
      const parent = head;
      const answers = await Promise.all(
        logs.flatMap((log, w) =>
          [0, 1].map((n) => log.append(parent, [entry(version, `w${w}-${n}-${version}`)])),
        ),
      );
      const won = answers.filter((answer) => answer.head !== undefined);
      expect(won).toHaveLength(1);
      head = won[0].head;
      for (const { conflict } of answers.filter((answer) => answer.head === undefined))
        expect(conflict).toEqual(head);
    }
    const kept = await all(logs[0]);
    expect(kept.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(kept.at(-1)?.token).toBe(head?.token);
  });

  test('a group is there as a whole or not at all', async () => {
    const open = place();
    const [one, two] = await Promise.all([start(open), start(open)]);
    const groups = ['a', 'b'].map((w) => [1, 2, 3].map((version) => entry(version, `${w}${version}`)));
    const answers = await Promise.all([one.append(undefined, groups[0]), two.append(undefined, groups[1])]);
    const winner = answers[0].head === undefined ? 'b' : 'a';
    expect((await all(one)).map(({ token }) => token)).toEqual([`${winner}1`, `${winner}2`, `${winner}3`]);
  });

  const CONFLICTS: [string, Head | undefined, Entry[]][] = [
    ['no parent where there is one', undefined, [entry(1, 'x')]],
    ['an older parent', { version: 2, token: 't2' }, [entry(3, 'x')]],
    ['a parent that is yet to come', { version: 9, token: 't9' }, [entry(10, 'x')]],
    ['the right version with another token', { version: 3, token: 'other' }, [entry(4, 'x')]],
    ['what is there already, with the same token', { version: 2, token: 't2' }, [entry(3)]],
  ];
  test.each(CONFLICTS)('%s is a conflict, and nothing is written', async (_, parent, group) => {
    const log = await filled(place(), 3);
    const answer: Appended = await log.append(parent, group);
    expect(answer).toEqual({ conflict: { version: 3, token: 't3' } });
    expect(await all(log)).toHaveLength(3);
  });

  const REFUSED: [string, Entry[]][] = [
    ['no entries', []],
    ['a gap after the parent', [entry(5)]],
    ['a gap within the group', [entry(4), entry(6)]],
    ['a version twice', [entry(4), entry(4, 'other')]],
    ['a token twice in the group', [entry(4, 'a'), entry(5, 'a')]],
    ["the parent's own token", [entry(4, 't3')]],
    ['an empty token', [entry(4, '')]],
    ['a token that is no text', [{ ...entry(4), token: 4 as unknown as string }]],
    ['bytes that are none', [{ ...entry(4), bytes: 'text' as unknown as Uint8Array }]],
  ];
  test.each(REFUSED)('%s is refused, and nothing is written', async (_, group) => {
    const log = await filled(place(), 3);
    const error = await rejectionOf(log.append({ version: 3, token: 't3' }, group));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(await all(log)).toHaveLength(3);
  });

  test('batches hold no more bytes than was asked for, but at least one entry', async () => {
    const log = await start(place());
    const group = Array.from({ length: 10 }, (_, i) => ({
      ...entry(i + 1),
      bytes: new Uint8Array(i === 5 ? 500 : 100),
    }));
    await log.append(undefined, group);
    const sizes: number[][] = [];
    for await (const batch of log.read(0, { maxBytes: 250 }))
      sizes.push(batch.map(({ bytes }) => bytes.length));
    expect(sizes.flat()).toEqual(group.map(({ bytes }) => bytes.length));
    expect(sizes).toEqual([[100, 100], [100, 100], [100], [500], [100, 100], [100, 100]]);
  });

  test('reading goes on with what is appended meanwhile, and stops with a signal', async () => {
    const log = await filled(place(), 2);
    const read: number[] = [];
    for await (const batch of log.read(0, { maxBytes: 1 })) {
      read.push(...batch.map(({ version }) => version));
      if (read.length === 1) await log.append({ version: 2, token: 't2' }, [entry(3)]);
    }
    expect(read).toEqual([1, 2, 3]);
    const reason = new Error('enough');
    const controller = new AbortController();
    const reading = log.read(0, { signal: controller.signal });
    controller.abort(reason);
    expect(await rejectionOf(reading[Symbol.asyncIterator]().next())).toBe(reason);
  });

  test('chunks come back as they were put, and a second time changes nothing', async () => {
    const log = await start(place());
    const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i % 253);
    await log.putChunk('k', bytes);
    await log.putChunk('k', text('something else'));
    // Whoever reads one may do away with it.
    (await log.chunk('k')).fill(0);
    expect(Buffer.compare(await log.chunk('k'), bytes)).toBe(0);
    expect(await rejectionOf(log.chunk('none'))).toBeInstanceOf(CorruptLogError);
    for (const key of ['', 5 as never])
      for (const call of [log.putChunk(key, bytes), log.chunk(key)])
        expect(await rejectionOf(call)).toBeInstanceOf(InvalidOptionError);
  });

  test('checkpoints are found by their version; one of the same version takes its place', async () => {
    const log = await filled(place(), 5);
    for (const key of ['a', 'b']) await log.putChunk(key, text(key));
    const checkpoint = (version: number, chunks: string[], manifest = `m${version}`): Promise<boolean> =>
      log.commitCheckpoint({ version, token: `t${version}`, manifest: text(manifest), chunks });
    expect(await log.latestCheckpoint()).toBeUndefined();
    expect(await checkpoint(4, ['b', 'a'])).toBe(true);
    expect(await checkpoint(2, ['a'])).toBe(true);
    expect(await log.latestCheckpoint()).toEqual({
      version: 4,
      token: 't4',
      manifest: text('m4'),
      chunks: ['b', 'a'],
    });
    expect((await log.latestCheckpoint(3))?.version).toBe(2);
    expect(await log.latestCheckpoint(1)).toBeUndefined();
    expect(await checkpoint(4, ['a'], 'again')).toBe(true);
    expect(await log.latestCheckpoint()).toMatchObject({ manifest: text('again'), chunks: ['a'] });
  });

  test('a checkpoint needs its chunks', async () => {
    const log = await filled(place(), 1);
    await log.putChunk('a', text('a'));
    expect(
      await log.commitCheckpoint({ version: 1, token: 't1', manifest: text('m'), chunks: ['a', 'gone'] }),
    ).toBe(false);
    expect(await log.latestCheckpoint()).toBeUndefined();
  });

  test('a trim drops what a checkpoint replaced, and keeps the newest entry', async () => {
    const open = place();
    const log = await withCheckpoint(open, 6, 4);
    await log.putChunk('orphan', text('nobody needs it'));
    await log.trim(4);
    expect((await all(log, 3)).map(({ version }) => version)).toEqual([4, 5, 6]);
    expect(await rejectionOf(all(log))).toMatchObject({ code: 'LOG_TRIMMED', after: 0, oldest: 4 });
    expect(await rejectionOf(all(log, 2))).toBeInstanceOf(TrimmedError);
    expect(await log.chunk('c1')).toEqual(text('one'));
    expect(await rejectionOf(log.chunk('orphan'))).toBeInstanceOf(CorruptLogError);
    expect(await log.append({ version: 6, token: 't6' }, [entry(7)])).toEqual({
      head: { version: 7, token: 't7' },
    });
    await log.close();
    const second = await start(open);
    expect(await second.head()).toEqual({ version: 7, token: 't7' });
    expect((await all(second, 4)).map(headOf)).toEqual(entries(5, 7).map(headOf));
  });

  test('a trim to the newest version leaves a log that can be appended to', async () => {
    const log = await withCheckpoint(place(), 3, 3);
    await log.trim(3);
    expect(await log.head()).toEqual({ version: 3, token: 't3' });
    expect(await all(log, 3)).toEqual([]);
    expect(await log.append({ version: 3, token: 'wrong' }, [entry(4)])).toEqual({
      conflict: { version: 3, token: 't3' },
    });
    expect((await log.append({ version: 3, token: 't3' }, [entry(4)])).head).toBeDefined();
    expect(await all(log, 3)).toHaveLength(1);
  });

  test('a trim keeps older checkpoints on request, with their chunks', async () => {
    const log = await withCheckpoint(place(), 6, 2);
    await log.putChunk('c2', text('two'));
    await log.commitCheckpoint({ version: 3, token: 't3', manifest: text('m3'), chunks: ['c2'] });
    await log.commitCheckpoint({ version: 5, token: 't5', manifest: text('m5'), chunks: [] });
    await log.trim(5, [2]);
    expect((await log.latestCheckpoint(4))?.version).toBe(2);
    expect(await log.chunk('c1')).toEqual(text('one'));
    expect(await rejectionOf(log.chunk('c2'))).toBeInstanceOf(CorruptLogError);
  });

  test('nothing is dropped that no checkpoint replaced', async () => {
    const log = await withCheckpoint(place(), 6, 4);
    expect(await rejectionOf(log.trim(5))).toBeInstanceOf(InvalidOptionError);
    expect(await all(log)).toHaveLength(6);
  });

  test('what was acknowledged is there for the next one to open it', async () => {
    const open = place();
    const log = await withCheckpoint(open, 3, 2);
    await log.close();
    const next = open();
    opened.push(next);
    expect(await next.open(text('other'))).toEqual({ settings, head: { version: 3, token: 't3' } });
    expect(await all(next)).toHaveLength(3);
    expect((await next.latestCheckpoint())?.version).toBe(2);
  });

  test('another log on the same place sees what is appended, at once', async () => {
    const open = place();
    const [one, two] = await Promise.all([start(open), start(open)]);
    await one.append(undefined, entries(1, 2));
    expect(await two.head()).toEqual({ version: 2, token: 't2' });
    expect(await all(two, 1)).toHaveLength(1);
    if (two.changed === undefined) return;
    await two.changed(1, AbortSignal.timeout(5000));
    const waiting = two.changed(2, AbortSignal.timeout(20_000));
    await one.append({ version: 2, token: 't2' }, [entry(3)]);
    await waiting;
    expect(await two.head()).toMatchObject({ version: 3 });
  });

  test('a log without settings is new until it gets some', async () => {
    const open = place();
    const log = open();
    opened.push(log);
    expect(await log.open()).toEqual({ settings: undefined, head: undefined });
    const second = await start(open);
    expect(await second.head()).toBeUndefined();
    const third = open();
    opened.push(third);
    expect((await third.open()).settings).toEqual(settings);
  });

  test('notes are kept by name, replaced and removed', async () => {
    const open = place();
    const log = await start(open);
    await log.putNote('a', text('one'));
    await log.putNote('b', new Uint8Array());
    await log.putNote('a', text('two'));
    await log.putNote('c', text('three'));
    await log.putNote('c', undefined);
    await log.putNote('never there', undefined);
    await log.close();
    const again = await start(open);
    expect(await again.notes()).toEqual(
      new Map([
        ['a', text('two')],
        ['b', new Uint8Array()],
      ]),
    );
    expect(await rejectionOf(again.putNote('', text('x')))).toBeInstanceOf(InvalidOptionError);
  });

  test('a closed log refuses everything, and closing it twice does nothing', async () => {
    const log = await filled(place(), 1);
    await log.close();
    await log.close();
    const calls: (() => Promise<unknown>)[] = [
      () => log.open(settings),
      () => log.head(),
      () => log.append({ version: 1, token: 't1' }, [entry(2)]),
      () => all(log),
      () => log.putChunk('a', text('a')),
      () => log.chunk('a'),
      () => log.commitCheckpoint({ version: 1, token: 't1', manifest: text('m'), chunks: [] }),
      () => log.latestCheckpoint(),
      () => log.trim(1),
      () => log.notes(),
      () => log.putNote('a', text('a')),
    ];
    for (const call of calls) {
      const error = await rejectionOf(call());
      expect(error).toBeInstanceOf(LogClosedError);
      expect(error).toBeInstanceOf(ShardexError);
      expect(error).toMatchObject({ code: 'LOG_CLOSED', name: 'LogClosedError' });
    }
  });

  test('closing waits for what is under way', async () => {
    const open = place();
    const log = await start(open);
    const appending = log.append(undefined, entries(1, 50));
    await log.close();
    expect((await appending).head).toEqual({ version: 50, token: 't50' });
    expect(await all(await start(open))).toHaveLength(50);
  });
});
