/* Time in a store: the log as people read it, old versions by policy, undoing and redoing; all of it after reopening, too. */

import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { InvalidOptionError, VersionNotKeptError, documentIds, postings } from 'shardex';
import { type CommitLog, type Store, type StoreOptions, memoryLog, openStore } from 'shardex/store';
import { rejectionOf } from '../support/thrown.js';
import { numbers, vectorFrom, wholeBytes } from './support/versions.js';

const OPTIONS: StoreOptions = { dimensions: 5, shardCapacity: 24 };

function add(store: Store, documentId: string, more: object = {}): Promise<unknown> {
  return store.update((draft) => {
    draft.addPosting({ documentId, vector: vectorFrom(numbers(documentId.length)) });
  }, more);
}

function ids(store: Store): string {
  return [...documentIds(store.read())].sort().join(' ');
}

/** A place that stores are opened on again and again. */
function place(): () => CommitLog {
  const first = memoryLog();
  return () => memoryLog(first);
}

describe('the log', () => {
  test('says of each commit what is known, newest first', async () => {
    const open = place();
    const store = await openStore(open(), OPTIONS);
    const before = Date.now();
    await add(store, 'a', { author: 'ann', message: 'the first one', token: 'one' });
    await add(store, 'bb');
    await store.tag('two');
    await store.tag('zwei');
    await add(store, 'ccc', { message: '✂️'.repeat(900) });
    const [third, second, first] = await store.log();
    expect(first).toMatchObject({ version: 1, author: 'ann', message: 'the first one', token: 'one' });
    expect(first.tags).toEqual([]);
    expect(first.time).toBeGreaterThanOrEqual(before);
    expect(first.time).toBeLessThanOrEqual(Date.now());
    expect(first.bytes).toBeGreaterThan(100);
    expect(second).toMatchObject({ version: 2, tags: ['two', 'zwei'] });
    expect('author' in second || 'message' in second || 'kind' in second).toBe(false);
    // One that says more than a list has of it.
    expect(third.message).toBe('✂️'.repeat(900));
    await store.close();
    const again = await openStore(open());
    expect(await again.log()).toEqual([third, second, first]);
    expect((await again.log({ limit: 1 })).map(({ version }) => version)).toEqual([3]);
    expect((await again.log({ before: 3, limit: 1 })).map(({ version }) => version)).toEqual([2]);
    expect(await again.log({ before: 1 })).toEqual([]);
    for (const options of [{ limit: 0 }, { before: -1 }, { limit: 1.5 }, { most: 3 } as object])
      expect(await rejectionOf(again.log(options))).toBeInstanceOf(InvalidOptionError);
  });

  test('goes back as far as the log, page by page, and no farther than what is visible', async () => {
    const open = place();
    const store = await openStore(open(), OPTIONS);
    await Promise.all(Array.from({ length: 1200 }, (_, i) => add(store, `d${i}`)));
    const all = await store.log({ limit: Infinity });
    expect(all.map(({ version }) => version)).toEqual(Array.from({ length: 1200 }, (_, i) => 1200 - i));
    expect(await store.log()).toHaveLength(100);
    const other = await openStore(open());
    await add(other, 'more');
    expect((await store.log({ limit: 1 }))[0].version).toBe(1200);
    await store.refresh();
    expect((await store.log({ limit: 1 }))[0].version).toBe(1201);
  });
});

/** Makes versions with a checkpoint after every tenth of them; as many as there are documents. */
async function grown(store: Store, to: number): Promise<void> {
  for (let i = store.version + 1; i <= to; i++) {
    await add(store, `d${i}`);
    if (i % 10 === 0) await store.checkpoint();
  }
}

async function loadable(store: Store): Promise<number[]> {
  const found: number[] = [];
  for (let version = 1; version <= store.version; version++)
    if (await store.load(version).then(...[() => true, () => false])) found.push(version);
  return found;
}

