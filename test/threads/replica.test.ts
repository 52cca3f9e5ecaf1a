import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  CellClosedError,
  CowShardexIndex,
  InvalidOptionError,
  PortClosedError,
  type Replica,
  type ShardexIndex,
  createIndex,
  openReplica,
  search,
  serveReplicas,
  update,
  verify,
} from 'shardex';
import type { Difference } from '../../src/threads/replicas/messages.js';
import { type RowBlock, columnsOf } from '../../src/version/row-block.js';
import { collectGarbage } from '../support/garbage.js';
import { seeded } from '../support/random.js';
import { rejectionOf, thrownBy } from '../support/thrown.js';
import { eventually } from '../support/until.js';
import { OPTIONS, change } from './support/changes.js';
import { lossyPort } from './support/lossy-port.js';
import { print } from './support/print.js';

const ports: MessagePort[] = [];

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  for (const port of ports.splice(0)) port.close();
});

function channel(): MessageChannel {
  const made = new MessageChannel();
  ports.push(made.port1);
  return made;
}

function newCell(): CowShardexIndex {
  return new CowShardexIndex(createIndex(OPTIONS));
}

function expectSameVersion(replica: ShardexIndex, owner: ShardexIndex): void {
  expect(print(replica)).toBe(print(owner));
  expect([...verify(replica)]).toEqual([...verify(owner)]);
}

function blocksOf(index: ShardexIndex): Set<RowBlock> {
  return new Set([...index.shards.values()].flatMap(({ rows }) => rows.segments.map(({ block }) => block)));
}

function buffersOf(index: ShardexIndex): Set<ArrayBufferLike> {
  return new Set([...blocksOf(index)].map((block) => columnsOf(block).vectors.buffer));
}

