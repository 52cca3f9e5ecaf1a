import { CowShardexIndex, createIndex, search, type ShardexIndex } from 'shardex';
import { expect, test } from 'vitest';
import { cellStateOf } from '../../src/cell/readable-cell.js';
import type { FromReplica, ToReplica } from '../../src/threads/replicas/messages.js';
import { ReplicaClient } from '../../src/threads/replicas/replica-client.js';
import { ReplicaFeed } from '../../src/threads/replicas/replica-feed.js';
import { numbered } from '../support/postings.js';
import { until } from '../support/until.js';

/* Both sides of one replica, without a port between them: the test carries their messages, loses some and repeats some. */

interface Conversation {
  readonly cell: CowShardexIndex;
  readonly feed: ReplicaFeed;
  readonly client: ReplicaClient;
  readonly toReplica: ToReplica[];
  readonly toOwner: FromReplica[];
  readonly versions: ShardexIndex[];
  /** Delivers all messages, until neither side has more to say. */
  readonly deliver: () => void;
  readonly commit: (n: number) => ShardexIndex;
}

function conversation(): Conversation {
  const cell = new CowShardexIndex(
    createIndex(
      { dimensions: 2, shardCapacity: 8 },
      numbered(20, (i) => [i, 1]),
    ),
  );
  const [toReplica, toOwner, versions]: [ToReplica[], FromReplica[], ShardexIndex[]] = [[], [], []];
  const feed = new ReplicaFeed(cellStateOf(cell), 'replica', true, (message) => toReplica.push(message));
  const client = new ReplicaClient('replica', true, {
    send: (message) => toOwner.push(message),
    version: (index) => versions.push(index),
    idle: () => false,
    ended: (error) => {
      throw error ?? new Error('It has ended.');
    },
  });
  const deliver = (): void => {
    while (toReplica.length + toOwner.length > 0) {
      for (const message of toOwner.splice(0)) feed.take(message);
      for (const message of toReplica.splice(0)) client.take(message);
      client.drainMessages();
    }
  };
  cell.subscribe((commit) => {
    feed.committed(commit);
  });
  const commit = (n: number): ShardexIndex =>
    cell.update((draft) => {
      draft.addPosting({ documentId: `new ${n}`, vector: [n, 2] });
    }).index;
  return { cell, feed, client, toReplica, toOwner, versions, deliver, commit };
}

function expectEqual(a: ShardexIndex | undefined, b: ShardexIndex): void {
  expect(a?.fingerprint).toBe(b.fingerprint);
  expect(a === undefined ? a : search(a, [3, 2], { k: 5 })).toEqual(search(b, [3, 2], { k: 5 }));
}

const followed = (): Conversation => {
  const all = conversation();
  all.client.ask();
  all.deliver();
  return all;
};

test('a replica gets the current version, and then each commit', () => {
  const { cell, feed, versions, deliver, commit } = followed();
  expectEqual(versions[0], cell.read());
  for (let n = 0; n < 5; n++) {
    const index = commit(n);
    deliver();
    expectEqual(versions.at(-1), index);
    expect(feed.version).toBe(index.version);
  }
  expect(versions).toHaveLength(6);
});

test('after a version that was lost it asks again, and goes on from what it has', () => {
  const { cell, toReplica, toOwner, versions, deliver, commit } = followed();
  commit(0);
  toReplica.length = 0;
  commit(1);
  deliver();
  expect(toOwner).toEqual([]);
  expectEqual(versions.at(-1), cell.read());
  // The shards that it had already are the same objects.
  const [first, last] = [versions[0], versions[versions.length - 1]];
  expect([...last.shards.keys()].some((id) => last.shards.get(id) === first.shards.get(id))).toBe(true);
});

test('a version that comes twice is published once', () => {
  const { toReplica, versions, deliver, commit } = followed();
  commit(0);
  toReplica.push(...toReplica);
  deliver();
  expect(versions).toHaveLength(2);
});

test('messages of a round before the last request are void, on both sides', () => {
  const { cell, feed, client, toReplica, toOwner, versions, deliver, commit } = followed();
  commit(0);
  client.ask();
  const late = toOwner.splice(0);
  // The owner has not seen the request yet; what it sent before is of the old round.
  client.take(toReplica.splice(0)[0]);
  client.drainMessages();
  expect(versions).toHaveLength(1);
  for (const message of late) feed.take(message);
  deliver();
  expectEqual(versions.at(-1), cell.read());
  const sent = toReplica.length;
  for (const message of late) feed.take(message);
  feed.take({ kind: 'reached', round: 1, version: 0 });
  expect(toReplica).toHaveLength(sent);
  expect(feed.version).toBe(cell.version);
});

test('versions on their way are held, and no more than 64 of them; the rest comes as one difference', () => {
  const { cell, feed, toReplica, versions, deliver, commit } = followed();
  for (let n = 0; n < 100; n++) commit(n);
  const inFlight = toReplica.length;
  expect(inFlight).toBeLessThanOrEqual(65);
  expect(cell.held().filter(({ pins }) => pins.length > 0).length).toBeGreaterThanOrEqual(inFlight);
  deliver();
  expectEqual(versions.at(-1), cell.read());
  expect(versions.length).toBeLessThan(100);
  expect(feed.version).toBe(cell.version);
  feed.take({ kind: 'leave' });
  expect(cell.held().flatMap(({ pins }) => pins)).toEqual([]);
});

test('work on versions lets the event loop run in between, and still takes them all', async () => {
  const { cell, client, toReplica, toOwner, feed, versions, commit } = followed();
  for (let n = 0; n < 60; n++) commit(n);
  for (const message of toReplica.splice(0)) client.take(message);
  await until(() => versions.at(-1)?.version === cell.version);
  for (const message of toOwner.splice(0)) feed.take(message);
  expect(feed.version).toBe(cell.version);
  expect(toReplica).toEqual([]);
});
