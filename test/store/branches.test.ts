/* Branches of a store: durable, in O(1), sharing what came before; merged from what both sides have in common. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidOptionError, MergeConflictError, VersionNotKeptError, postings } from 'shardex';
import {
  type CommitLog,
  type Store,
  type StoreOptions,
  NoBranchError,
  memoryLog,
  openStore,
  sqliteLog,
} from 'shardex/store';
import { newSqliteLog } from '../../src/store/sqlite/sqlite-log.js';
import { rejectionOf } from '../support/thrown.js';
import { sqliteDrivers, temporaryFolder } from './support/logs.js';
import { numbers, vectorFrom, wholeBytes } from './support/versions.js';
import { asLog, wrappedLog } from './support/wrapped-log.js';

const OPTIONS: StoreOptions = { dimensions: 5, shardCapacity: 24 };
const folder = temporaryFolder();
const [[, driver]] = await sqliteDrivers();

/** Places in memory and on a disk. */
const PLACES: [string, () => () => CommitLog][] = [
  [
    'in memory',
    () => {
      const first = memoryLog();
      return () => memoryLog(first);
    },
  ],
  [
    'in SQLite',
    () => {
      const path = `${folder()}/branches-${Math.random()}.db`;
      return () => newSqliteLog(path, driver, () => Promise.reject(new Error('unused')));
    },
  ],
];

/** Writes a document whose vector tells its value; 0 removes it. */
function put(store: Store, documentId: string, value: number, more: object = {}): Promise<unknown> {
  return store.update((draft) => {
    if (value === 0) draft.removeDocument(documentId);
    else draft.addPosting({ documentId, vector: [value, 1, 2, 3, 4] });
  }, more);
}

function contents(store: Store): string {
  return [...postings(store.read())]
    .map(({ documentId, vector }) => `${documentId}${vector[0]}`)
    .sort()
    .join(' ');
}

describe.each(PLACES)('branches %s', (_, place) => {
  test('go their own ways, also after reopening', async () => {
    const open = place();
    const main = await openStore(open(), OPTIONS);
    await put(main, 'a', 1);
    await put(main, 'b', 2);
    await main.fork('draft');
    const draft = await main.branch('draft');
    expect([draft.version, contents(draft)]).toEqual([2, 'a1 b2']);
    await put(draft, 'c', 3);
    await put(main, 'b', 7);
    expect([contents(main), contents(draft)]).toEqual(['a1 b7', 'a1 b2 c3']);
    expect(await main.branches()).toEqual([
      { name: 'main', version: 3, start: undefined, isCurrent: true },
      { name: 'draft', version: 3, start: { branch: 'main', version: 2 }, isCurrent: false },
    ]);
    await Promise.all([main.close(), draft.close()]);
    const again = await openStore(open(), { branch: 'draft' });
    expect(contents(again)).toBe('a1 b2 c3');
    expect((await again.branches()).map(({ isCurrent }) => isCurrent)).toEqual([false, true]);
    expect((await again.log()).map(({ version }) => version)).toEqual([3, 2, 1]);
    await again.restore(1);
    expect(contents(again)).toBe('a1');
    await again.undo();
    await again.undo();
    expect(contents(again)).toBe('a1 b2');
    await again.close();
    expect(contents(await openStore(open()))).toBe('a1 b7');
  });

  test('outlive the checkpoints and trims of both sides', async () => {
    const open = place();
    const main = await openStore(open(), OPTIONS);
    for (let i = 1; i <= 7; i++) await put(main, `d${i}`, i);
    await main.checkpoint();
    await put(main, 'd8', 8);
    await main.fork('draft');
    for (let i = 9; i <= 40; i++) {
      await put(main, `d${i}`, i);
      if (i % 5 === 0) await main.checkpoint();
    }
    const draft = await openStore(open(), { branch: 'draft' });
    expect([draft.version, draft.documentCount]).toEqual([8, 8]);
    for (let i = 1; i <= 20; i++) {
      await put(draft, `e${i}`, i);
      if (i % 5 === 0) await draft.checkpoint();
    }
    const again = await openStore(open(), { branch: 'draft' });
    expect(Buffer.compare(wholeBytes(again.read()), wholeBytes(draft.read()))).toBe(0);
    expect((await again.load(8)).documentCount).toBe(8);
    await again.merge('main');
    expect(again.documentCount).toBe(60);
    await again.close();
    expect((await openStore(open())).documentCount).toBe(40);
  });

  test('are merged as a whole where one has what the other had, whatever their numbers', async () => {
    const open = place();
    const main = await openStore(open(), OPTIONS);
    await put(main, 'a', 1);
    await main.fork('draft');
    const draft = await main.branch('draft');
    await put(draft, 'b', 2);
    await put(draft, 'c', 3);
    // As many commits, which come to nothing.
    await put(main, 'x', 9);
    await put(main, 'x', 0);
    expect([main.version, contents(main)]).toEqual([draft.version, 'a1']);
    await main.merge('draft');
    expect([main.version, contents(main)]).toEqual([4, 'a1 b2 c3']);
    await main.close();
    await draft.close();
  });

  test('a deleted one is gone, with what only it needs', async () => {
    const open = place();
    const main = await openStore(open(), OPTIONS);
    await put(main, 'a', 1);
    await main.fork('one');
    const one = await main.branch('one');
    await put(one, 'b', 2);
    await one.checkpoint();
    await one.fork('two');
    const two = await one.branch('two');
    await put(two, 'c', 3);
    expect(await rejectionOf(one.deleteBranch('one'))).toBeInstanceOf(InvalidOptionError);
    expect(await rejectionOf(one.deleteBranch('main'))).toBeInstanceOf(InvalidOptionError);
    expect(await main.deleteBranch('one')).toBe(true);
    expect(await main.deleteBranch('one')).toBe(false);
    expect(await rejectionOf(main.branch('one'))).toBeInstanceOf(NoBranchError);
    // Whoever still has it open cannot write any more.
    expect(await rejectionOf(put(one, 'x', 1))).toMatchObject({ code: 'LOG_FORKED' });
    await two.close();
    const again = await openStore(open(), { branch: 'two' });
    expect(contents(again)).toBe('a1 b2 c3');
    expect((await again.branches()).at(-1)?.start).toEqual({ branch: undefined, version: 2 });
    await again.close();
    expect(await main.deleteBranch('two')).toBe(true);
    const log = open();
    await log.open();
    expect((await log.branches()).map(({ name }) => name)).toEqual(['main']);
    await log.close();
  });
});

