import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import {
  ConflictError,
  CowShardexIndex,
  InvalidPostingError,
  InvalidVectorError,
  PortClosedError,
  type Posting,
  WriterClosedError,
  createIndex,
  openRemoteWriter,
  openReplica,
  postings,
  serveReplicas,
} from 'shardex';
import { seeded } from '../support/random.js';
import { rejectionOf } from '../support/thrown.js';
import { built } from './support/built.js';
import { print } from './support/print.js';

const library = built('owner');
const ports: MessagePort[] = [];

afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

function served(writable = true): { cell: CowShardexIndex; port: MessagePort; own: MessagePort } {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1);
  const cell = new CowShardexIndex(createIndex({ dimensions: 2 }));
  serveReplicas(cell, port1, { writable });
  return { cell, port: port2, own: port1 };
}

const posting = (documentId: string, start = 0): Posting => ({ documentId, start, vector: [1, start] });

describe('a remote writer', () => {
  test('does what a writer does', async () => {
    const { cell, port } = served();
    const replica = await openReplica(port);
    const writer = await openRemoteWriter(port);
    expect(writer.baseVersion).toBe(0);
    expect(await writer.addPostings([posting('a'), posting('a', 1), posting('b')])).toBe(3);
    await writer.addPosting(posting('c'));
    expect(await writer.removeDocument('c')).toBe(1);
    expect(await writer.removeDocuments(new Set(['b', 'nobody']))).toBe(1);
    expect(await writer.removePosting({ documentId: 'a', start: 1 })).toBe(true);
    expect(await writer.removePostings([posting('a', 1), posting('nobody'), posting('a')])).toBe(1);
    expect(await writer.has('a')).toBe(false);
    await writer.replaceDocument('a', [posting('a', 7)]);
    expect([await writer.has('a'), await writer.has('b')]).toEqual([true, false]);
    expect(cell.version).toBe(0);
    const commit = await writer.commitChanges();
    expect(commit).toEqual({
      version: 1,
      fingerprint: cell.read().fingerprint,
      previousVersion: 0,
      isEmpty: false,
    });
    expect(postings(await replica.waitFor(commit.version), 'a').map(({ start }) => start)).toEqual([7]);
    for (const use of [
      () => writer.addPosting(posting('z')),
      () => writer.commitChanges(),
      () => writer.has('a'),
    ])
      expect(await rejectionOf(use())).toBeInstanceOf(WriterClosedError);
    await writer.discard();
  });

  test('is given up without a trace', async () => {
    const { cell, port } = served();
    const writer = await openRemoteWriter(port);
    await writer.addPosting(posting('a'));
    expect(cell.metrics().liveWriters).toBe(1);
    await writer.discard();
    expect([cell.version, cell.metrics().liveWriters]).toEqual([0, 0]);
    expect(await rejectionOf(writer.addPosting(posting('a')))).toBeInstanceOf(WriterClosedError);
  });

  test('need not be awaited call by call', async () => {
    const { cell, port } = served();
    const writer = await openRemoteWriter(port);
    const calls = Array.from({ length: 50 }, (_, i) => writer.addPosting(posting(`d${i}`)));
    await writer.commitChanges();
    await Promise.all(calls);
    expect(cell.documentCount).toBe(50);
  });

  test('takes vectors as they are when it is called', async () => {
    const { cell, port } = served();
    const writer = await openRemoteWriter(port);
    const large = new Float32Array(1_000_000);
    large.set([3, 4], 10);
    const vector = large.subarray(10, 12);
    const added = writer.addPosting({ documentId: 'a', vector });
    large.fill(0);
    await added;
    await writer.commitChanges();
    expect([...postings(cell.read(), 'a')[0].vector]).toEqual([3, 4]);
  });

  test('hands on every error as what it is', async () => {
    const { cell, port } = served();
    const writer = await openRemoteWriter(port);
    expect(
      await rejectionOf(writer.addPostings([posting('a'), { documentId: 'b', vector: [1, 2, 3] }])),
    ).toMatchObject({ constructor: InvalidVectorError, code: 'INVALID_VECTOR', position: 1 });
    expect(await rejectionOf(writer.replaceDocument('a', [posting('b')]))).toMatchObject({
      constructor: InvalidPostingError,
      position: 0,
    });
    expect(await rejectionOf(writer.addPostings(7 as never))).toBeInstanceOf(InvalidPostingError);
    expect(await rejectionOf(writer.addPostings([null as never]))).toBeInstanceOf(InvalidPostingError);
    expect(await rejectionOf(writer.removePostings([posting('a'), { documentId: '' }]))).toMatchObject({
      constructor: InvalidPostingError,
      position: 1,
    });
    expect(
      await rejectionOf(writer.addPostings([{ documentId: 'a', vector: (() => 1) as never }])),
    ).toBeInstanceOf(InvalidVectorError);
    expect(await rejectionOf(writer.commitChanges({ onConflict: 'strange' as never }))).toMatchObject({
      code: 'INVALID_OPTION',
      option: 'onConflict',
    });

    await writer.addPosting(posting('shared', 1));
    cell.update((draft) => {
      draft.addPosting({ ...posting('shared', 1), vector: [5, 5] });
    });
    const conflict = await rejectionOf(writer.commitChanges());
    expect(conflict).toBeInstanceOf(ConflictError);
    expect(conflict).toMatchObject({
      name: 'ConflictError',
      baseVersion: 0,
      currentVersion: 1,
      documents: ['shared'],
      postings: [{ documentId: 'shared', start: 1, length: 0 }],
    });
    // It stays open, as a writer does whose commit fails.
    expect(await writer.has('shared')).toBe(true);
    cell.close();
    expect(await rejectionOf(writer.commitChanges())).toBeInstanceOf(PortClosedError);
  });

  test('hands on what the validator throws, whatever it is', async () => {
    const { port1, port2 } = new MessageChannel();
    ports.push(port1);
    let thrown: unknown = new RangeError('too many');
    const cell = new CowShardexIndex(createIndex({ dimensions: 2 }), {
      validate: () => {
        throw thrown;
      },
    });
    serveReplicas(cell, port1, { writable: true });
    const writer = await openRemoteWriter(port2);
    await writer.addPosting(posting('a'));
    expect(await rejectionOf(writer.commitChanges())).toMatchObject({
      name: 'RangeError',
      message: 'too many',
    });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (thrown of [() => 1, Object.create(null), proxy, Symbol('s'), undefined])
      expect(await rejectionOf(writer.commitChanges())).toBeInstanceOf(Error);
    await writer.discard();
  });

  test('is refused on a port for readers, and by a replica', async () => {
    const { cell, port } = served(false);
    expect(await rejectionOf(openRemoteWriter(port))).toMatchObject({ option: 'writable' });
    expect(cell.metrics().liveWriters).toBe(0);
    const replica = await openReplica(port);
    const { port1, port2 } = new MessageChannel();
    ports.push(port1);
    serveReplicas(replica, port1, { writable: true });
    expect(await rejectionOf(openRemoteWriter(port2))).toMatchObject({ option: 'writable' });
  });

  test('ends with its port: what waits is told, what was not committed is given up', async () => {
    const { cell, port, own } = served();
    const writer = await openRemoteWriter(port);
    await writer.addPosting(posting('a'));
    const waiting = rejectionOf(writer.addPosting(posting('b')));
    own.close();
    expect(await waiting).toBeInstanceOf(PortClosedError);
    expect(await rejectionOf(writer.commitChanges())).toBeInstanceOf(PortClosedError);
    expect([cell.version, cell.metrics().liveWriters]).toEqual([0, 0]);
  });

  test('that is given up while it is opened leaves no writer behind', async () => {
    const { cell, port } = served();
    const reason = new Error('no time');
    expect(await rejectionOf(openRemoteWriter(port, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    const controller = new AbortController();
    const opening = rejectionOf(openRemoteWriter(port, { signal: controller.signal }));
    controller.abort(reason);
    expect(await opening).toBe(reason);
    await openReplica(port);
    expect(cell.metrics().liveWriters).toBe(0);
  });

  test('of a closed cell is refused', async () => {
    const { port1, port2 } = new MessageChannel();
    ports.push(port1);
    const cell = new CowShardexIndex(createIndex({ dimensions: 2 }));
    serveReplicas(cell, port1, { writable: true });
    const opening = rejectionOf(openRemoteWriter(port2));
    cell.close();
    expect(await opening).toBeInstanceOf(PortClosedError);
  });
});

test('a worker has the cell, and this thread follows it and writes to it', async () => {
  const worker = library.start('owner');
  const replica = await openReplica(worker);
  const random = seeded(1);
  const own = new CowShardexIndex(createIndex(replica.read().config));
  expect(replica.read().fingerprint).toBe(own.read().fingerprint);
  for (let i = 0; i < 100; i++) {
    const added = Array.from({ length: 5 }, (_, j) => ({
      documentId: `d${Math.floor(random() * 40)}`,
      start: j,
      vector: [random(), random(), random()],
    }));
    const removed = `d${Math.floor(random() * 40)}`;
    const writer = await openRemoteWriter(worker);
    void writer.addPostings(added);
    void writer.removeDocument(removed);
    const { version } = await writer.commitChanges();
    own.update((draft) => {
      draft.addPostings(added);
      draft.removeDocument(removed);
    });
    const index = await replica.waitFor(version);
    expect(index.fingerprint).toBe(own.read().fingerprint);
  }
  expect(print(replica.read())).toBe(print(own.read()));
  const writer = await openRemoteWriter(worker);
  const ended = once(worker, 'exit');
  void worker.terminate();
  const lost = rejectionOf(writer.addPosting({ documentId: 'a', vector: [0, 0, 0] }));
  await ended;
  expect(await lost).toBeInstanceOf(PortClosedError);
  expect(await rejectionOf(writer.commitChanges())).toBeInstanceOf(PortClosedError);
  expect(replica.isClosed).toBe(true);
  expect(replica.failure).toBeInstanceOf(PortClosedError);
});
