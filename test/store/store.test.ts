import { describe, expect, test } from 'vitest';
import {
  CellClosedError,
  ConfigError,
  ConflictError,
  InvalidOptionError,
  type Posting,
  VersionNotKeptError,
  search,
  serveReplicas,
  openReplica,
} from 'shardex';
import { type Store, type StoreOptions, memoryLog, openStore } from 'shardex/store';
import { ReadableCell } from '../../src/cell/readable-cell.js';
import { rejectionOf } from '../support/thrown.js';
import { gated } from './support/wrapped-log.js';
import { numbers, vectorFrom, wholeBytes } from './support/versions.js';

const OPTIONS: StoreOptions = { dimensions: 5, shardCapacity: 40 };

function posting(documentId: string, seed = 1): Posting {
  return { documentId, vector: vectorFrom(numbers(seed)) };
}

function add(store: Store, documentId: string, seed = 1): Promise<unknown> {
  return store.update((draft) => {
    draft.addPosting(posting(documentId, seed));
  });
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe('a store', () => {
  test('keeps its commits for the next one to open the log', async () => {
    const log = memoryLog();
    const store = await openStore(log, OPTIONS);
    expect(store.version).toBe(0);
    const commit = await store.update((draft) => {
      draft.addPosting(posting('a'));
    });
    expect([commit.version, store.version, store.read() === commit.index]).toEqual([1, 1, true]);
    await add(store, 'b', 2);
    const bytes = wholeBytes(store.read());
    await store.close();
    const again = await openStore(memoryLog(log));
    expect(again.read().config).toEqual(store.read().config);
    expect(again.version).toBe(2);
    expect(Buffer.compare(wholeBytes(again.read()), bytes)).toBe(0);
    expect(search(again.read(), posting('a').vector, { k: 1 })[0].documentId).toBe('a');
    await again.close();
  });

  test('shows nothing before it is durable, to nobody', async () => {
    const { log, go } = gated(memoryLog());
    const store = await openStore(log, OPTIONS);
    const seen: number[] = [];
    store.subscribe(({ version }) => seen.push(version));
    let isDone = false;
    const updating = add(store, 'a').then(() => (isDone = true));
    await turn();
    expect([store.version, seen.length, isDone, store.metrics().queued]).toEqual([0, 0, false, 1]);
    // Writers see what is decided.
    const writer = store.cloneForWrite();
    expect(writer.preview().postingCount).toBe(1);
    writer.discard();
    await go();
    await updating;
    expect([store.version, seen]).toEqual([1, [1]]);
  });

  test('appends what waits as one group, and publishes it in order', async () => {
    const { log, go, groups } = gated(memoryLog());
    const store = await openStore(log, OPTIONS);
    const seen: number[] = [];
    store.subscribe(({ version }) => seen.push(version));
    const first = add(store, 'a');
    await turn();
    const others = Array.from({ length: 20 }, (_, i) => add(store, `d${i}`, i));
    await turn();
    await go();
    await first;
    await go();
    await Promise.all(others);
    expect(groups).toEqual([1, 20]);
    expect(seen).toEqual(Array.from({ length: 21 }, (_, i) => i + 1));
    expect(store.metrics()).toMatchObject({ groups: 2, durableCommits: 21, queued: 0 });
  });

  test('an update that changes nothing waits for what it rests on', async () => {
    const { log, go } = gated(memoryLog());
    const store = await openStore(log, OPTIONS);
    const first = add(store, 'a');
    let isDone = false;
    const second = store
      .update((draft) => {
        draft.addPosting(posting('a'));
      })
      .then((commit) => {
        isDone = true;
        return commit;
      });
    await turn();
    expect(isDone).toBe(false);
    await go();
    await first;
    expect((await second).isEmpty).toBe(true);
  });

  test('takes async recipes, ingests, writers and restores', async () => {
    const log = memoryLog();
    const store = await openStore(log, { ...OPTIONS, history: { versions: 10 } });
    await store.updateAsync(async (draft) => {
      await Promise.resolve();
      draft.addPosting(posting('a'));
    });
    const { version } = await store.ingest(
      Array.from({ length: 100 }, (_, i) => posting(`d${i}`, i)),
      { commitEvery: 30 },
    );
    expect(version).toBe(5);
    const writer = store.cloneForWrite();
    writer.removeDocument('a');
    expect((await writer.commitChanges()).version).toBe(6);
    expect((await store.restore(5)).index.postingCount).toBe(101);
    expect(store.version).toBe(7);
    await store.close();
    const again = await openStore(memoryLog(log));
    expect([again.version, again.postingCount]).toEqual([7, 101]);
  });

  test('is a readable cell: it is watched, waited for, pinned, and replicated', async () => {
    const store = await openStore(memoryLog(), { ...OPTIONS, history: { versions: 5 } });
    expect(store).toBeInstanceOf(ReadableCell);
    const waiting = store.waitFor(2);
    const stream = store.changes();
    const { port1, port2 } = new MessageChannel();
    const service = serveReplicas(store, port1);
    const replica = await openReplica(port2);
    await add(store, 'a');
    using pin = store.pin();
    await add(store, 'b');
    expect((await waiting).version).toBe(2);
    expect((await replica.waitFor(2)).fingerprint).toBe(store.read().fingerprint);
    expect(pin.index.postingCount).toBe(1);
    expect(store.at(1).postingCount).toBe(1);
    expect((await stream.next()).value?.delta.added).toHaveLength(1);
    replica.close();
    service.close();
    port1.close();
    await store.close();
  });

  test('closes after what is under way, and then refuses writes', async () => {
    const log = memoryLog();
    const store = await openStore(log, OPTIONS);
    const writes = Array.from({ length: 10 }, (_, i) => add(store, `d${i}`));
    await store.close();
    await store.close();
    await Promise.all(writes);
    expect(store.isClosed).toBe(true);
    const refused = [
      () => add(store, 'x'),
      () => store.updateAsync(() => undefined),
      () => store.ingest([]),
      () => store.checkpoint(),
      () => store.tag('x'),
    ];
    for (const write of refused) expect(await rejectionOf(write())).toBeInstanceOf(CellClosedError);
    expect((await openStore(memoryLog(log))).version).toBe(10);
  });

  test('refuses what cannot be, before anything is written', async () => {
    const log = memoryLog();
    expect(await rejectionOf(openStore(memoryLog(log)))).toBeInstanceOf(ConfigError);
    expect(await rejectionOf(openStore(memoryLog(log), { dimensions: 0 }))).toBeInstanceOf(ConfigError);
    expect(
      await rejectionOf(openStore(memoryLog(log), { dimensions: 2, colour: 1 } as StoreOptions)),
    ).toBeInstanceOf(ConfigError);
    expect(await rejectionOf(openStore(7 as unknown as string))).toBeInstanceOf(InvalidOptionError);
    const store = await openStore(memoryLog(log), OPTIONS);
    expect(await rejectionOf(openStore(memoryLog(log), { dimensions: 6 }))).toMatchObject({
      code: 'OPTIONS_MISMATCH',
      option: 'dimensions',
    });
    expect(await rejectionOf(openStore(memoryLog(log), { dimensions: 5, metric: 'dot' }))).toMatchObject({
      code: 'OPTIONS_MISMATCH',
      option: 'metric',
    });
    expect(await rejectionOf(store.update(() => undefined, { token: '' }))).toBeInstanceOf(
      InvalidOptionError,
    );
    expect(
      await rejectionOf(store.update(() => undefined, { author: 7 as unknown as string })),
    ).toBeInstanceOf(InvalidOptionError);
    expect(await rejectionOf(store.ingest([], { token: 't', commitEvery: 2 }))).toBeInstanceOf(
      InvalidOptionError,
    );
    expect(store.version).toBe(0);
  });
});

describe('tokens', () => {
  test('a write is made once, however often it is tried, also in the next process', async () => {
    const log = memoryLog();
    const store = await openStore(log, OPTIONS);
    const write = (to: Store, id = 'a'): ReturnType<Store['update']> =>
      to.update(
        (draft) => {
          draft.addPosting(posting(id, Math.random()));
        },
        { token: 'once' },
      );
    const [first, second] = await Promise.all([write(store), write(store)]);
    expect(first.index).toBe(second.index);
    expect((await write(store)).isEmpty).toBe(true);
    expect(await store.outcome('once')).toEqual({ version: 1 });
    expect(await store.outcome('never')).toBeUndefined();
    await add(store, 'b');
    await store.checkpoint();
    await store.close();
    const again = await openStore(memoryLog(log));
    expect((await write(again, 'other')).isEmpty).toBe(true);
    expect(await again.outcome('once')).toEqual({ version: 1 });
    expect([again.version, again.documentCount]).toEqual([2, 2]);
  });
});

describe('several stores on one log', () => {
  test('each sees what the others write; disjoint writes are joined, overlaps conflict', async () => {
    const log = memoryLog();
    const [one, two] = [await openStore(log, OPTIONS), await openStore(memoryLog(log))];
    await add(one, 'a');
    expect(two.version).toBe(0);
    await add(two, 'b', 2);
    expect([two.version, two.documentCount]).toEqual([2, 2]);
    await one.refresh();
    expect(Buffer.compare(wholeBytes(one.read()), wholeBytes(two.read()))).toBe(0);
    await add(one, 'a', 3);
    const error = await rejectionOf(add(two, 'a', 4));
    expect(error).toBeInstanceOf(ConflictError);
    expect((error as ConflictError).documents).toEqual(['a']);
    expect(two.version).toBe(3);
    expect(
      (
        await two.updateAsync((draft) => {
          draft.addPosting(posting('a', 5));
        })
      ).version,
    ).toBe(4);
  });

  test('of many concurrent writes on several stores, each is there once', async () => {
    const log = memoryLog();
    const stores = [
      await openStore(log, OPTIONS),
      await openStore(memoryLog(log)),
      await openStore(memoryLog(log), { follow: true }),
    ];
    await Promise.all(
      stores.flatMap((store, s) =>
        Array.from({ length: 30 }, (_, i) => add(store, `s${s}-${i}`, 31 * s + i)),
      ),
    );
    for (const store of stores) {
      await store.refresh();
      expect([store.version, store.documentCount]).toEqual([90, 90]);
    }
    expect(
      new Set(stores.map((store) => Buffer.from(wholeBytes(store.read())).toString('base64'))).size,
    ).toBe(1);
    await Promise.all(stores.map((store) => store.close()));
  });

  test('an async recipe is run again where another store was first', async () => {
    const log = memoryLog();
    const [one, two] = [await openStore(log, OPTIONS), await openStore(memoryLog(log))];
    const count = (store: Store): ReturnType<Store['updateAsync']> =>
      store.updateAsync(async (draft) => {
        const before = draft.preview().postingCount;
        await Promise.resolve();
        draft.addPosting({ documentId: `n${before}`, vector: vectorFrom(numbers(before)) });
      });
    for (let i = 0; i < 5; i++) await Promise.all([count(one), count(two)]);
    await one.refresh();
    expect(one.documentCount).toBe(10);
  });

  test('one that follows sees what the others write without being asked', async () => {
    const log = memoryLog();
    const one = await openStore(log, OPTIONS);
    const [two, three] = [await openStore(memoryLog(log), { follow: true }), await openStore(memoryLog(log))];
    await add(one, 'a');
    expect((await two.waitFor(1, { signal: AbortSignal.timeout(20_000) })).documentCount).toBe(1);
    expect([two.metrics().followed, three.version]).toEqual([1, 0]);
    await two.close();
  });

  test('one that is far behind goes on from a checkpoint', async () => {
    const log = memoryLog();
    const one = await openStore(log, OPTIONS);
    await add(one, 'a');
    const two = await openStore(memoryLog(log));
    for (let i = 0; i < 20; i++) {
      await add(one, `d${i}`, i);
      if (i % 6 === 5) await one.checkpoint();
    }
    const seen: number[] = [];
    two.subscribe(({ version }) => seen.push(version));
    await two.refresh();
    expect(seen.length).toBeLessThan(20);
    expect(Buffer.compare(wholeBytes(one.read()), wholeBytes(two.read()))).toBe(0);
    await add(two, 'mine');
    expect(two.version).toBe(22);
  });
});

describe('tags and old versions', () => {
  test('last across restarts, and survive checkpoints', async () => {
    const log = memoryLog();
    const store = await openStore(log, { ...OPTIONS, history: { versions: 3 } });
    for (let i = 0; i < 5; i++) await add(store, `d${i}`, i);
    await store.tag('five');
    const five = wholeBytes(store.read());
    for (let i = 5; i < 12; i++) await add(store, `d${i}`, i);
    await store.checkpoint();
    for (let i = 12; i < 15; i++) await add(store, `d${i}`, i);
    await store.checkpoint();
    expect(await rejectionOf(store.tag('five'))).toBeInstanceOf(InvalidOptionError);
    await store.close();
    const again = await openStore(memoryLog(log));
    expect(again.tags()).toEqual(new Map([['five', 5]]));
    expect(Buffer.compare(wholeBytes(await again.load('five')), five)).toBe(0);
    expect((await again.load(14)).version).toBe(14);
    expect(await rejectionOf(again.load(7))).toBeInstanceOf(VersionNotKeptError);
    expect(await rejectionOf(again.load('none'))).toBeInstanceOf(VersionNotKeptError);
    const restored = await again.restore('five');
    expect([restored.version, restored.index.documentCount]).toEqual([16, 5]);
    expect(await again.untag('five')).toBe(true);
    expect(await again.untag('five')).toBe(false);
    await again.close();
    expect((await openStore(memoryLog(log))).tags().size).toBe(0);
  });
});
