/* The part of the conformance suite of logs that is about branches and lists: what every log has to do. */

import { afterEach, describe, expect, test } from 'vitest';
import { InvalidOptionError } from 'shardex';
import { type CommitLog, type Entry, type Head, CorruptLogError, TrimmedError } from 'shardex/store';
import { rejectionOf } from '../support/thrown.js';
import { type LogKind, logKinds, temporaryFolder } from './support/logs.js';

const folder = temporaryFolder();
const kinds = await logKinds(folder);
const settings = text('settings');
const opened: CommitLog[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((log) => log.close()));
});

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** Entries from one version to another, whose tokens tell who wrote them. */
function entries(from: number, to: number, by = 'm'): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, i) => ({
    version: from + i,
    token: `${by}${from + i}`,
    bytes: text(`${by}${from + i}`),
  }));
}

function at(version: number, by = 'm'): Head {
  return { version, token: `${by}${version}` };
}

async function start(log: CommitLog): Promise<CommitLog> {
  opened.push(log);
  await log.open(settings);
  return log;
}

async function tokens(log: CommitLog, after = 0, maxBytes = 1 << 20): Promise<string> {
  const read: string[] = [];
  for await (const batch of log.read(after, { maxBytes })) read.push(...batch.map(({ token }) => token));
  return read.join(' ');
}

async function listed(log: CommitLog, before: number, limit = 100): Promise<string> {
  return (await log.entries(before, limit)).map(({ token }) => token).join(' ');
}

async function checkpoint(log: CommitLog, { version, token }: Head): Promise<void> {
  const key = `chunk of ${token}`;
  await log.putChunk(key, text(token));
  expect(await log.commitCheckpoint({ version, token, manifest: text(token), chunks: [key] })).toBe(true);
}

/** Main with versions 1 to 5, and a branch after 3 with 4 and 5 of its own. */
async function forked(open: () => CommitLog): Promise<{ main: CommitLog; branch: CommitLog }> {
  const main = await start(open());
  await main.append(undefined, entries(1, 5));
  expect(await main.fork('b', at(3))).toBe('made');
  const branch = await start(main.branch('b'));
  await branch.append(at(3), entries(4, 5, 'b'));
  return { main, branch };
}

