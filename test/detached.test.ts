/* eslint-disable @typescript-eslint/unbound-method -- that is what is tested here */
import { describe, expect, test } from 'vitest';
import {
  type Commit,
  CowShardexIndex,
  InvalidOptionError,
  SearchPool,
  ShardexError,
  type ShardexIndex,
  type Thread,
  answerSearches,
  createIndex,
  diff,
  encodeDelta,
  openRemoteWriter,
  openReplica,
  search,
  serveReplicas,
  update,
} from 'shardex';
import { thrownBy } from './support/thrown.js';

const INDEX = createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }]);

/** A proxy that hands on all, with itself as the receiver, as those of reactive stores do. */
function proxied<T extends object>(object: T): T {
  return new Proxy(object, { get: (target, key, receiver): unknown => Reflect.get(target, key, receiver) });
}

/** As reactive stores wrap all that they keep, and all that comes out of it. */
function reactive<T>(value: T): T {
  if (typeof value !== 'object' || value === null || !Object.isExtensible(value)) return value;
  return new Proxy(value, {
    get: (target, key, receiver): unknown => reactive(Reflect.get(target, key, receiver)),
  });
}

function sameThread(): Thread {
  const { port1, port2 } = new MessageChannel();
  void answerSearches(port2);
  return Object.assign(port1, {
    terminate: () => {
      port1.close();
    },
  });
}

/** Everything public that has methods, made anew, and what ends it. */
const MADE: [string, () => Promise<[object, () => unknown]>][] = [
  ['a cell', async () => Promise.resolve([new CowShardexIndex(INDEX), () => undefined])],
  ['a writer', async () => Promise.resolve([new CowShardexIndex(INDEX).cloneForWrite(), () => undefined])],
  ['a pin', async () => Promise.resolve([new CowShardexIndex(INDEX).pin(), () => undefined])],
  ['a stream', async () => Promise.resolve([new CowShardexIndex(INDEX).changes(), () => undefined])],
  [
    'a replica',
    async () => {
      const { port1, port2 } = new MessageChannel();
      serveReplicas(new CowShardexIndex(INDEX), port1);
      return [
        await openReplica(port2),
        () => {
          port1.close();
        },
      ];
    },
  ],
  [
    'a service',
    async () => {
      const { port1 } = new MessageChannel();
      return Promise.resolve([
        serveReplicas(new CowShardexIndex(INDEX), port1),
        () => {
          port1.close();
        },
      ]);
    },
  ],
  [
    'a remote writer',
    async () => {
      const { port1, port2 } = new MessageChannel();
      serveReplicas(new CowShardexIndex(INDEX), port1, { writable: true });
      return [
        await openRemoteWriter(port2),
        () => {
          port1.close();
        },
      ];
    },
  ],
  [
    'a pool',
    async () => {
      const pool = await SearchPool.open(new CowShardexIndex(INDEX), { threads: 1, spawn: sameThread });
      return [pool, () => pool.close()];
    },
  ],
];

/** The names of all that a class has, those that it inherits included. */
function membersOf(object: object): Map<PropertyKey, 'method' | 'getter'> {
  const members = new Map<PropertyKey, 'method' | 'getter'>();
  for (
    let at: unknown = Object.getPrototypeOf(object);
    at !== Object.prototype && at !== null;
    at = Object.getPrototypeOf(at)
  ) {
    for (const key of Reflect.ownKeys(at as object)) {
      if (key === 'constructor' || members.has(key)) continue;
      members.set(
        key,
        typeof (object as Record<PropertyKey, unknown>)[key] === 'function' ? 'method' : 'getter',
      );
    }
  }
  return members;
}

/** What an answer says, where it is no promise; one of those is left to itself. */
function outcome(call: () => unknown): unknown {
  try {
    const answer = call();
    if (answer instanceof Promise) answer.catch(() => undefined);
    return answer instanceof Promise ? 'a promise' : typeof answer;
  } catch (error) {
    if (!(error instanceof ShardexError)) throw error;
    return error.code;
  }
}

