/*
 * One answer for each old version, whoever asks: what is in memory or in the log can be loaded, restored, compared, tagged, and
 * branched from; what is gone is told as gone, in the same words. Tags of other processes count as one's own.
 */

import { describe, expect, test } from 'vitest';
import { InvalidOptionError, VersionNotKeptError, diff, documentIds } from 'shardex';
import {
  type CommitLog,
  NoBranchError,
  type Store,
  type StoreOptions,
  memoryLog,
  openStore,
} from 'shardex/store';
import { rejectionOf, thrownBy } from '../support/thrown.js';
import { wholeBytes } from './support/versions.js';
import { asLog, wrappedLog } from './support/wrapped-log.js';

const OPTIONS: StoreOptions = { dimensions: 2, shardCapacity: 8 };

/** A place that stores are opened on again and again. */
function place(): () => CommitLog {
  const first = memoryLog();
  return () => memoryLog(first);
}

/** Makes versions, one document more in each, with a checkpoint at some of them. */
async function grown(store: Store, to: number, checkpoints: readonly number[] = []): Promise<void> {
  for (let version = store.version + 1; version <= to; version++) {
    await store.update(
      (draft) => {
        draft.addPosting({ documentId: `d${version}`, vector: [version, 1] });
      },
      { token: `write ${version}` },
    );
    if (checkpoints.includes(version)) await store.checkpoint();
  }
}

/** Version 3 tagged, 20 to 33 in the log, checkpoints of 20 and 30; nothing else. */
async function long(open: () => CommitLog): Promise<void> {
  const store = await openStore(open(), OPTIONS);
  await grown(store, 3);
  await store.tag('three');
  await grown(store, 33, [10, 20, 30]);
  await store.close();
}

/** What a version is, by each way to it; each way makes what it makes out of nothing else. */
const WAYS: Readonly<Record<string, (store: Store, version: number) => Promise<number>>> = {
  load: async (store, version) => (await store.load(version)).documentCount,
  'load by another tag': async (store, version) => {
    await store.tag('other', version);
    return (await store.load('other')).documentCount;
  },
  restore: async (store, version) => (await store.restore(version)).index.documentCount,
  fork: async (store, version) => {
    await store.fork('branch', { at: version });
    return (await store.branch('branch')).documentCount;
  },
  diff: async (store, version) => diff(await store.load(0), await store.load(version)).documents.added.length,
};

describe.each(Object.entries(WAYS))('%s', (_, way) => {
  test.each([
    ['tagged, and nothing around it left', 3],
    ['at the oldest checkpoint', 20],
    ['behind the newest checkpoint', 25],
    ['at the newest checkpoint', 30],
    ['after it', 32],
    ['the current one', 33],
    ['of nothing', 0],
  ])('gives a version out of the log: %s', async (_what, version) => {
    const open = place();
    await long(open);
    expect(await way(await openStore(open()), version)).toBe(version);
  });

  test('gives a version that is in memory alone', async () => {
    const store = await openStore(place()(), { ...OPTIONS, history: { versions: 100 } });
    await grown(store, 33, [10, 20, 30]);
    expect(await way(store, 7)).toBe(7);
  });

  test.each([4, 19])('tells that version %i is gone, and what to do', async (version) => {
    const open = place();
    await long(open);
    const store = await openStore(open());
    const error = (await rejectionOf(way(store, version))) as Error;
    expect(error).toBeInstanceOf(VersionNotKeptError);
    expect(error).toMatchObject({ code: 'VERSION_NOT_KEPT', wanted: version });
    expect(error.message).toMatch(/is gone.*back to 20 .*"three" \(3\).*keep: .*tag/s);
    // Nothing is half done.
    expect([store.version, ...store.tags().keys()]).toEqual([33, 'three']);
    expect((await store.branches()).map(({ name }) => name)).toEqual(['main']);
  });

  test.each([34, -1, 1.5, NaN])('tells that there never was a version %d', async (version) => {
    const open = place();
    await long(open);
    const error = (await rejectionOf(way(await openStore(open()), version))) as Error;
    expect(error).toBeInstanceOf(VersionNotKeptError);
    expect(error.message).toMatch(/There is no version .* up to 33, .*"three" \(3\)/);
  });
});

describe('at, which does not wait,', () => {
  test('says to load what is not in memory', async () => {
    const open = place();
    await long(open);
    const store = await openStore(open());
    expect(store.at(33)).toBe(store.read());
    const messageOf = (wanted: number | string): string => {
      const error = thrownBy(() => store.at(wanted)) as VersionNotKeptError;
      expect(error).toBeInstanceOf(VersionNotKeptError);
      expect(error.wanted).toBe(wanted);
      return error.message;
    };
    expect(messageOf(25)).toMatch(/Version 25 is not in memory; those that are: 33\..*await load\(25\)/);
    expect(messageOf('three')).toMatch(/await load\("three"\)/);
    expect(messageOf('four')).toMatch(/There is no tag "four".*"three" \(3\)/);
    expect(messageOf(34)).toMatch(/There is no version 34/);
    expect(() => store.pin({ version: 25 })).toThrow(/await load\(25\)/);
  });
});

