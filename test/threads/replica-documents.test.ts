import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import {
  CowShardexIndex,
  type Replica,
  type ShardexIndex,
  createIndex,
  diff,
  documentIds,
  hasDocument,
  openReplica,
  search,
  serveReplicas,
  update,
} from 'shardex';
import { eachChangedDocument, shardsOf } from '../../src/version/documents.js';
import { seeded } from '../support/random.js';
import { OPTIONS, change } from './support/changes.js';

const ports: MessagePort[] = [];

afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

async function follow(cell: CowShardexIndex | Replica): Promise<Replica> {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1);
  serveReplicas(cell, port1);
  return openReplica(port2);
}

/** The documents that owner and replica place differently. */
function differences(owner: ShardexIndex, replica: ShardexIndex): string[] {
  const found: string[] = [];
  eachChangedDocument(owner.documents.value, replica.documents.value, (documentId, ...entries) => {
    // Lists of shards may be equal without being the same one.
    const [a, b] = entries.map((entry) => shardsOf(entry).join());
    if (a !== b) found.push(documentId);
  });
  return found;
}

/** Changes that come one by one: many at once would come in one piece. */
async function changeOften(cell: CowShardexIndex, replica: Replica, random: () => number): Promise<void> {
  for (let i = 0; i < 60; i++) {
    change(cell, random);
    while (replica.version !== cell.version) await setImmediate();
  }
}

test('a replica that only searches never finds out where documents are', async () => {
  const random = seeded(1);
  const cell = new CowShardexIndex(createIndex(OPTIONS));
  const replica = await follow(cell);
  await changeOften(cell, replica, random);
  const index = replica.read();
  expect(index.documentCount).toBe(cell.read().documentCount);
  expect(index.documentCount).toBeGreaterThan(5);
  expect(search(index, [1, 2, 3], { k: 5 })).toEqual(search(cell.read(), [1, 2, 3], { k: 5 }));
  expect(index.documents.isMade).toBe(false);

  expect(hasDocument(index, 'nobody')).toBe(false);
  expect(index.documents.isMade).toBe(true);
  expect([...documentIds(index)]).toEqual([...documentIds(cell.read())]);
});

test.each([2, 3, 4])('one that was asked keeps them up to date (seed %i)', async (seed) => {
  const random = seeded(seed);
  const cell = new CowShardexIndex(createIndex(OPTIONS));
  for (let i = 0; i < 20; i++) change(cell, random);
  const owners = new Map([[cell.version, cell.read()]]);
  cell.subscribe(({ index }) => owners.set(index.version, index));
  const replica = await follow(cell);
  const first = replica.read();
  let asked = 0;
  replica.subscribe(({ index }) => {
    const owner = owners.get(index.version) as ShardexIndex;
    if (index.version === first.version + 1) hasDocument(index, 'anybody');
    expect(index.documents.isMade).toBe(true);
    expect(differences(owner, index)).toEqual([]);
    expect(index.documents.value.size).toBe(index.documentCount);
    asked++;
  });
  await changeOften(cell, replica, random);
  expect(asked).toBeGreaterThan(20);
  // What was passed by unasked can still be asked.
  expect(first.documents.isMade).toBe(false);
  expect(differences(owners.get(first.version) as ShardexIndex, first)).toEqual([]);
});

test('one that is served on need not know itself for those behind it to know', async () => {
  const random = seeded(5);
  const cell = new CowShardexIndex(createIndex(OPTIONS));
  const near = await follow(cell);
  const far = await follow(near);
  await changeOften(cell, far, random);
  hasDocument(far.read(), 'anybody');
  await changeOften(cell, far, random);
  expect(differences(cell.read(), far.read())).toEqual([]);
  expect(near.read().documents.isMade).toBe(false);
});

test('versions of a replica can be compared, and be the base of others', async () => {
  const random = seeded(6);
  const cell = new CowShardexIndex(createIndex(OPTIONS));
  for (let i = 0; i < 20; i++) change(cell, random);
  const replica = await follow(cell);
  const [owner, index] = [cell.read(), replica.read()];
  await changeOften(cell, replica, random);
  const { added, removed } = diff(owner, cell.read());
  expect(diff(index, replica.read())).toMatchObject({ added, removed });
  const postings = [{ documentId: 'more', vector: [1, 1, 1] }];
  const more = update(replica.read(), (draft) => {
    draft.addPostings(postings);
  });
  expect(more.fingerprint).toBe(
    update(cell.read(), (draft) => {
      draft.addPostings(postings);
    }).fingerprint,
  );
});
