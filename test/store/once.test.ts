/*
 * A write with a token is made once, whichever way it is written, however many tries there are at a time, and wherever they are
 * made. Its token tells what became of it, also after reopening; and an abort counts until the changes are decided.
 */

import { describe, expect, test } from 'vitest';
import type { Commit } from 'shardex';
import { type CommitLog, type Store, type StoreOptions, memoryLog, openStore } from 'shardex/store';
import { rejectionOf } from '../support/thrown.js';
import { gated } from './support/wrapped-log.js';

const OPTIONS: StoreOptions = { dimensions: 1 };
const ONCE = { token: 'once' };
/** As many postings as there were tries; so a try that was made again shows. */
let tries = 0;

function row(): { documentId: string; vector: number[] } {
  return { documentId: `try ${++tries}`, vector: [tries] };
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** A place that stores are opened on again and again: two commits, and a branch with one of its own. */
async function place(): Promise<() => CommitLog> {
  const first = memoryLog();
  const store = await openStore(first, OPTIONS);
  for (const documentId of ['a', 'b'])
    await store.update((draft) => {
      draft.addPosting({ documentId, vector: [1] });
    });
  await store.fork('branch');
  const branch = await store.branch('branch');
  await branch.update((draft) => {
    draft.addPosting({ documentId: 'theirs', vector: [2] });
  });
  await store.close();
  return () => memoryLog(first);
}

/** Every way to write with a token. */
const WAYS: Readonly<Record<string, (store: Store) => Promise<Commit | undefined>>> = {
  update: (store) =>
    store.update((draft) => {
      draft.addPosting(row());
    }, ONCE),
  updateAsync: (store) =>
    store.updateAsync(async (draft) => {
      draft.addPosting(row());
      await turn();
    }, ONCE),
  ingest: (store) =>
    store.ingest(
      (async function* () {
        yield row();
        await turn();
      })(),
      ONCE,
    ),
  'a writer': async (store) => {
    const writer = store.cloneForWrite(ONCE);
    writer.addPosting(row());
    await turn();
    return writer.commitChanges();
  },
  'a writer that is not to be rebased': async (store) => {
    const writer = store.cloneForWrite(ONCE);
    writer.addPosting(row());
    // Another try comes first, which is no conflict.
    await turn();
    return writer.commitChanges({ onConflict: 'fail' });
  },
  restore: (store) => store.restore(1, ONCE),
  undo: (store) => store.undo(ONCE),
  merge: (store) => store.merge('branch', ONCE),
};

describe.each(Object.entries(WAYS))('%s', (_, write) => {
  async function expectOnce(open: () => CommitLog): Promise<void> {
    const again = await openStore(open());
    expect(await again.outcome('once')).toEqual({ version: 3 });
    expect(again.version).toBe(3);
    expect((await again.log()).filter(({ token }) => token === 'once')).toHaveLength(1);
  }

  test('tried again later', async () => {
    const open = await place();
    const store = await openStore(open());
    expect(await store.outcome('once')).toBeUndefined();
    expect((await write(store))?.isEmpty).toBe(false);
    expect((await write(store))?.isEmpty).toBe(true);
    expect(await store.outcome('once')).toEqual({ version: 3 });
    await store.checkpoint();
    await expectOnce(open);
    expect((await write(await openStore(open())))?.isEmpty).toBe(true);
    await expectOnce(open);
  });

  test('tried several times at once', async () => {
    const open = await place();
    const store = await openStore(open());
    await Promise.all([write(store), write(store), write(store)]);
    await expectOnce(open);
  });

  test('tried at once by several processes', async () => {
    const open = await place();
    const stores = await Promise.all([openStore(open()), openStore(open()), openStore(open())]);
    const made = await Promise.all(stores.map((store) => write(store)));
    expect(made.filter((commit) => commit?.isEmpty === false)).toHaveLength(1);
    await expectOnce(open);
  });

  test('tried again while the log has not answered yet', async () => {
    const open = await place();
    const { log, go, groups } = gated(open());
    const store = await openStore(log);
    const first = write(store);
    while (groups.length === 0) await turn();
    const second = write(store);
    for (let i = 0; i < 10; i++) await turn();
    const asked = store.outcome('once');
    await go();
    expect(await asked).toEqual({ version: 3 });
    const [a, b] = await Promise.all([first, second]);
    expect([a?.version, b?.version]).toEqual([3, 3]);
    await expectOnce(open);
  });
});

test('the outcomes of the thousand commits before a checkpoint are known after it, and those since', async () => {
  const first = memoryLog();
  const store = await openStore(first, OPTIONS);
  const made: Promise<unknown>[] = [];
  const write = (n: number): Promise<unknown> =>
    store.update(
      (draft) => {
        draft.addPosting({ documentId: 'n', vector: [n] });
      },
      { token: `n${n}` },
    );
  for (let n = 1; n <= 1500; n++) made.push(write(n));
  await Promise.all(made);
  await store.checkpoint();
  await Promise.all([1501, 1502].map(write));
  await store.close();
  const again = await openStore(memoryLog(first));
  const known: number[] = [];
  for (let n = 1; n <= 1503; n++) {
    const outcome = await again.outcome(`n${n}`);
    if (outcome !== undefined) known.push(outcome.version);
  }
  expect(known).toEqual(Array.from({ length: 1002 }, (_, i) => 501 + i));
});

describe('an abort', () => {
  const reason = new Error('enough');

  /** Ways to write with a signal; `decided` ends what they wait for before they decide. */
  const ABORTABLE: Readonly<
    Record<string, (store: Store, signal: AbortSignal, decided: Promise<void>) => Promise<Commit>>
  > = {
    updateAsync: (store, signal, decided) =>
      store.updateAsync(
        async (draft) => {
          draft.addPosting(row());
          await decided;
        },
        { ...ONCE, signal },
      ),
    ingest: (store, signal, decided) =>
      store.ingest(
        (async function* () {
          yield row();
          await decided;
        })(),
        { ...ONCE, signal },
      ),
  };

  test.each(Object.entries(ABORTABLE))(
    'of %s before the changes are decided leaves nothing',
    async (_, write) => {
      const open = await place();
      const store = await openStore(open());
      const aborting = new AbortController();
      let decide = (): void => undefined;
      const writing = rejectionOf(
        write(store, aborting.signal, new Promise((resolve) => (decide = resolve))),
      );
      await turn();
      aborting.abort(reason);
      decide();
      expect(await writing).toBe(reason);
      expect([await store.outcome('once'), store.version]).toEqual([undefined, 2]);
      // Nothing of it is left that another try would take for it.
      expect((await write(store, new AbortController().signal, Promise.resolve())).version).toBe(3);
    },
  );

  test.each(Object.entries(ABORTABLE))('of %s while it is being written comes too late', async (_, write) => {
    const open = await place();
    const { log, go, groups } = gated(open());
    const store = await openStore(log);
    const aborting = new AbortController();
    const writing = write(store, aborting.signal, Promise.resolve());
    while (groups.length === 0) await turn();
    aborting.abort(reason);
    await go();
    expect([(await writing).version, (await writing).isEmpty]).toEqual([3, false]);
    expect(await (await openStore(open())).outcome('once')).toEqual({ version: 3 });
  });
});