describe.each(MADE)('%s', (_, make) => {
  test('works in pieces, and through a proxy', async () => {
    const [pattern, endPattern] = await make();
    const members = membersOf(pattern);
    expect(members.size).toBeGreaterThan(1);
    for (const [key, kind] of members) {
      const [object, end] = await make();
      const at = (from: object): unknown => (from as Record<PropertyKey, unknown>)[key];
      if (kind === 'getter') expect(typeof at(proxied(object))).toBe(typeof at(object));
      else {
        // Each on an object of its own, since some of them end it.
        const call = (from: object): unknown => (from as Record<PropertyKey, () => unknown>)[key]();
        const [other, endOther] = await make();
        const [third, endThird] = await make();
        const expected = outcome(() => call(object));
        const detached = at(other) as () => unknown;
        expect([key, outcome(() => detached())]).toEqual([key, expected]);
        expect([key, outcome(() => call(proxied(third)))]).toEqual([key, expected]);
        await endOther();
        await endThird();
      }
      await end();
    }
    await endPattern();
  });
});

describe('a cell, as frameworks use it', () => {
  test('can be handed to a hook for external stores as it is', () => {
    const cell = new CowShardexIndex(INDEX);
    // React subscribes anew wherever the function is another one, and reads twice to see whether the snapshot is stable.
    expect(cell.subscribe).toBe(cell.subscribe);
    const { subscribe, read, update: change } = cell;
    expect(read()).toBe(read());
    let renders = 0;
    const unsubscribe = subscribe(() => renders++);
    change((draft) => {
      draft.removeDocument('nobody');
    });
    expect(renders).toBe(0);
    change(({ addPosting }) => {
      addPosting({ documentId: 'b', vector: [2] });
    });
    expect([renders, read().postingCount]).toEqual([1, 2]);
    unsubscribe();
    change(({ removeDocument }) => void removeDocument('b'));
    expect(renders).toBe(1);
  });

  test('works in a reactive store, and what it gives is what it gives outside of it', async () => {
    const cell = new CowShardexIndex(INDEX, { history: { versions: 3 } });
    const state = reactive({ cell, index: cell.read() });
    expect(state.cell).not.toBe(cell);
    expect(state.cell.read()).toBe(cell.read());
    expect(search(state.index, [1], { k: 1 })).toHaveLength(1);
    expect([state.cell.version, state.cell.postingCount, state.cell.isClosed]).toEqual([1, 1, false]);
    const told: Commit[] = [];
    state.cell.subscribe((commit) => told.push(commit));
    state.cell.update((draft) => {
      draft.addPosting({ documentId: 'b', vector: [2] });
    });
    expect(told).toHaveLength(1);
    expect((await state.cell.waitFor(2)).postingCount).toBe(2);
    const { port1, port2 } = new MessageChannel();
    serveReplicas(state.cell, port1);
    expect((await openReplica(port2)).version).toBe(2);
    port1.close();
    state.cell.close();
    expect(cell.isClosed).toBe(true);
  });

  test('may be a subclass, whose methods go first', () => {
    class Counting extends CowShardexIndex {
      reads = 0;
      override read(): ShardexIndex {
        this.reads++;
        return super.read();
      }
    }
    const cell = new Counting(INDEX);
    expect([cell.read(), cell.read()]).toEqual([INDEX, INDEX]);
    expect(cell.reads).toBe(2);
  });

  test('may have a method replaced, as tests do', () => {
    const cell = new CowShardexIndex(INDEX);
    const other = createIndex({ dimensions: 2 });
    cell.read = () => other;
    expect(cell.read()).toBe(other);
    expect(new CowShardexIndex(INDEX).read()).toBe(INDEX);
  });
});

test('a method on what it does not belong to is a typed error', () => {
  const { read } = CowShardexIndex.prototype;
  const cell = new CowShardexIndex(INDEX);
  expect(read.call(cell)).toBe(INDEX);
  for (const other of [undefined, {}, 7, INDEX, cell.pin()])
    expect(thrownBy(() => read.call(other as never))).toBeInstanceOf(InvalidOptionError);
  const copy = Object.create(CowShardexIndex.prototype) as CowShardexIndex;
  expect(thrownBy(() => copy.version)).toBeInstanceOf(InvalidOptionError);
  const delta = diff(
    INDEX,
    update(INDEX, (draft) => void draft.removeDocument('a')),
  );
  expect(thrownBy(() => proxied(delta).removed)).toBeInstanceOf(ShardexError);
  expect(thrownBy(() => encodeDelta(proxied(delta)))).toBeInstanceOf(ShardexError);
});