describe.each(kinds)('$name', ({ place }: LogKind) => {
  test('a branch starts where it was forked, and goes its own way', async () => {
    const open = place();
    const main = await start(open());
    await main.append(undefined, entries(1, 5));
    expect(await main.fork('b', at(3))).toBe('made');
    const branch = main.branch('b');
    opened.push(branch);
    expect(await branch.open(text('other'))).toEqual({ settings, head: at(3) });
    expect(await branch.head()).toEqual(at(3));
    expect(await tokens(branch)).toBe('m1 m2 m3');
    expect(await branch.append(at(5), entries(6, 6, 'b'))).toEqual({ conflict: at(3) });
    expect(await branch.append(at(3), entries(4, 4, 'b'))).toEqual({ head: at(4, 'b') });
    expect(await main.append(at(5), entries(6, 6))).toEqual({ head: at(6) });
    expect(await tokens(branch)).toBe('m1 m2 m3 b4');
    expect(await tokens(branch, 0, 1)).toBe('m1 m2 m3 b4');
    expect(await tokens(branch, 3)).toBe('b4');
    expect(await tokens(main)).toBe('m1 m2 m3 m4 m5 m6');
    await Promise.all([main.close(), branch.close()]);
    const again = await start(open().branch('b'));
    expect(await tokens(again)).toBe('m1 m2 m3 b4');
  });

  test('the first entry of a branch follows the one that it starts after', async () => {
    const { branch } = await forked(place());
    const batches: (string | undefined)[] = [];
    for await (const batch of branch.read(3)) batches.push(...batch.map(({ parent }) => parent));
    expect(batches).toEqual(['m3', 'b4']);
  });

  test('branches of branches start from whoever has their version', async () => {
    const { main, branch } = await forked(place());
    expect(await branch.fork('late', at(4, 'b'))).toBe('made');
    expect(await branch.fork('early', at(3))).toBe('made');
    expect(await branch.fork('earlier', at(1))).toBe('made');
    expect(await main.fork('empty', undefined)).toBe('made');
    const ids = new Map((await main.branches()).map(({ id, name }) => [id, name]));
    expect(
      (await main.branches()).map(({ name, parent, start: from, head }) => [
        name,
        parent === undefined ? undefined : ids.get(parent),
        from?.token,
        head?.token,
      ]),
    ).toEqual([
      ['main', undefined, undefined, 'm5'],
      ['b', 'main', 'm3', 'b5'],
      ['late', 'b', 'b4', 'b4'],
      ['early', 'main', 'm3', 'm3'],
      ['earlier', 'main', 'm1', 'm1'],
      ['empty', 'main', undefined, undefined],
    ]);
    const late = await start(main.branch('late'));
    await late.append(at(4, 'b'), entries(5, 5, 'l'));
    expect(await tokens(late)).toBe('m1 m2 m3 b4 l5');
    const empty = await start(main.branch('empty'));
    expect(await empty.append(undefined, entries(1, 1, 'e'))).toMatchObject({ head: at(1, 'e') });
    expect(await tokens(empty)).toBe('e1');
  });

  test('a name is taken once, and a version has to be there', async () => {
    const { main, branch } = await forked(place());
    expect(await main.fork('b', at(1))).toBe('taken');
    expect(await branch.fork('main', at(1))).toBe('taken');
    expect(await main.fork('c', at(6))).toBe('gone');
    expect(await main.fork('c', at(4, 'b'))).toBe('gone');
    expect(await branch.fork('c', at(4))).toBe('gone');
    expect((await main.branches()).map(({ name }) => name)).toEqual(['main', 'b']);
    for (const name of ['', ' ', 'a b', 'a\nb', '\u007f1', 'x'.repeat(201), 4 as unknown as string]) {
      expect(await rejectionOf(main.fork(name, at(1)))).toBeInstanceOf(InvalidOptionError);
      expect(() => main.branch(name)).toThrow(InvalidOptionError);
      expect(await rejectionOf(main.dropBranch(name))).toBeInstanceOf(InvalidOptionError);
    }
  });

  test('a branch that is not there is empty, and is not made by opening it', async () => {
    const { main } = await forked(place());
    const none = main.branch('none');
    opened.push(none);
    expect(await none.open(settings)).toEqual({ settings: undefined, head: undefined });
    expect(await none.head()).toBeUndefined();
    expect(await none.append(undefined, entries(1, 1))).toEqual({ conflict: undefined });
    expect(await tokens(none)).toBe('');
    expect(await none.entries(9, 9)).toEqual([]);
    expect(await none.checkpoints()).toEqual([]);
    expect((await main.branches()).map(({ name }) => name)).toEqual(['main', 'b']);
  });

  test('notes belong to their branch', async () => {
    const { main, branch } = await forked(place());
    await main.putNote('a', text('of main'));
    await branch.putNote('a', text('of b'));
    await main.putNote('c', text('c'));
    expect(await branch.notes()).toEqual(new Map([['a', text('of b')]]));
    expect((await main.notes()).get('a')).toEqual(text('of main'));
  });

  test('the newest checkpoint is its own or its parent’s, up to where it starts', async () => {
    const { main, branch } = await forked(place());
    await checkpoint(main, at(2));
    await checkpoint(main, at(5));
    expect(await branch.latestCheckpoint()).toMatchObject({ ...at(2), chunks: ['chunk of m2'] });
    expect(await branch.latestCheckpoint(1)).toBeUndefined();
    expect(await branch.checkpoints()).toEqual([]);
    await checkpoint(branch, at(1));
    expect(await branch.latestCheckpoint()).toMatchObject(at(2));
    expect(await branch.latestCheckpoint(1)).toMatchObject(at(1));
    await checkpoint(branch, at(5, 'b'));
    expect(await branch.latestCheckpoint()).toMatchObject(at(5, 'b'));
    expect(await branch.latestCheckpoint(4)).toMatchObject(at(2));
    expect(await branch.checkpoints()).toEqual([at(1), at(5, 'b')]);
    expect(await main.checkpoints()).toEqual([at(2), at(5)]);
  });

  test('a trim leaves what leads to the start of a branch', async () => {
    const open = place();
    const main = await start(open());
    await main.append(undefined, entries(1, 12));
    for (const version of [2, 4, 9, 11]) await checkpoint(main, at(version));
    await main.fork('b', at(6));
    await main.trim(11);
    const branch = await start(open().branch('b'));
    expect(await branch.latestCheckpoint()).toMatchObject(at(4));
    expect(await branch.chunk('chunk of m4')).toEqual(text('m4'));
    expect(await tokens(branch, 4)).toBe('m5 m6');
    expect(await rejectionOf(tokens(branch, 3))).toBeInstanceOf(TrimmedError);
    expect(await main.checkpoints()).toEqual([at(4), at(11)]);
    expect(await tokens(main, 10)).toBe('m11 m12');
    expect(await rejectionOf(tokens(main, 6))).toMatchObject({ code: 'LOG_TRIMMED', oldest: 11 });
    expect(await rejectionOf(main.chunk('chunk of m9'))).toBeInstanceOf(CorruptLogError);
    // What the start leads through is not there for others.
    expect(await main.fork('c', at(8))).toBe('gone');
    expect(await main.fork('c', at(5))).toBe('made');
    // The next one to open the place looks through it for damage.
    await main.close();
    const again = await start(open());
    expect(await tokens(again, 11)).toBe('m12');
    await branch.append(at(6), entries(7, 7, 'b'));
    expect(await tokens(branch, 4)).toBe('m5 m6 b7');
  });

  test('a branch is trimmed by itself', async () => {
    const open = place();
    const { main, branch } = await forked(open);
    await branch.append(at(5, 'b'), entries(6, 9, 'b'));
    await checkpoint(branch, at(7, 'b'));
    await branch.trim(7);
    expect(await tokens(branch, 7)).toBe('b8 b9');
    expect(await rejectionOf(tokens(branch, 2))).toBeInstanceOf(TrimmedError);
    expect(await tokens(main)).toBe('m1 m2 m3 m4 m5');
    await Promise.all([main.close(), branch.close()]);
    expect(await tokens(await start(open().branch('b')), 6)).toBe('b7 b8 b9');
  });

  test('a branch that was dropped is gone, and its name is free', async () => {
    const { main, branch } = await forked(place());
    await checkpoint(branch, at(5, 'b'));
    await branch.putNote('a', text('a'));
    expect(await main.dropBranch('none')).toBe(false);
    expect(await rejectionOf(main.dropBranch('main'))).toBeInstanceOf(InvalidOptionError);
    expect(await main.dropBranch('b')).toBe(true);
    expect(await main.dropBranch('b')).toBe(false);
    expect((await main.branches()).map(({ name }) => name)).toEqual(['main']);
    expect(await rejectionOf(main.chunk('chunk of b5'))).toBeInstanceOf(CorruptLogError);
    expect(await branch.head()).toBeUndefined();
    expect(await branch.append(at(5, 'b'), entries(6, 6, 'b'))).toEqual({ conflict: undefined });
    expect(await tokens(main)).toBe('m1 m2 m3 m4 m5');
    expect(await main.fork('b', at(2))).toBe('made');
    const second = await start(main.branch('b'));
    expect(await tokens(second)).toBe('m1 m2');
    expect(await second.notes()).toEqual(new Map());
    expect(await second.checkpoints()).toEqual([]);
  });

  test('a branch that others start from goes as far as they do not need it', async () => {
    const open = place();
    const { main, branch } = await forked(open);
    await branch.append(at(5, 'b'), entries(6, 9, 'b'));
    for (const version of [4, 7, 8]) await checkpoint(branch, at(version, 'b'));
    await branch.fork('c', at(6, 'b'));
    const child = await start(main.branch('c'));
    await child.append(at(6, 'b'), entries(7, 7, 'c'));
    expect(await main.dropBranch('b')).toBe(true);
    expect((await main.branches()).map(({ name, head }) => [name, head?.token])).toEqual([
      ['main', 'm5'],
      [undefined, 'b6'],
      ['c', 'c7'],
    ]);
    expect(await tokens(child, 4)).toBe('b5 b6 c7');
    expect(await child.latestCheckpoint()).toMatchObject(at(4, 'b'));
    expect(await child.chunk('chunk of b4')).toEqual(text('b4'));
    expect(await rejectionOf(child.chunk('chunk of b7'))).toBeInstanceOf(CorruptLogError);
    // A new one of its name has nothing to do with it.
    expect(await main.fork('b', at(3))).toBe('made');
    expect(await tokens(await start(main.branch('b')))).toBe('m1 m2 m3');
    expect(await main.dropBranch('b')).toBe(true);
    expect(await tokens(child, 4)).toBe('b5 b6 c7');
    expect(await main.dropBranch('c')).toBe(true);
    expect((await main.branches()).map(({ name }) => name)).toEqual(['main']);
    expect(await rejectionOf(main.chunk('chunk of b4'))).toBeInstanceOf(CorruptLogError);
    await start(open());
  });

  test('two that fork by one name at once: one of them has it', async () => {
    const open = place();
    const [one, two] = [await start(open()), await start(open())];
    await one.append(undefined, entries(1, 2));
    const answers = await Promise.all([one.fork('b', at(1)), two.fork('b', at(2))]);
    expect([...answers].sort()).toEqual(['made', 'taken']);
    expect(await two.branches()).toHaveLength(2);
  });

  test('entries are listed newest first, with what they begin with', async () => {
    const log = await start(place()());
    const long = Uint8Array.from({ length: 3000 }, (_, i) => i % 251);
    await log.append(undefined, [
      ...entries(1, 3),
      { version: 4, token: 'm4', bytes: long },
      { version: 5, token: 'm5', bytes: new Uint8Array() },
    ]);
    expect(await listed(log, 6)).toBe('m5 m4 m3 m2 m1');
    expect(await listed(log, 99, 2)).toBe('m5 m4');
    expect(await listed(log, 4, 2)).toBe('m3 m2');
    expect(await listed(log, 1)).toBe('');
    const [empty, big, small] = await log.entries(6, 3);
    expect(empty).toEqual({ version: 5, token: 'm5', parent: 'm4', byteLength: 0, start: new Uint8Array() });
    expect(big).toMatchObject({ byteLength: 3000, parent: 'm3' });
    expect(big.start).toEqual(long.subarray(0, 1024));
    expect(small.start).toEqual(text('m3'));
    expect((await log.entries(2, 1))[0].parent).toBeUndefined();
    for (const [before, limit] of [
      [0, 1],
      [1, 0],
      [1.5, 1],
      [1, 1.5],
    ])
      expect(await rejectionOf(log.entries(before, limit))).toBeInstanceOf(InvalidOptionError);
  });

  test('a list goes through the start of a branch, and ends where something is gone', async () => {
    const { main, branch } = await forked(place());
    expect(await listed(branch, 6)).toBe('b5 b4 m3 m2 m1');
    expect(await listed(branch, 4)).toBe('m3 m2 m1');
    expect(await listed(branch, 6, 3)).toBe('b5 b4 m3');
    await checkpoint(main, at(1));
    await checkpoint(main, at(5));
    await main.trim(5);
    expect(await listed(main, 6)).toBe('m5');
    expect(await listed(main, 4)).toBe('m3 m2');
    expect(await listed(main, 5)).toBe('');
    expect(await listed(branch, 6)).toBe('b5 b4 m3 m2');
  });
});