describe('a replica', () => {
  test.each([1, 2, 3, 4])('is equal to its owner in every version (seed %i)', async (seed) => {
    const random = seeded(seed);
    const cell = newCell();
    for (let i = 0; i < 5; i++) change(cell, random);
    const { port1, port2 } = channel();
    const service = serveReplicas(cell, port1);
    const replica = await openReplica(port2);
    expect(replica.sharesMemory).toBe(true);
    const expected = new Map<number, ShardexIndex>();
    const seen: number[] = [];
    cell.subscribe(({ index }) => expected.set(index.version, index));
    replica.subscribe(({ previous, index, delta }) => {
      seen.push(index.version);
      expect(delta.base.version).toBe(previous.version);
      expectSameVersion(index, expected.get(index.version) as ShardexIndex);
    });
    const first = cell.version;
    const kept: ShardexIndex[] = [];
    for (let i = 0; i < 200; i++) {
      change(cell, random, kept);
      // Never too much on the way, so that nothing is sent in one piece.
      if (i % 7 === 0) while (service.replicas[0].version !== cell.version) await setImmediate();
    }
    await replica.waitFor(cell.version);
    expectSameVersion(replica.read(), cell.read());
    expect(seen).toEqual(Array.from({ length: cell.version - first }, (_, i) => first + 1 + i));
  });

  test('that opens late is equal, too, and shares the memory of every block', async () => {
    const random = seeded(5);
    const cell = newCell();
    for (let i = 0; i < 200; i++) change(cell, random);
    const { port1, port2 } = channel();
    const service = serveReplicas(cell, port1);
    const replicas = await Promise.all(
      ['one', 'two', 'three'].map((name) => openReplica(port2, { name, requireSharedMemory: true })),
    );
    for (const replica of replicas) expectSameVersion(replica.read(), cell.read());
    // A SharedArrayBuffer that was sent is another object for the same memory.
    expect(buffersOf(replicas[0].read()).size).toBe(buffersOf(cell.read()).size);
    expect([...buffersOf(replicas[0].read())].every((buffer) => buffer instanceof SharedArrayBuffer)).toBe(
      true,
    );
    expect(service.replicas.map(({ name }) => name)).toEqual(['one', 'two', 'three']);
  });

  test('sees every version where a state comes back whose rows it has let go of', async () => {
    const cell = newCell();
    const { port1, port2 } = channel();
    // What it says of blocks arrives late: the owner cannot know what it has let go of.
    const late: unknown[] = [];
    const post = port2.postMessage.bind(port2);
    port2.postMessage = (message: unknown) => {
      if ((message as { body: { kind: string } }).body.kind === 'forgot') late.push(message);
      else post(message);
    };
    const add = (documentId: string): void => {
      cell.update((draft) => {
        draft.addPosting({ documentId, vector: [1, 2, 3] });
      });
    };
    const service = serveReplicas(cell, port1);
    const replica = await openReplica(port2);
    const seen: number[] = [];
    replica.subscribe(({ version }) => seen.push(version));
    add('a');
    add('b');
    const kept = cell.read();
    cell.update((draft) => void draft.removeDocuments(['a', 'b']));
    add('else');
    await replica.waitFor(4);
    await collectGarbage(() => late.length > 0);
    expect(late).not.toEqual([]);

    cell.commitChanges(kept, { expected: cell.read() });
    add('c');
    const restored = await replica.waitFor(6);
    expectSameVersion(restored, cell.read());
    // What came late is not about the block that was made anew: it is not sent once more, and stays the same object.
    for (const message of late.splice(0)) post(message);
    add('d');
    expectSameVersion(await replica.waitFor(7), cell.read());
    await eventually(() => {
      expect(service.replicas[0].version).toBe(7);
    });
    const sent = vi.spyOn(port1, 'postMessage');
    add('e');
    expect(sent.mock.calls).toMatchObject([[{ body: { kind: 'version', difference: { blocks: [] } } }]]);
    expectSameVersion(await replica.waitFor(8), cell.read());
    expect([...blocksOf(restored)].every((block) => blocksOf(replica.read()).has(block))).toBe(true);
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('uses the rows that it still has where a state comes back', async () => {
    const cell = newCell();
    const { port1, port2 } = channel();
    serveReplicas(cell, port1);
    const replica = await openReplica(port2);
    cell.update((draft) => {
      draft.addPosting({ documentId: 'a', vector: [1, 2, 3] });
    });
    const kept = cell.read();
    const before = await replica.waitFor(1);
    cell.update((draft) => void draft.removeDocument('a'));
    await replica.waitFor(2);
    cell.commitChanges(kept, { expected: cell.read() });
    const after = await replica.waitFor(3);
    expectSameVersion(after, cell.read());
    expect(blocksOf(after)).toEqual(blocksOf(before));
    expect([...blocksOf(after)].every((block) => blocksOf(before).has(block))).toBe(true);
  });

  test('shares what did not change between its own versions', async () => {
    const cell = newCell();
    cell.update((draft) => {
      for (let i = 0; i < 100; i++) draft.addPosting({ documentId: `d${i}`, vector: [i, i % 7, 0] });
    });
    const { port1, port2 } = channel();
    serveReplicas(cell, port1);
    const replica = await openReplica(port2);
    const before = replica.read();
    cell.update((draft) => {
      draft.addPosting({ documentId: 'one more', vector: [50, 1, 0] });
    });
    const after = await replica.waitFor(2);
    const changed = [...after.shards.keys()].filter((id) => before.shards.get(id) !== after.shards.get(id));
    expect(changed).toHaveLength(1);
    expect(after.config).toBe(before.config);
  });

  test('can be served on', async () => {
    const cell = newCell();
    const [first, second] = [channel(), channel()];
    serveReplicas(cell, first.port1);
    const replica = await openReplica(first.port2);
    serveReplicas(replica, second.port1);
    const next = await openReplica(second.port2);
    const random = seeded(6);
    for (let i = 0; i < 50; i++) change(cell, random);
    await next.waitFor(cell.version);
    expectSameVersion(next.read(), cell.read());
    cell.close();
    await eventually(() => {
      expect([replica.isClosed, next.isClosed]).toEqual([true, true]);
    });
  });

  test('cannot write into the rows of its owner', async () => {
    const random = seeded(7);
    const cell = newCell();
    for (let i = 0; i < 20; i++) change(cell, random);
    const { port1, port2 } = channel();
    serveReplicas(cell, port1);
    const replica = await openReplica(port2);
    const posting = { documentId: 'mine', vector: [0, 0, 0] };
    const branch = new CowShardexIndex(replica.read());
    const before = print(cell.read());
    for (let i = 0; i < 30; i++) {
      branch.update((draft) => {
        draft.addPosting({ ...posting, start: i });
      });
    }
    const mine = print(branch.read());
    expect(print(cell.read())).toBe(before);
    for (let i = 0; i < 50; i++) change(cell, random);
    expect(print(branch.read())).toBe(mine);
    await replica.waitFor(cell.version);
    expectSameVersion(replica.read(), cell.read());
  });

  test('copies rows where memory cannot be shared, and says so', async () => {
    vi.stubGlobal('SharedArrayBuffer', undefined);
    const random = seeded(8);
    const cell = newCell();
    for (let i = 0; i < 20; i++) change(cell, random);
    const { port1, port2 } = channel();
    serveReplicas(cell, port1);
    const replica = await openReplica(port2);
    expect(replica.sharesMemory).toBe(false);
    for (let i = 0; i < 200; i++) {
      change(cell, random);
      await replica.waitFor(cell.version);
      expect(replica.newestVersion).toBe(cell.version);
      expectSameVersion(replica.read(), cell.read());
    }
    expect(await rejectionOf(openReplica(port2, { requireSharedMemory: true }))).toBeInstanceOf(
      InvalidOptionError,
    );
  });
});

describe('on a port that loses, doubles and delays messages', () => {
  test.each([1, 2, 3, 4, 5, 6])(
    'a replica catches up without a vector being copied (seed %i)',
    async (seed) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
      const random = seeded(seed);
      const faults = { lost: 6, doubled: 6, late: 6 };
      const cell = newCell();
      const { port1, port2 } = channel();
      const [there, back] = [lossyPort(port1, random, faults), lossyPort(port2, random, faults)];
      serveReplicas(cell, there);
      const opening = openReplica(back);
      let replica: Replica | undefined;
      void opening.then((opened) => (replica = opened));
      const expected = new Map([[0, cell.read()]]);
      cell.subscribe(({ index }) => expected.set(index.version, index));
      const kept: ShardexIndex[] = [];
      let checked = 0;
      for (let i = 0; i < 400; i++) {
        change(cell, random, kept);
        // Lets the messages come through, and time pass.
        await setImmediate();
        await vi.advanceTimersByTimeAsync(200);
        if (replica === undefined) continue;
        const index = replica.read();
        expectSameVersion(index, expected.get(index.version) as ShardexIndex);
        if (index.version === cell.version) checked++;
      }
      [there.healed, back.healed] = [true, true];
      for (let i = 0; i < 400 && replica?.version !== cell.version; i++) {
        await setImmediate();
        await vi.advanceTimersByTimeAsync(1000);
      }
      expectSameVersion((await opening).read(), cell.read());
      expect(checked).toBeGreaterThan(50);
      // One buffer for each that the owner has, whatever was asked for again.
      expect(buffersOf((await opening).read()).size).toBe(buffersOf(cell.read()).size);
    },
  );
});

describe('endings', () => {
  test('the cell is closed: replicas are, and what waits is told', async () => {
    const cell = newCell();
    const { port1, port2 } = channel();
    const service = serveReplicas(cell, port1);
    const replica = await openReplica(port2);
    const waiting = rejectionOf(replica.waitFor(1));
    cell.close();
    expect(await waiting).toBeInstanceOf(CellClosedError);
    expect(replica.isClosed).toBe(true);
    expect(replica.failure).toBe(undefined);
    expect(service.isClosed).toBe(true);
    expect(search(replica.read(), [0, 0, 0], { k: 1 })).toEqual([]);
    expect(thrownBy(() => serveReplicas(cell, port1))).toBeInstanceOf(CellClosedError);
  });

  test('the port is closed: replicas are, and the owner lets go of them', async () => {
    const cell = newCell();
    const { port1, port2 } = channel();
    const service = serveReplicas(cell, port1);
    const replica = await openReplica(port2, { name: 'reader' });
    const waiting = rejectionOf(replica.waitFor(1));
    port1.close();
    expect(await waiting).toBeInstanceOf(CellClosedError);
    expect(replica.failure).toBeInstanceOf(PortClosedError);
    await eventually(() => {
      expect(service.replicas).toEqual([]);
    });
    cell.update((draft) => {
      draft.addPosting({ documentId: 'a', vector: [0, 0, 0] });
    });
    expect(cell.held().flatMap(({ pins }) => pins)).toEqual([]);
  });

  test('a replica is closed: the owner lets go of it, the others go on', async () => {
    const cell = newCell();
    const { port1, port2 } = channel();
    const service = serveReplicas(cell, port1);
    const first = await openReplica(port2, { name: 'first' });
    const second = await openReplica(port2, { name: 'second' });
    first.close();
    await eventually(() => {
      expect(service.replicas.map(({ name }) => name)).toEqual(['second']);
    });
    cell.update((draft) => {
      draft.addPosting({ documentId: 'a', vector: [0, 0, 0] });
    });
    expect((await second.waitFor(1)).postingCount).toBe(1);
    expect(first.version).toBe(0);
    first.close();
    service.close();
    await eventually(() => {
      expect(second.isClosed).toBe(true);
    });
  });

  test('the cell is closed before a replica has its first version', async () => {
    const cell = newCell();
    const { port1, port2 } = channel();
    serveReplicas(cell, port1);
    const opening = rejectionOf(openReplica(port2));
    cell.close();
    expect(await opening).toBeInstanceOf(PortClosedError);
  });

  test('nobody answers: the signal ends the waiting', async () => {
    const { port2 } = channel();
    const reason = new Error('too long');
    const signal = AbortSignal.abort(reason);
    expect(await rejectionOf(openReplica(port2, { signal }))).toBe(reason);
    const controller = new AbortController();
    const opening = rejectionOf(openReplica(port2, { signal: controller.signal }));
    controller.abort(reason);
    expect(await opening).toBe(reason);
  });

  test.each([null, 0, 'text'])(
    'the signal’s reason comes out as it was given, also where it is %j',
    async (reason) => {
      const { port2 } = channel();
      const controller = new AbortController();
      const opening = rejectionOf(openReplica(port2, { signal: controller.signal }));
      controller.abort(reason);
      expect(await opening).toBe(reason);
    },
  );

  test('a listener of the replica closes it', async () => {
    const cell = newCell();
    const { port1, port2 } = channel();
    const service = serveReplicas(cell, port1);
    const replica = await openReplica(port2);
    replica.subscribe(() => {
      replica.close();
    });
    cell.update((draft) => {
      draft.addPosting({ documentId: 'a', vector: [0, 0, 0] });
    });
    await eventually(() => {
      expect(service.replicas).toEqual([]);
    });
    expect(replica.version).toBe(1);
  });
});

describe('the owner', () => {
  test('names the replica that holds an old version, until it has a newer one', async () => {
    const cell = newCell();
    const { port1, port2 } = channel();
    const service = serveReplicas(cell, port1);
    const replica = await openReplica(port2, { name: 'slow reader' });
    await eventually(() => {
      expect(service.replicas[0].version).toBe(0);
    });
    cell.update((draft) => {
      draft.addPosting({ documentId: 'a', vector: [0, 0, 0] });
    });
    expect(cell.held().map(({ version, pins }) => [version, pins[0].label])).toEqual([[0, 'slow reader']]);
    await replica.waitFor(1);
    await eventually(() => {
      expect(cell.held().flatMap(({ pins }) => pins)).toEqual([]);
    });
  });

  test('has a bounded number of versions on the way to one that takes no messages, and sends the rest in one', async () => {
    const cell = newCell();
    const { port1, port2 } = channel();
    const sent = vi.spyOn(port1, 'postMessage');
    serveReplicas(cell, port1);
    const replica = await openReplica(port2, { name: 'stuck' });
    const versions: number[] = [];
    replica.subscribe(({ version }) => versions.push(version));
    sent.mockClear();
    // Nothing can be received in one turn.
    for (let i = 0; i < 1000; i++) {
      cell.update((draft) => {
        draft.addPosting({ documentId: `d${i}`, vector: [i, 0, 0] });
      });
    }
    expect(sent.mock.calls.length).toBeLessThan(70);
    expect(replica.newestVersion).toBeLessThan(70);
    expect(cell.held().filter(({ pins }) => pins.length > 0).length).toBeLessThan(70);
    await replica.waitFor(1000);
    expectSameVersion(replica.read(), cell.read());
    expect(versions.at(-1)).toBe(1000);
    expect(versions.length).toBeLessThan(150);
  });

  test('sends a block once, and a row once', async () => {
    const cell = newCell();
    const { port1, port2 } = channel();
    const buffers: unknown[] = [];
    const rows: string[] = [];
    const post = port1.postMessage.bind(port1);
    port1.postMessage = (message: unknown) => {
      const { body } = message as { body: { kind: string; difference: Difference } };
      if (body.kind === 'version') {
        for (const { memory } of body.difference.blocks) buffers.push(memory);
        const { runs } = body.difference.rows;
        for (let at = 0; at < runs.length; at += 3) {
          const [handle, from, count] = runs.slice(at, at + 3);
          for (let row = from; row < from + count; row++) rows.push(`${handle}: ${row}`);
        }
      }
      post(message);
    };
    serveReplicas(cell, port1);
    const replica = await openReplica(port2);
    for (let i = 0; i < 7; i++) {
      cell.update((draft) => {
        draft.addPosting({ documentId: `d${i}`, vector: [i, 0, 0] });
      });
    }
    await replica.waitFor(7);
    expect(new Set(buffers).size).toBe(buffers.length);
    expect(rows).toHaveLength(7);
    expect(new Set(rows).size).toBe(7);
  });
});

describe('what is given', () => {
  test.each([
    [{ name: '' }, 'name'],
    [{ name: 7 as never }, 'name'],
    [{ requireSharedMemory: 1 as never }, 'requireSharedMemory'],
    [{ signal: 1 as never }, 'signal'],
    [{ onError: 1 as never }, 'onError'],
    [{ strange: 1 } as never, 'strange'],
    [{ history: {} }, 'history'],
  ])('openReplica refuses %j', async (options, option) => {
    const { port1, port2 } = channel();
    serveReplicas(newCell(), port1);
    expect(await rejectionOf(openReplica(port2, options))).toMatchObject({ code: 'INVALID_OPTION', option });
  });

  test('what is no port, no cell, no option', async () => {
    const { port1 } = channel();
    expect(thrownBy(() => serveReplicas(newCell(), {} as never))).toMatchObject({ option: 'port' });
    expect(thrownBy(() => serveReplicas({} as never, port1))).toMatchObject({ option: 'cell' });
    expect(thrownBy(() => serveReplicas(newCell(), port1, { writable: 1 as never }))).toMatchObject({
      option: 'writable',
    });
    expect(await rejectionOf(openReplica(7 as never))).toMatchObject({ option: 'port' });
  });

  test('a message of somebody else is left alone', async () => {
    const { port1, port2 } = channel();
    const cell = newCell();
    serveReplicas(cell, port1);
    const replica = await openReplica(port2);
    for (const message of [1, null, 'text', { kind: 'follow' }, { shardex: 'owner' }]) {
      port1.postMessage(message);
      port2.postMessage(message);
    }
    const next = update(cell.read(), (draft) => {
      draft.addPosting({ documentId: 'a', vector: [0, 0, 0] });
    });
    cell.commitChanges(next, { expected: cell.read() });
    expect((await replica.waitFor(1)).postingCount).toBe(1);
  });
});