describe('a fork', () => {
  test('costs the same whatever the size, and copies nothing', async () => {
    const calls: string[] = [];
    const inner = memoryLog();
    const log = asLog(
      wrappedLog(inner, (name, call) => {
        calls.push(name);
        return call();
      }),
      inner,
    );
    const store = await openStore(log, OPTIONS);
    const counts: string[] = [];
    for (const size of [10, 1000]) {
      await store.ingest(
        Array.from({ length: size }, (_, i) => ({ documentId: `d${i}`, vector: vectorFrom(numbers(i)) })),
      );
      calls.length = 0;
      await store.fork(`of-${size}`);
      counts.push(calls.join(' '));
    }
    expect(counts).toEqual(['entries fork notes', 'entries fork notes']);
  });

  test('starts at any version that the log leads to, or a tag', async () => {
    const first = memoryLog();
    const store = await openStore(first, OPTIONS);
    for (let i = 1; i <= 5; i++) await put(store, `d${i}`, i);
    await store.tag('five');
    await store.checkpoint();
    for (let i = 6; i <= 30; i++) {
      await put(store, `d${i}`, i);
      if (i % 10 === 0) await store.checkpoint();
    }
    await store.fork('at-25', { at: 25 });
    await store.fork('at-five', { at: 'five' });
    await store.fork('at-nothing', { at: 0 });
    const counts: number[] = [];
    for (const name of ['at-25', 'at-five', 'at-nothing']) {
      const branch = await store.branch(name);
      counts.push(branch.documentCount);
      await put(branch, 'x', 1);
      counts.push(branch.version);
    }
    expect(counts).toEqual([25, 26, 5, 6, 0, 1]);
    for (const at of [7, 31, 'six', -1, 1.5])
      expect(await rejectionOf(store.fork('gone', { at })), String(at)).toBeInstanceOf(VersionNotKeptError);
    expect(await rejectionOf(store.fork('at-25'))).toBeInstanceOf(InvalidOptionError);
    expect(await rejectionOf(store.fork('a b'))).toBeInstanceOf(InvalidOptionError);
    expect((await store.branches()).map(({ name }) => name)).toEqual([
      'main',
      'at-25',
      'at-five',
      'at-nothing',
    ]);
  });

  test('keeps old versions as its parent does', async () => {
    const first = memoryLog();
    const store = await openStore(first, { ...OPTIONS, keep: { versions: 100 } });
    await store.fork('b');
    const branch = await store.branch('b');
    for (let i = 1; i <= 30; i++) {
      await put(branch, `d${i}`, i);
      if (i % 5 === 0) await branch.checkpoint();
    }
    expect((await (await openStore(memoryLog(first), { branch: 'b' })).load(2)).documentCount).toBe(2);
  });

  test('a branch that is not there is an error that names those that are', async () => {
    const first = memoryLog();
    const store = await openStore(first, OPTIONS);
    await store.fork('b');
    const error = await rejectionOf(openStore(memoryLog(first), { branch: 'c' }));
    expect(error).toBeInstanceOf(NoBranchError);
    expect(error).toMatchObject({ code: 'NO_BRANCH', branch: 'c' });
    expect((error as Error).message).toContain('main, b');
    expect(await rejectionOf(store.branch('c'))).toBeInstanceOf(NoBranchError);
    expect(await rejectionOf(store.merge('c'))).toBeInstanceOf(NoBranchError);
    expect(await rejectionOf(store.merge('main'))).toBeInstanceOf(InvalidOptionError);
    expect(() => sqliteLog({ path: 'x.db' }).branch('')).toThrow(InvalidOptionError);
  });
});

