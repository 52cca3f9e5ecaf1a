import { setImmediate } from 'node:timers/promises';
import { MessageChannel, Worker } from 'node:worker_threads';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  CowShardexIndex,
  InvalidDeltaError,
  InvalidOptionError,
  PortClosedError,
  type Replica,
  SearchPool,
  type ShardexIndex,
  WorkerFailedError,
  answerSearches,
  createIndex,
  openRemoteWriter,
  openReplica,
  search,
  serveReplicas,
} from 'shardex';
import { EVERYONE, PROTOCOL } from '../../src/threads/replicas/messages.js';
import { unpackError } from '../../src/threads/port/packed-error.js';
import { SEARCHES } from '../../src/threads/pool/search-messages.js';
import { rejectionOf } from '../support/thrown.js';
import { eventually } from '../support/until.js';
import { built } from './support/built.js';
import { OPTIONS } from './support/changes.js';

/* Anybody may post anything on a port; what has the shape of a message of the library's own ends nothing. */

const library = built('bad-searcher');
const QUERY = [1, 0, 0];
const KINDS = [
  'follow',
  'reached',
  'forgot',
  'leave',
  'write',
  'version',
  'reminder',
  'wrote',
  'refused',
  'start',
  'search',
  'ready',
  'found',
  'skipped',
  'failed',
  'constructor',
  '__proto__',
];

let uncaught: unknown[] = [];
const caught = (error: unknown): void => void uncaught.push(error);

beforeEach(() => {
  uncaught = [];
  process.on('uncaughtException', caught);
  process.on('unhandledRejection', caught);
});

afterEach(() => {
  process.off('uncaughtException', caught);
  process.off('unhandledRejection', caught);
});

const newCell = (): CowShardexIndex =>
  new CowShardexIndex(createIndex(OPTIONS, [{ documentId: 'a', vector: QUERY }]));

/** A replica that was sent what something had been done to, with what it read before. */
async function damaged(
  damage: (difference: Record<string, never>) => void,
): Promise<{ replica: Replica; before: ShardexIndex }> {
  const cell = newCell();
  const { port1, port2 } = new MessageChannel();
  serveReplicas(cell, port1);
  const replica = await openReplica(port2);
  const before = replica.read();
  const post = port1.postMessage.bind(port1);
  port1.postMessage = (message: { body: { difference: Record<string, never> } }) => {
    damage(message.body.difference);
    post(message);
  };
  cell.update((draft) => {
    draft.addPosting({ documentId: 'b', vector: [0, 1, 0] });
  });
  await eventually(() => {
    expect(replica.isClosed).toBe(true);
  });
  port1.close();
  return { replica, before };
}

/** Anything that a port can carry, and what looks like messages, with fields of all kinds missing or wrong. */
const fields = fc.dictionary(
  fc.constantFrom(
    'round',
    'version',
    'call',
    'id',
    'method',
    'blocks',
    'known',
    'difference',
    'found',
    'error',
    'name',
  ),
  fc.oneof(fc.nat(3), fc.constantFrom(-1, Number.NaN, null, undefined, 'x', {}, [], [[]], [null])),
);
const junk = fc.oneof(
  fc.constantFrom(null, undefined, 7, 'x', [], {}, new Date(0), new Map()),
  fc.record({ kind: fc.constantFrom(...KINDS) }),
  fc.tuple(fc.constantFrom(...KINDS), fields).map(([kind, rest]) => ({ ...rest, kind })),
);

