import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  CowShardexIndex,
  PortClosedError,
  SearchPool,
  WorkerFailedError,
  createIndex,
  openRemoteWriter,
  openReplica,
  serveReplicas,
} from 'shardex';
import { rejectionOf } from '../support/thrown.js';
import { built } from './support/built.js';
import { OPTIONS } from './support/changes.js';

/** More than Node lets pass without a warning. */
const MANY = 12;

const library = built('owner');
const ports: MessagePort[] = [];
let warnings: Error[] = [];
const warned = (warning: Error): void => void warnings.push(warning);

beforeEach(() => {
  warnings = [];
  process.on('warning', warned);
});

afterEach(() => {
  process.off('warning', warned);
  for (const port of ports.splice(0)) port.close();
});

function channel(): MessageChannel {
  const made = new MessageChannel();
  ports.push(made.port1, made.port2);
  return made;
}

const newCell = (): CowShardexIndex => new CowShardexIndex(createIndex(OPTIONS));

/** What Node's ports and workers tell of their listeners. */
const counts = (port: unknown): number[] =>
  ['message', 'close', 'exit'].map((event) =>
    (port as { listenerCount: (event: string) => number }).listenerCount(event),
  );

describe('one listener a port', () => {
  test('however many replicas and writers are on it, and none when all have left', async () => {
    const { port1, port2 } = channel();
    const service = serveReplicas(newCell(), port1, { writable: true });
    const replicas = await Promise.all(Array.from({ length: MANY }, () => openReplica(port2)));
    const writers = await Promise.all(Array.from({ length: MANY }, () => openRemoteWriter(port2)));
    expect(counts(port2)).toEqual([1, 1, 1]);
    for (const [i, writer] of writers.entries()) {
      await writer.addPosting({ documentId: `d${i}`, vector: [i, 0, 0] });
      await writer.commitChanges();
    }
    for (const replica of replicas) expect((await replica.waitFor(MANY)).postingCount).toBe(MANY);
    for (const replica of replicas) replica.close();
    expect(counts(port2)).toEqual([0, 0, 0]);
    expect(counts(port1)).toEqual([1, 1, 1]);
    service.close();
    expect(counts(port1)).toEqual([0, 0, 0]);
    await setImmediate();
    expect(warnings).toEqual([]);
  });

  test('likewise on a worker', async () => {
    const worker = library.start('owner');
    const before = counts(worker);
    const writers = await Promise.all(Array.from({ length: MANY }, () => openRemoteWriter(worker)));
    expect(counts(worker).map((count, i) => count - before[i])).toEqual([1, 1, 1]);
    await Promise.all(writers.map((writer) => writer.discard()));
    expect(counts(worker)).toEqual(before);
    await setImmediate();
    expect(warnings).toEqual([]);
    await worker.terminate();
  });

  test('likewise on a port with the events of browsers; one that left is told nothing more', async () => {
    const { port1, port2 } = channel();
    const listeners = new Map<string, number>();
    const browsers = {
      postMessage: port2.postMessage.bind(port2),
      addEventListener: (type: string, listener: never) => {
        listeners.set(type, (listeners.get(type) ?? 0) + 1);
        port2.addEventListener(type, listener);
      },
      removeEventListener: (type: string, listener: never) => {
        listeners.set(type, (listeners.get(type) ?? 0) - 1);
        port2.removeEventListener(type, listener);
      },
      start: port2.start.bind(port2),
    };
    const cell = newCell();
    serveReplicas(cell, port1);
    const replicas = await Promise.all(Array.from({ length: MANY }, () => openReplica(browsers)));
    expect([...listeners.values()]).toEqual([1, 1]);
    // The first that is told takes the others away.
    replicas[0].subscribe(() => {
      for (const replica of replicas.slice(1, -1)) replica.close();
    });
    cell.update((draft) => {
      draft.addPosting({ documentId: 'a', vector: [1, 0, 0] });
    });
    await replicas.at(-1)?.waitFor(1);
    expect(replicas.map(({ version }) => version)).toEqual(
      replicas.map((_, i) => (i % (MANY - 1) === 0 ? 1 : 0)),
    );
    for (const replica of replicas) replica.close();
    expect([...listeners.values()]).toEqual([0, 0]);
  });
});

/** Ports that ended, and were told of that, before anybody listened. */
const ended: Record<string, () => Promise<Parameters<typeof openReplica>[0]>> = {
  'a port that was closed': async () => {
    const { port1, port2 } = channel();
    port2.close();
    await once(port1, 'close');
    return port2;
  },
  'a port whose other end was closed': async () => {
    const { port1, port2 } = channel();
    port1.close();
    await once(port2, 'close');
    return port2;
  },
  'a port that was sent elsewhere': async () => {
    const [{ port2 }, other] = [channel(), channel()];
    const left = once(port2, 'close');
    other.port1.postMessage(port2, [port2]);
    await left;
    return port2;
  },
  'a worker that has ended': async () => {
    const worker = library.start('owner');
    await worker.terminate();
    return worker;
  },
  'a port that was closed while a replica followed': async () => {
    const { port1, port2 } = channel();
    serveReplicas(newCell(), port1);
    const replica = await openReplica(port2);
    port1.close();
    await rejectionOf(replica.waitFor(1));
    return port2;
  },
};

describe.each(Object.entries(ended))('on %s', (_, make) => {
  test('nobody waits for an answer', async () => {
    const port = await make();
    expect(await rejectionOf(openReplica(port))).toBeInstanceOf(PortClosedError);
    expect(await rejectionOf(openRemoteWriter(port))).toBeInstanceOf(PortClosedError);
  });

  test('a service ends at once', async () => {
    const cell = newCell();
    const service = serveReplicas(cell, await make());
    await Promise.resolve();
    expect(service.isClosed).toBe(true);
  });
});

test('a pool whose new threads have ended already does not open', async () => {
  const worker = library.start('owner');
  await worker.terminate();
  expect(await rejectionOf(SearchPool.open(newCell(), { threads: 2, spawn: () => worker }))).toBeInstanceOf(
    WorkerFailedError,
  );
});

test('a port that keeps no process alive is not taken for a closed one, and stays so', async () => {
  const { port1, port2 } = channel();
  port2.on('message', () => undefined);
  port2.unref();
  const keepsAlive = (): boolean => (port2 as unknown as { hasRef: () => boolean }).hasRef();
  serveReplicas(newCell(), port1);
  const opening = openReplica(port2);
  expect(keepsAlive()).toBe(false);
  expect((await opening).version).toBe(0);
});