describe('tagging a version out of the log', () => {
  test('keeps it, whole, whatever is dropped later, and not in memory', async () => {
    const open = place();
    const first = await openStore(open(), OPTIONS);
    await grown(first, 25, [10, 20]);
    const wanted = wholeBytes(first.read());
    await grown(first, 33, [30]);
    await first.close();
    const store = await openStore(open());
    await store.tag('then', 25);
    expect(store.versions()).toEqual([33]);
    await grown(store, 70, [40, 50, 60]);
    const again = await openStore(open());
    expect(await rejectionOf(again.load(26))).toBeInstanceOf(VersionNotKeptError);
    expect(Buffer.compare(wholeBytes(await again.load('then')), wanted)).toBe(0);
    expect(await again.outcome('write 33')).toEqual({ version: 33 });
  });

  test('puts no row that lies in a chunk already', async () => {
    const open = place();
    const first = await openStore(open(), OPTIONS);
    await first.ingest(Array.from({ length: 5000 }, (_, i) => ({ documentId: `r${i}`, vector: [i, 1] })));
    await first.checkpoint();
    await grown(first, 20);
    await first.close();
    const put: number[] = [];
    const log = open();
    const putChunk = log.putChunk.bind(log);
    log.putChunk = (key, bytes) => {
      put.push(bytes.length);
      return putChunk(key, bytes);
    };
    const store = await openStore(log);
    await store.tag('then', 10);
    // Nine documents of one row.
    expect(put).toHaveLength(1);
    expect(put[0]).toBeLessThan(2000);
    // Nor does it make the next checkpoint put more.
    await store.checkpoint();
    expect(put).toHaveLength(2);
    expect(put[1]).toBeLessThan(3000);
  });

  test('works for one whose token is long forgotten', async () => {
    const open = place();
    const history = { versions: 2000 };
    const store = await openStore(open(), { ...OPTIONS, history, keep: { versions: 3000 } });
    await grown(store, 1400, [5, 1200, 1300]);
    await (await openStore(open())).tag('log', 7);
    const other = await openStore(open(), { keep: { versions: 1 } });
    await other.compact();
    expect(await rejectionOf(other.load(8))).toBeInstanceOf(VersionNotKeptError);
    await store.tag('memory', 8);
    for (const name of ['log', 'memory']) {
      const again = await openStore(open());
      const { version, documentCount } = await again.load(name);
      expect([version, documentCount]).toEqual(name === 'log' ? [7, 7] : [8, 8]);
      await again.fork(name, { at: name });
      const branch = await again.branch(name);
      await grown(branch, version + 1);
      expect((await again.branch(name)).version).toBe(version + 1);
    }
  });
});

describe('tags of another process', () => {
  /** Two stores on one log, both open before either has tagged. */
  async function two(): Promise<readonly [Store, Store, () => CommitLog]> {
    const open = place();
    const one = await openStore(open(), OPTIONS);
    await grown(one, 5);
    return [one, await openStore(open()), open];
  }

  test.each(['checkpoint', 'compact'] as const)('stay when this one makes room by %s', async (way) => {
    const [one, other, open] = await two();
    await one.tag('five');
    await grown(other, 40, [10, 20, 30]);
    await other[way]();
    expect((await (await openStore(open())).load('five')).documentCount).toBe(5);
  });

  test('can be loaded, restored, branched from, and removed; and are taken', async () => {
    const [one, other] = await two();
    await one.tag('five');
    expect((await other.load('five')).version).toBe(5);
    await one.tag('again', 5);
    await other.fork('b', { at: 'again' });
    await one.tag('third', 5);
    await other.restore('third');
    await one.tag('fourth', 5);
    expect((await other.log({ before: 6, limit: 1 }))[0].tags).toEqual(['five', 'again', 'third', 'fourth']);
    await one.tag('fifth', 5);
    await other.refresh();
    expect(other.tags().get('fifth')).toBe(5);
    await one.tag('sixth', 5);
    expect(await rejectionOf(other.tag('sixth'))).toBeInstanceOf(InvalidOptionError);
    expect(await other.untag('sixth')).toBe(true);
    expect(await rejectionOf(one.load('sixth'))).toBeInstanceOf(VersionNotKeptError);
    expect(() => one.at('sixth')).toThrow(VersionNotKeptError);
  });

  test('name what they were moved to', async () => {
    const [one, other] = await two();
    await one.tag('here');
    await other.untag('here');
    await grown(other, 6);
    await other.tag('here');
    await one.refresh();
    expect((await one.load('here')).version).toBe(6);
    expect([...documentIds(one.at(6))]).toHaveLength(6);
  });

  test('survive one that drops old versions while they are being made', async () => {
    const open = place();
    const first = await openStore(open(), OPTIONS);
    await grown(first, 15, [10]);
    const log = open();
    const other = await openStore(open());
    await grown(other, 39, [20, 30]);
    const putNote = log.putNote.bind(log);
    log.putNote = async (name, bytes) => {
      // The checkpoint is there, but nothing says yet that it is to stay.
      await grown(other, 60, [40, 50, 60]);
      await putNote(name, bytes);
    };
    const store = await openStore(log);
    await store.tag('then', 35);
    expect((await (await openStore(open())).load('then')).documentCount).toBe(35);
  });
});