describe('between an owner, its replicas and remote writers', () => {
  test('junk on either end is ignored, on whichever conversation but theirs', async () => {
    const cell = newCell();
    const { port1, port2 } = new MessageChannel();
    const service = serveReplicas(cell, port1, { writable: true });
    const replica = await openReplica(port2);
    const writer = await openRemoteWriter(port2);
    for (const body of fc.sample(junk, { numRuns: 1000, seed: 1 })) {
      for (const channel of ['stranger', EVERYONE, SEARCHES, 7, null]) {
        port2.postMessage({ shardex: 'owner', channel, body });
        port1.postMessage({ shardex: 'client', channel, body });
      }
    }
    await writer.addPosting({ documentId: 'b', vector: [0, 1, 0] });
    const { version } = await writer.commitChanges();
    expect((await replica.waitFor(version)).postingCount).toBe(2);
    expect(service.replicas).toHaveLength(1);
    expect(cell.metrics().liveWriters).toBe(0);
    expect(uncaught).toEqual([]);
    port1.close();
  });

  test('what is for everyone is the end, said by the owner, and nothing else', async () => {
    const cell = newCell();
    const { port1, port2 } = new MessageChannel();
    const service = serveReplicas(cell, port1, { writable: true });
    const replicas = [await openReplica(port2), await openReplica(port2)];
    const writer = await openRemoteWriter(port2);
    const toEveryone = (shardex: 'owner' | 'client', body: object): void => {
      (shardex === 'owner' ? port2 : port1).postMessage({ shardex, channel: EVERYONE, body });
    };
    // Sound, if it came on a conversation of its own.
    const follow = { kind: 'follow', protocol: PROTOCOL, name: 'x', shares: true, round: 1, known: [] };
    toEveryone('owner', follow);
    toEveryone('owner', { kind: 'write', call: 0, method: 'open' });
    const had = writer.has('a');
    toEveryone('client', { kind: 'wrote', call: 1, value: false });
    toEveryone('client', { kind: 'refused', call: 1, error: {} });
    toEveryone('client', { kind: 'version', round: 1, difference: {}, shares: true });
    // Were it heeded, they would ask again.
    toEveryone('client', { kind: 'reminder', round: 1, version: 99 });
    const asked: unknown[] = [];
    port1.on('message', ({ channel, body }: { channel: string; body: { kind: unknown } }) => {
      if (channel !== EVERYONE) asked.push(body.kind);
    });
    expect(await had).toBe(true);
    await writer.addPosting({ documentId: 'b', vector: [0, 1, 0] });
    const { version } = await writer.commitChanges();
    for (const replica of replicas) expect((await replica.waitFor(version)).postingCount).toBe(2);
    expect(service.replicas).toHaveLength(2);
    expect(cell.metrics().liveWriters).toBe(0);
    expect(asked).not.toContain('follow');

    const another = await openRemoteWriter(port2);
    const opening = rejectionOf(openReplica(port2));
    service.close();
    expect(await opening).toBeInstanceOf(PortClosedError);
    expect(await rejectionOf(another.has('a'))).toBeInstanceOf(PortClosedError);
    expect(replicas.map(({ isClosed }) => isClosed)).toEqual([true, true]);
    port1.close();
  });

  test('what a replica cannot read ends it, and it says why', async () => {
    for (const body of fc.sample(junk, { numRuns: 200, seed: 2 })) {
      const { port1, port2 } = new MessageChannel();
      serveReplicas(newCell(), port1);
      let channel: unknown;
      port1.on('message', (message: { channel: unknown }) => (channel = message.channel));
      const replica = await openReplica(port2);
      port1.postMessage({ shardex: 'client', channel, body });
      const { kind } = (body ?? {}) as { kind?: unknown };
      if (kind === 'version' || kind === 'reminder') {
        await eventually(() => {
          expect(replica.failure).toBeInstanceOf(InvalidOptionError);
        });
      } else {
        await setImmediate();
        expect(replica.failure).toBe(undefined);
      }
      port1.close();
    }
    expect(uncaught).toEqual([]);
  });

  test('so does a calibration, a list or a count that is none', async () => {
    const holes: unknown[] = [];
    holes[1] = 1;
    const damages: ((difference: Record<string, never>) => void)[] = [
      (difference) => Object.assign(difference, { calibration: undefined }),
      (difference) => Object.assign(difference, { calibration: 'other' }),
      (difference) =>
        Object.assign(difference, {
          calibration: { samples: [{}], taken: 1, settled: 0, postingCount: 1, shardCount: 1 },
        }),
      (difference) => Object.assign(difference, { gone: holes }),
      (difference) => Object.assign(difference.header, { churn: Number.NaN }),
    ];
    for (const damage of damages) {
      const { replica, before } = await damaged(damage);
      expect(replica.failure).toBeInstanceOf(InvalidOptionError);
      expect(replica.read()).toBe(before);
    }
    expect(uncaught).toEqual([]);
  });

  test('what only looks sound ends it likewise: no version is made of it', async () => {
    const damages: ((difference: Record<string, never>) => void)[] = [
      (difference) => Object.assign(difference.header, { postingCount: 7 }),
      (difference) => Object.assign(difference, { gone: [77] }),
      (difference) => Object.assign(difference.shards, { numbers: Float64Array.of(1, 0, 1e15) }),
      (difference) => Object.assign(difference.shards, { numbers: Float64Array.of(1, 0, 1, 0, 1, 1e15) }),
      (difference) =>
        Object.assign(difference.shards, {
          centroids: [new Float32Array(1)],
          numbers: Float64Array.of(9, 1, 0),
        }),
      (difference) => Object.assign(difference.shards, { numbers: Float64Array.of(9, 0, 1, -5) }),
      (difference) => Object.assign(difference, { chunks: [[99]] }),
      (difference) => Object.assign(difference.rows, { runs: [0, 0, 1e15] }),
      (difference) =>
        Object.assign(difference, {
          calibration: { samples: [5], taken: 1, settled: 0, postingCount: 1, shardCount: 1 },
        }),
    ];
    for (const damage of damages) {
      const { replica, before } = await damaged(damage);
      expect(replica.failure).toBeInstanceOf(InvalidDeltaError);
      expect(replica.read()).toBe(before);
    }
    expect(uncaught).toEqual([]);
  });

  test('an owner tells whoever waits for an answer that it cannot read the question', async () => {
    const { port1, port2 } = new MessageChannel();
    serveReplicas(newCell(), port1, { writable: true });
    const told: unknown[] = [];
    port2.on('message', ({ body }: { body: unknown }) => told.push(body));
    const ask = (body: unknown): void => {
      port2.postMessage({ shardex: 'owner', channel: 'mine', body });
    };
    ask({ kind: 'follow', protocol: PROTOCOL, name: '' });
    ask({ kind: 'follow' });
    ask({ kind: 'write', call: 3 });
    ask({ kind: 'write', call: 4, method: 'strange' });
    ask({ kind: 'write', call: 5, method: 'open' });
    ask({ kind: 'write', call: 6, method: 'strange' });
    await eventually(() => {
      expect(told).toMatchObject([
        { kind: 'end', error: { code: 'INVALID_OPTION', fields: { option: 'port' } } },
        { kind: 'end', error: { code: 'INVALID_OPTION', fields: { option: 'port' } } },
        { kind: 'refused', call: 3, error: { code: 'INVALID_OPTION' } },
        { kind: 'refused', call: 4, error: { code: 'WRITER_CLOSED' } },
        { kind: 'wrote', call: 5, value: { version: 1, dimensions: 3 } },
        { kind: 'refused', call: 6, error: { code: 'INVALID_OPTION' } },
      ]);
    });
    expect(uncaught).toEqual([]);
    port1.close();
  });

  test('of writers that are refused, or opened twice, none stays', async () => {
    const cell = newCell();
    const { port1, port2 } = new MessageChannel();
    serveReplicas(cell, port1, { writable: true });
    const ask = (call: number, method: string): void => {
      port2.postMessage({ shardex: 'owner', channel: 'mine', body: { kind: 'write', call, method } });
    };
    ask(0, 'open');
    ask(1, 'open');
    await openReplica(port2);
    expect(cell.metrics().liveWriters).toBe(1);
    ask(2, 'discard');
    await openReplica(port2);
    expect(cell.metrics().liveWriters).toBe(0);
    port1.close();
  });

  test('an answer that is none of its call rejects that call', async () => {
    const { port1, port2 } = new MessageChannel();
    serveReplicas(newCell(), port1, { writable: true });
    let channel: unknown;
    port1.on('message', (message: { channel: unknown }) => (channel = message.channel));
    const writer = await openRemoteWriter(port2);
    const answer = (body: unknown): void => {
      port1.postMessage({ shardex: 'client', channel, body });
    };
    // Before the owner comes to it.
    answer({ kind: 'wrote', call: 1, value: 'many' });
    answer({ kind: 'refused', call: 2, error: null });
    answer({ kind: 'wrote' });
    answer({ kind: 'wrote', call: 99, value: 1 });
    const calls = [writer.addPosting({ documentId: 'b', vector: QUERY }), writer.has('b')].map(rejectionOf);
    expect(await calls[0]).toMatchObject({ code: 'INVALID_OPTION', option: 'port' });
    expect(await calls[1]).toBeInstanceOf(Error);
    expect(await writer.has('b')).toBe(true);
    port1.close();
  });
});