/** Main with a1 b2, and a branch of it. */
async function pair(): Promise<{ main: Store; branch: Store; open: () => CommitLog }> {
  const first = memoryLog();
  const main = await openStore(first, { ...OPTIONS, keep: { versions: 1000 } });
  await put(main, 'a', 1);
  await put(main, 'b', 2);
  await main.fork('b');
  return { main, branch: await main.branch('b'), open: () => memoryLog(first) };
}

describe('merging', () => {
  test('takes what the branch changed since both parted, and says so in the log', async () => {
    const { main, branch } = await pair();
    await put(branch, 'a', 0);
    await put(branch, 'c', 3);
    await put(main, 'd', 4);
    const commit = await main.merge('b', { author: 'ann', message: 'takes it over' });
    expect([commit.version, contents(main)]).toEqual([4, 'b2 c3 d4']);
    expect((await main.log({ limit: 1 }))[0]).toMatchObject({
      author: 'ann',
      message: 'takes it over',
      merged: { branch: 'b', version: 4 },
    });
    expect((await main.merge('b')).isEmpty).toBe(true);
    expect(main.version).toBe(4);
    await main.undo();
    expect(contents(main)).toBe('a1 b2 d4');
  });

  test('of a side that has changed nothing takes the other one as it is', async () => {
    const { main, branch } = await pair();
    await put(branch, 'c', 3);
    await put(branch, 'c', 4);
    const commit = await main.merge('b');
    expect([commit.version, contents(main)]).toEqual([3, 'a1 b2 c4']);
    // Only what changed is written.
    expect(commit.delta.added.length + commit.delta.updated.length).toBe(1);
    expect((await branch.merge('main')).isEmpty).toBe(true);
  });

  test('conflicts are named and decided', async () => {
    const { main, branch } = await pair();
    await put(branch, 'a', 5);
    await put(main, 'a', 6);
    const error = await rejectionOf(main.merge('b'));
    expect(error).toBeInstanceOf(MergeConflictError);
    expect(main.version).toBe(3);
    expect(await rejectionOf(main.merge('b', { onConflict: 'mine' as 'ours' }))).toBeInstanceOf(
      InvalidOptionError,
    );
    await main.merge('b', { onConflict: () => [9, 1, 2, 3, 4] });
    expect(contents(main)).toBe('a9 b2');
    // That was decided; it is no conflict the next time.
    await put(branch, 'b', 7);
    await main.merge('b');
    expect(contents(main)).toBe('a9 b7');
    await branch.merge('main');
    expect(contents(branch)).toBe('a9 b7');
  });

  test('again and again goes from the last merge, in both directions and after reopening', async () => {
    const { main, branch, open } = await pair();
    for (let round = 1; round <= 4; round++) {
      await put(branch, 'a', 10 + round);
      const onto = await openStore(open());
      await onto.merge('b');
      expect(contents(onto)).toBe(`a${10 + round} b${round === 1 ? 2 : 19 + round}`);
      await put(onto, 'b', 20 + round);
      const other = await openStore(open(), { branch: 'b' });
      await other.merge('main');
      expect(contents(other)).toBe(`a${10 + round} b${20 + round}`);
      await Promise.all([main.refresh(), branch.refresh()]);
    }
  });

  test('remembers a merge whose entry is gone', async () => {
    const first = memoryLog();
    const main = await openStore(first, { ...OPTIONS, keep: { versions: 1 } });
    await put(main, 'a', 1);
    await main.fork('b');
    const branch = await openStore(memoryLog(first), { branch: 'b', keep: { versions: 1000 } });
    await put(branch, 'a', 2);
    await main.merge('b');
    await put(main, 'a', 3);
    for (let i = 0; i < 4; i++) {
      await put(main, 'x', i + 1);
      await main.checkpoint();
    }
    expect(await main.log()).toHaveLength(2);
    await put(branch, 'c', 4);
    await main.merge('b');
    expect(contents(main)).toBe('a3 c4 x4');
  });

  test('does what the owners of the documents say, whoever merged what and when', async () => {
    // Everybody writes documents of his own; so the later state of a document is that of its owner, and never a conflict.
    const names = ['main', 'p', 'q', 'r'];
    const step = fc.record({
      what: fc.constantFrom('write', 'write', 'up', 'down', 'checkpoint', 'reopen', 'race'),
      who: fc.constantFrom(...names),
      n: fc.nat(2),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const first = memoryLog();
        const open = (branch: string): Promise<Store> => openStore(memoryLog(first), { branch });
        const keep = { versions: 1000 };
        const stores = new Map<string, Store>();
        stores.set('main', await openStore(memoryLog(first), { ...OPTIONS, keep }));
        const twins = new Map<string, Map<string, number>>(names.map((name) => [name, new Map()]));
        const storeOf = (name: string): Store => stores.get(name) as Store;
        const twinOf = (name: string): Map<string, number> => twins.get(name) as Map<string, number>;
        for (const name of names.slice(1)) {
          await put(storeOf('main'), 'start', 1);
          await storeOf('main').fork(name);
          stores.set(name, await open(name));
          for (const twin of ['main', name]) twinOf(twin).set('start', 1);
        }
        let value = 1;
        const merge = async (from: string, to: string): Promise<void> => {
          await storeOf(to).merge(from);
          for (const [id, theirs] of twinOf(from))
            if (Math.abs(theirs) > Math.abs(twinOf(to).get(id) ?? 0)) twinOf(to).set(id, theirs);
        };
        for (const { what, who, n } of steps) {
          const id = `${who}-${n}`;
          if (what === 'write') {
            value++;
            const isRemoved = value % 4 === 0;
            await put(storeOf(who), id, isRemoved ? 0 : value);
            twinOf(who).set(id, isRemoved ? -value : value);
          } else if (what === 'checkpoint') await storeOf(who).checkpoint();
          else if (what === 'reopen') stores.set(who, await open(who));
          else if (who === 'main') continue;
          else if (what === 'up') await merge(who, 'main');
          else if (what === 'down') await merge('main', who);
          else {
            // Both are changed while they are being merged.
            value++;
            const other = await open('main');
            await Promise.all([
              merge(who, 'main'),
              put(other, 'main-0', value).then(() => twinOf('main').set('main-0', value)),
            ]);
            await storeOf('main').refresh();
          }
          for (const name of names) {
            const wanted = [...twinOf(name)]
              .filter(([, theirs]) => theirs > 0)
              .map(([documentId, theirs]) => `${documentId}${theirs}`);
            expect(contents(storeOf(name)), name).toBe(wanted.sort().join(' '));
          }
        }
        for (const name of names) {
          const again = await open(name);
          expect(Buffer.compare(wholeBytes(again.read()), wholeBytes(storeOf(name).read()))).toBe(0);
        }
      }),
      { numRuns: 60 },
    );
  }, 240_000);
});