test('tags that are made at once are all there, and one of two of a name is refused', async () => {
  const open = place();
  await long(open);
  const store = await openStore(open());
  const tagged = await Promise.allSettled([
    ...[20, 25, 31, 33].map((version) => store.tag(`t${version}`, version)),
    ...[21, 22].map((version) => store.tag('same', version)),
  ]);
  expect(tagged.map(({ status }) => status === 'fulfilled')).toEqual([true, true, true, true, true, false]);
  await grown(store, 90, [60, 70, 80]);
  const again = await openStore(open());
  expect(again.tags().size).toBe(6);
  for (const [name, version] of again.tags())
    expect((await again.load(name)).documentCount, name).toBe(version);
});

test('a checkpoint that is under way when a version is to be tagged leaves it there', async () => {
  const store = await openStore(place()(), { ...OPTIONS, history: { versions: 100 } });
  await grown(store, 29, [10, 20]);
  const [made] = await Promise.all([store.checkpoint(), store.tag('then', 12)]);
  expect(made).toBeDefined();
  await grown(store, 60, [40, 50]);
  expect((await store.load('then')).documentCount).toBe(12);
});

test('a branch is made of a version in memory, though checkpoints drop old ones meanwhile', async () => {
  const inner = place()();
  let asked = 0;
  const log = wrappedLog(inner, async (name, call) => {
    // A checkpoint was made of it, as the log does not lead there; the next ones are not to drop that.
    if (name === 'fork' && ++asked === 1) await grown(store, 60, [40, 50, 60]);
    return call();
  });
  const store: Store = await openStore(asLog(log, inner), { ...OPTIONS, history: { versions: 100 } });
  await grown(store, 33, [10, 20, 30]);
  await store.fork('b', { at: 12 });
  expect((await store.branch('b')).documentCount).toBe(12);
  // It starts there, and so needs nobody to hold it.
  await grown(store, 90, [70, 80, 90]);
  expect((await store.branch('b')).documentCount).toBe(12);
});

test('undoing a tagged version of which nothing else is left says that what came before is gone', async () => {
  const open = place();
  await long(open);
  const store = await openStore(open());
  await store.fork('b', { at: 'three' });
  const branch = await store.branch('b');
  expect(await rejectionOf(branch.undo())).toMatchObject({ code: 'VERSION_NOT_KEPT', wanted: 2 });
  expect(await branch.redo()).toBeUndefined();
  await grown(branch, 4);
  expect((await branch.undo())?.index.documentCount).toBe(3);
});

test('a branch that tags what its parent drops has it, but no branch can start there', async () => {
  const open = place();
  const store = await openStore(open(), OPTIONS);
  await grown(store, 33, [10, 20, 30]);
  await store.fork('b');
  const branch = await store.branch('b');
  await branch.tag('then', 25);
  await grown(store, 70, [40, 50, 60]);
  expect(await rejectionOf(store.load(25))).toBeInstanceOf(VersionNotKeptError);
  expect((await branch.load('then')).documentCount).toBe(25);
  const error = (await rejectionOf(branch.fork('c', { at: 'then' }))) as Error;
  expect(error).toBeInstanceOf(VersionNotKeptError);
  expect(error.message).toMatch(/Restore it here/);
  const { version } = await branch.restore('then');
  await branch.fork('c', { at: version });
  expect((await store.branch('c')).documentCount).toBe(25);
});

test.each([
  ['checkpoint', (store: Store) => store.checkpoint()],
  ['tag', (store: Store) => store.tag('here')],
  ['compact', (store: Store) => store.compact()],
] as const)('%s on a branch that was deleted meanwhile fails', async (_, work) => {
  const store = await openStore(place()(), OPTIONS);
  await grown(store, 3);
  await store.fork('b');
  const branch = await store.branch('b');
  await grown(branch, 5);
  await store.deleteBranch('b');
  expect(await rejectionOf(work(branch))).toBeInstanceOf(NoBranchError);
});