describe('between a pool and its threads', () => {
  test('junk on either end is ignored', async () => {
    const cell = newCell();
    const workers: Worker[] = [];
    const pool = await SearchPool.open(cell, {
      threads: 1,
      spawn: () => {
        const worker = new Worker(library.address('pool-worker'), { execArgv: [] });
        workers.push(worker);
        return worker;
      },
    });
    const [worker] = workers;
    const say = (body: unknown, channel: unknown = SEARCHES): void => {
      worker.emit('message', { shardex: 'owner', channel, body });
    };
    for (const body of fc.sample(junk, { numRuns: 1000, seed: 3 }))
      for (const channel of [SEARCHES, 'stranger', EVERYONE, 7]) say(body, channel);
    for (const body of fc.sample(junk, { numRuns: 1000, seed: 4 }))
      worker.postMessage({ shardex: 'client', channel: SEARCHES, body });
    const { results } = await pool.search(QUERY, { k: 1 });
    expect(results).toEqual(search(cell.read(), QUERY, { k: 1 }));
    expect([workers.length, pool.pending]).toEqual([1, 0]);
    expect(uncaught).toEqual([]);
    await pool.close();
  });

  test('a search with an answer that cannot be read says so', async () => {
    const name = { version: 0, fingerprint: 'x' };
    const none = {
      counts: Uint32Array.of(0),
      documentIds: [],
      numbers: new Float64Array(0),
      vectors: undefined,
    };
    const damaged: unknown[] = [
      null,
      { index: name },
      { index: name, results: { ...none, counts: new Uint32Array(0) } },
      { index: name, results: { ...none, counts: Uint32Array.of(1) } },
      { index: name, results: { ...none, documentIds: [7], counts: Uint32Array.of(1) } },
    ];
    // A thread that is none.
    const { port1, port2 } = new MessageChannel();
    port2.on('message', ({ channel, body }: { channel: string; body: { kind: string; id: number } }) => {
      if (channel !== SEARCHES) return;
      const found = body.id < damaged.length ? damaged[body.id] : { index: name, results: none };
      const answer = body.kind === 'start' ? { kind: 'ready' } : { kind: 'found', id: body.id, found };
      port2.postMessage({ shardex: 'owner', channel, body: answer });
    });
    const thread = Object.assign(port1, {
      terminate: () => {
        port1.close();
      },
    });
    const pool = await SearchPool.open(newCell(), { threads: 1, spawn: () => thread });
    for (const found of damaged) {
      const error = await rejectionOf(pool.search(QUERY, { k: 1 }));
      expect(error, JSON.stringify(found)).toBeInstanceOf(WorkerFailedError);
    }
    expect(await pool.search(QUERY, { k: 1 })).toEqual({ version: 0, results: [] });
    expect([pool.pending, uncaught]).toEqual([0, []]);
    await pool.close();
  });

  test('a thread says that it cannot read a question, or cannot answer it yet', async () => {
    const { port1, port2 } = new MessageChannel();
    await answerSearches(port2);
    const told: unknown[] = [];
    port1.on('message', ({ body }: { body: unknown }) => told.push(body));
    const ask = (body: unknown): void => {
      port1.postMessage({ shardex: 'client', channel: SEARCHES, body });
    };
    ask({ kind: 'search', id: 1 });
    ask({ kind: 'search', id: 2, queries: [new Float32Array(3)], options: { k: 1 }, atLeast: 0 });
    ask({ kind: 'search' });
    ask({ kind: 'start', name: 7 });
    await eventually(() => {
      expect(told).toMatchObject([
        { kind: 'failed', id: 1, error: { code: 'INVALID_OPTION' } },
        { kind: 'failed', id: 2, error: { code: 'WORKER_FAILED' } },
      ]);
    });
    expect(uncaught).toEqual([]);
    port1.close();
  });
});

test('whatever comes as an error becomes one', () => {
  const packed = fc.oneof(
    fc.anything(),
    fc.record(
      {
        code: fc.oneof(
          fc.constantFrom('COMMIT_CONFLICT', 'MERGE_CONFLICT', 'INVALID_OPTION', 'toString'),
          fc.anything(),
        ),
        name: fc.anything(),
        message: fc.anything(),
        stack: fc.anything(),
        fields: fc.anything(),
      },
      { requiredKeys: [] },
    ),
  );
  fc.assert(
    fc.property(packed, (value) => {
      const error = unpackError(value);
      expect(error).toBeInstanceOf(Error);
      expect([typeof error.name, typeof error.message, typeof error.stack]).toEqual([
        'string',
        'string',
        'string',
      ]);
    }),
  );
});