function from(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** Bytes of a log beside its newest checkpoint, counted anew. */
async function bytesOfOld(log: CommitLog): Promise<number> {
  await log.open();
  const chunks = new Set<string>();
  let bytes = 0;
  const checkpoints = await log.checkpoints();
  for (const { version } of [...checkpoints].reverse()) {
    const checkpoint = await log.latestCheckpoint(version);
    const isNewest = chunks.size === 0;
    if (!isNewest) bytes += checkpoint?.manifest.length ?? 0;
    for (const key of checkpoint?.chunks ?? []) {
      if (!isNewest && !chunks.has(key)) bytes += (await log.chunk(key)).length;
      chunks.add(key);
    }
  }
  for (const { byteLength } of await log.entries(10_000, 10_000)) bytes += byteLength;
  return bytes;
}

describe('old versions', () => {
  test('without a policy they go back to the checkpoint before the last', async () => {
    const open = place();
    await grown(await openStore(open(), OPTIONS), 45);
    const store = await openStore(open());
    expect(await loadable(store)).toEqual(from(30, 45));
    const error = (await rejectionOf(store.load(7))) as Error;
    expect(error).toBeInstanceOf(VersionNotKeptError);
    expect(error).toMatchObject({ code: 'VERSION_NOT_KEPT', wanted: 7 });
    expect(error.message).toMatch(/Version 7 is gone.*back to 30.*keep:/s);
    expect(await rejectionOf(store.restore(7))).toBeInstanceOf(VersionNotKeptError);
    expect(await rejectionOf(store.load(46))).toBeInstanceOf(VersionNotKeptError);
  });

  test('by number: at least so many, from a checkpoint on', async () => {
    const open = place();
    await grown(await openStore(open(), { ...OPTIONS, keep: { versions: 25 } }), 60);
    const store = await openStore(open());
    // At the last checkpoint: 60 - 25 is 35.
    expect(await loadable(store)).toEqual(from(30, 60));
    expect((await store.load(33)).documentCount).toBe(33);
    expect((await store.restore(31)).index.documentCount).toBe(31);
  });

  test('the policy stays with the store, and another one takes its place', async () => {
    const open = place();
    await grown(await openStore(open(), { ...OPTIONS, keep: { versions: 1000 } }), 30);
    await grown(await openStore(open()), 60);
    expect(await loadable(await openStore(open()))).toEqual(from(1, 60));
    await grown(await openStore(open(), { keep: { versions: 1 } }), 70);
    expect(await loadable(await openStore(open()))).toEqual(from(60, 70));
  });

  test('by age', async () => {
    const open = place();
    vi.useFakeTimers({ toFake: ['Date'], now: 1e12 });
    try {
      const store = await openStore(open(), { ...OPTIONS, keep: { maxAge: 60_000 } });
      await grown(store, 30);
      vi.setSystemTime(1e12 + 59_999);
      await grown(store, 50);
      expect(await loadable(await openStore(open()))).toEqual(from(1, 50));
      vi.setSystemTime(1e12 + 60_000);
      await grown(store, 60);
      // Version 29 was superseded a minute ago, by 30; version 30 just now.
      expect(await loadable(await openStore(open()))).toEqual(from(30, 60));
    } finally {
      vi.useRealTimers();
    }
  });

  test('by bytes: no more than so many, but those back to the checkpoint before the last', async () => {
    const open = place();
    const store = await openStore(open(), { ...OPTIONS, keep: { maxBytes: 1 << 30 } });
    await grown(store, 100);
    const all = await loadable(await openStore(open()));
    expect(all).toEqual(from(1, 100));
    const least = await openStore(open(), { keep: { maxBytes: 1 } });
    await grown(least, 110);
    expect(await loadable(await openStore(open()))).toEqual(from(100, 110));
    const lengths: number[] = [];
    for (const maxBytes of [60_000, 200_000]) {
      const some = await openStore(open(), { keep: { maxBytes } });
      await grown(some, some.version + 200);
      lengths.push((await loadable(await openStore(open()))).length);
      expect(await bytesOfOld(open())).toBeLessThanOrEqual(maxBytes);
    }
    expect(lengths[0]).toBeGreaterThan(20);
    expect(lengths[1]).toBeGreaterThan(lengths[0] + 15);
    expect(lengths[1]).toBeLessThan(190);
  });

  test('with several bounds a version has to be within all of them', async () => {
    const open = place();
    const keep = { versions: 15, maxAge: 1e9 };
    await grown(await openStore(open(), { ...OPTIONS, keep }), 60);
    expect(await loadable(await openStore(open()))).toEqual(from(40, 60));
  });

  test('tags stay whatever the policy', async () => {
    const open = place();
    const store = await openStore(open(), { ...OPTIONS, keep: { versions: 5 } });
    await grown(store, 12);
    await store.tag('twelve');
    await grown(store, 60);
    const again = await openStore(open());
    expect(await loadable(again)).toEqual([12, ...from(50, 60)]);
    expect((await again.load('twelve')).documentCount).toBe(12);
    await again.untag('twelve');
    await grown(again, 80);
    expect(await loadable(await openStore(open()))).toEqual(from(70, 80));
  });

  test.each([{}, { versions: 0 }, { maxAge: -1 }, { maxBytes: 1.5 }, { days: 3 }, 7, null])(
    'keep: %j is refused, and nothing is made',
    async (keep) => {
      const log = memoryLog();
      const options = { ...OPTIONS, keep } as StoreOptions;
      expect(await rejectionOf(openStore(log, options))).toBeInstanceOf(InvalidOptionError);
      expect(await memoryLog(log).open()).toMatchObject({ settings: undefined });
    },
  );
});

describe('restoring a version out of the log', () => {
  test('writes what differs, not all of it', async () => {
    const open = place();
    const store = await openStore(open(), { ...OPTIONS, keep: { versions: 1000 } });
    await store.ingest(
      Array.from({ length: 2000 }, (_, i) => ({ documentId: `d${i}`, vector: vectorFrom(numbers(i)) })),
    );
    await store.update((draft) => {
      for (let i = 0; i < 2000; i++)
        draft.putDocument(`d${i}`, { text: `the text of ${i}`, metadata: { i } });
    });
    await store.update((draft) => {
      draft.removeDocument('d7');
      draft.setText('d8', 'another one');
      draft.addPosting({ documentId: 'new', vector: [1, 2, 3, 4, 5] });
    });
    const again = await openStore(open());
    const { index } = await again.restore(2);
    expect(index.version).toBe(4);
    const old = await store.load(2);
    expect([...postings(index)]).toEqual([...postings(old)]);
    expect(index.records.get('d8')).toEqual(old.records.get('d8'));
    const [restored] = await again.log({ limit: 1 });
    expect(restored.bytes).toBeLessThan(5000);
  });
});

describe('undoing and redoing', () => {
  test('goes back step by step, and forth again, also after reopening', async () => {
    const open = place();
    let store = await openStore(open(), OPTIONS);
    for (const documentId of ['a', 'b', 'c']) await add(store, documentId);
    expect(await store.redo()).toBeUndefined();
    const undone = await store.undo({ author: 'ann', message: 'no' });
    expect([undone?.version, ids(store)]).toEqual([4, 'a b']);
    expect((await store.log({ limit: 1 }))[0]).toMatchObject({ kind: 'undo', author: 'ann', message: 'no' });
    await store.close();
    store = await openStore(open());
    await store.undo();
    expect(ids(store)).toBe('a');
    await store.redo();
    expect(ids(store)).toBe('a b');
    store = await openStore(open());
    await store.redo();
    expect(ids(store)).toBe('a b c');
    expect((await store.log({ limit: 1 }))[0].kind).toBe('redo');
    expect(await store.redo()).toBeUndefined();
    for (const wanted of ['a b', 'a', '']) {
      await store.undo();
      expect(ids(store)).toBe(wanted);
    }
    expect(await store.undo()).toBeUndefined();
    expect(store.version).toBe(10);
  });

  test('another commit clears what could be redone', async () => {
    const store = await openStore(memoryLog(), OPTIONS);
    await add(store, 'a');
    await add(store, 'b');
    await store.undo();
    await add(store, 'c');
    expect(await store.redo()).toBeUndefined();
    await store.undo();
    expect(ids(store)).toBe('a');
    await store.redo();
    expect(ids(store)).toBe('a c');
    await store.undo();
    await store.undo();
    expect(ids(store)).toBe('');
  });

  test('is made once by its token, and waits for what is being written', async () => {
    const store = await openStore(memoryLog(), OPTIONS);
    void add(store, 'a');
    void add(store, 'b');
    const once = await store.undo({ token: 'back' });
    expect(ids(store)).toBe('a');
    expect((await store.undo({ token: 'back' }))?.isEmpty).toBe(true);
    expect([once?.version, ids(store)]).toEqual([3, 'a']);
  });

  test('says that a state is gone', async () => {
    const open = place();
    const store = await openStore(open(), OPTIONS);
    await grown(store, 30);
    const again = await openStore(open());
    for (let i = 0; i < 10; i++) await again.undo();
    expect(again.documentCount).toBe(20);
    expect(await rejectionOf(again.undo())).toMatchObject({ code: 'VERSION_NOT_KEPT', wanted: 19 });
    expect([again.version, again.documentCount]).toEqual([40, 20]);
  });

  test('does what two stacks do', async () => {
    const STEPS = ['write', 'write', 'undo', 'undo', 'redo', 'restore', 'reopen', 'checkpoint'] as const;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...STEPS), { maxLength: 30 }), async (steps) => {
        const open = place();
        let store = await openStore(open(), { ...OPTIONS, keep: { versions: 1000 } });
        const past: string[] = [];
        let now = '';
        let future: string[] = [];
        let n = 0;
        for (const step of steps) {
          if (step === 'write') {
            await add(store, `d${++n}`);
            past.push(now);
            now = ids(store);
            future = [];
          } else if (step === 'undo') {
            const commit = await store.undo();
            expect(commit === undefined).toBe(past.length === 0);
            if (commit === undefined) continue;
            future.push(now);
            now = past.pop() ?? '';
          } else if (step === 'redo') {
            const commit = await store.redo();
            expect(commit === undefined).toBe(future.length === 0);
            if (commit === undefined) continue;
            past.push(now);
            now = future.pop() ?? '';
          } else if (step === 'restore') {
            const { isEmpty } = await store.restore(Math.floor(store.version / 2));
            if (isEmpty) continue;
            past.push(now);
            now = ids(store);
            future = [];
          } else if (step === 'checkpoint') await store.checkpoint();
          else store = await openStore(open());
          expect(ids(store)).toBe(now);
        }
        const again = await openStore(open());
        expect(Buffer.compare(wholeBytes(again.read()), wholeBytes(store.read()))).toBe(0);
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});