describe.each(PLACES)('versions that are loaded one on top of the other %s', (_, place) => {
  test('share what did not change, on one branch and on two', async () => {
    const open = place();
    const store = await openStore(open(), { ...OPTIONS, keep: { versions: 100 } });
    const next = numbers(3);
    for (let i = 0; i < 30; i++)
      await store.update((draft) => {
        draft.addPosting({ documentId: `d${i}`, vector: vectorFrom(next) });
        for (let j = 0; i === 0 && j < 300; j++)
          draft.addPosting({ documentId: `first ${j}`, vector: vectorFrom(next) });
      });
    await store.fork('draft', { at: 20 });
    await store.close();
    const again = await openStore(open());
    const draft = await again.branch('draft');
    await put(draft, 'd3', 7);
    const base = await again.load(15);
    const [main, other] = [await again.load(25, { since: base }), await draft.load(21, { since: base })];
    expect([main.version, other.version]).toEqual([25, 21]);
    for (const index of [main, other]) {
      const shared = [...index.shards.values()].filter((shard) => base.shards.get(shard.id) === shard);
      expect(shared.length).toBeGreaterThan(base.shardCount / 3);
      expect(shared.length).toBeLessThan(index.shardCount);
    }
    expect(Buffer.compare(wholeBytes(main), wholeBytes(await again.load(25)))).toBe(0);
    expect(await again.load(15, { since: base })).toBe(base);
    expect(await rejectionOf(again.load(14, { since: base }))).toBeInstanceOf(InvalidOptionError);
    expect(await rejectionOf(again.load(30, { since: other }))).toBeInstanceOf(InvalidOptionError);
    expect(await rejectionOf(again.load(31, { since: base }))).toBeInstanceOf(VersionNotKeptError);
    expect(await rejectionOf(again.load('none', { since: base }))).toBeInstanceOf(VersionNotKeptError);
    await Promise.all([again.close(), draft.close()]);
  });
});
