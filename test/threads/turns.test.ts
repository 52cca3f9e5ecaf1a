import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CowShardexIndex, answerSearches, createIndex, openReplica, serveReplicas } from 'shardex';
import { type FromSearcher, SEARCHES } from '../../src/threads/pool/search-messages.js';
import { eventually } from '../support/until.js';
import { OPTIONS } from './support/changes.js';

const VERSIONS = Array.from({ length: 20 }, (_, i) => i + 1);

let channel: MessageChannel;
let cell: CowShardexIndex;

beforeEach(() => {
  channel = new MessageChannel();
  cell = new CowShardexIndex(createIndex(OPTIONS));
  // Everything takes long: a version more than its share of a turn.
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 10));
});

afterEach(() => {
  vi.restoreAllMocks();
  channel.port1.close();
});

/** Versions that are all in the port of the replica at one time. */
function commit(): void {
  for (const i of VERSIONS) {
    cell.update((draft) => {
      draft.addPosting({ documentId: `d${i}`, vector: [i, 0, 0] });
    });
  }
}

test('other things have their turn between versions that have come together', async () => {
  serveReplicas(cell, channel.port1);
  const replica = await openReplica(channel.port2);
  let turn = 0;
  const seen: [version: number, turn: number][] = [];
  replica.subscribe(({ version }) => seen.push([version, turn]));
  commit();
  while (replica.version < VERSIONS.length) {
    await setImmediate();
    turn++;
  }
  expect(seen.map(([version]) => version)).toEqual(VERSIONS);
  expect(new Set(seen.map((each) => each[1])).size).toBe(VERSIONS.length);
});

test('what waits for its turn is taken when the port closes', async () => {
  serveReplicas(cell, channel.port1);
  const replica = await openReplica(channel.port2);
  commit();
  channel.port1.close();
  await eventually(() => {
    expect(replica.isClosed).toBe(true);
  });
  expect(replica.version).toBe(VERSIONS.length);
});

test('a search goes ahead of versions, a part of one comes after them', async () => {
  const { port1, port2 } = channel;
  const found: number[] = [];
  let isReady = false;
  port1.addEventListener('message', ({ data }: MessageEvent<{ body: FromSearcher }>) => {
    const { body } = data;
    if (body.kind === 'ready') isReady = true;
    if (body.kind === 'found') found.push(body.found.index.version);
  });
  const send = (body: unknown): void => {
    port1.postMessage({ shardex: 'client', channel: SEARCHES, body });
  };
  serveReplicas(cell, port1);
  await answerSearches(port2);
  send({ kind: 'start', name: 'searcher', givenUp: undefined });
  await eventually(() => {
    expect(isReady).toBe(true);
  });
  commit();
  const asked = {
    kind: 'search',
    atLeast: 0,
    queries: [new Float32Array(3)],
    options: { k: 1, slopFactor: 'all' },
  };
  send({ ...asked, id: 0, part: undefined });
  send({ ...asked, id: 1, part: { index: 0, count: 1 } });
  await eventually(() => {
    expect(found).toHaveLength(2);
  });
  expect(found[0]).toBeLessThan(VERSIONS.length);
  expect(found[1]).toBe(VERSIONS.length);
});
