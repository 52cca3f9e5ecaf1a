import { getHeapSnapshot } from 'node:v8';
import { MessageChannel } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { CowShardexIndex, createIndex, openRemoteWriter, openReplica, serveReplicas } from 'shardex';
import { collectGarbage } from '../support/garbage.js';
import { until } from '../support/until.js';

/*
 * A port may live as long as the program, and replicas and writers come and go on it. Counted is what is on the heap, by
 * kind: bytes would go up with the code that V8 compiles meanwhile, which is as much as some hundred bytes for each of the
 * first thousands who leave, and then nothing.
 */

const LEAVERS = 200;

/** Kinds of what a program makes, as heap snapshots name them. What V8 makes of the program's code is `code` there. */
const MADE = [
  'object',
  'closure',
  'array',
  'string',
  'concatenated string',
  'sliced string',
  'symbol',
  'native',
];

/** How many things of each kind there are, less those that are no longer used. */
async function counted(): Promise<Map<string, number>> {
  await collectGarbage();
  const chunks: Buffer[] = [];
  for await (const chunk of getHeapSnapshot()) chunks.push(chunk as Buffer);
  const { snapshot, nodes } = JSON.parse(Buffer.concat(chunks).toString()) as {
    snapshot: { meta: { node_fields: string[]; node_types: [string[]] } };
    nodes: number[];
  };
  const { node_fields, node_types } = snapshot.meta;
  const counts = new Map(MADE.map((kind) => [kind, 0]));
  for (let at = node_fields.indexOf('type'); at < nodes.length; at += node_fields.length) {
    const kind = node_types[0][nodes[at]];
    const count = counts.get(kind);
    if (count !== undefined) counts.set(kind, count + 1);
  }
  return counts;
}

test('replicas and writers that have left a port leave nothing behind, on either side of it', async () => {
  const cell = new CowShardexIndex(createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }]));
  const { port1, port2 } = new MessageChannel();
  const service = serveReplicas(cell, port1, { writable: true });
  const comeAndGo = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) {
      const replica = await openReplica(port2);
      replica.close();
      const writer = await openRemoteWriter(port2);
      await writer.discard();
    }
    await until(() => service.replicas.length === 0);
  };
  // What is remembered of the last ones is there then.
  await comeAndGo(100);
  const before = await counted();
  await comeAndGo(LEAVERS);
  const after = await counted();
  const more = MADE.map((kind) => [kind, (after.get(kind) ?? 0) - (before.get(kind) ?? 0)] as const);
  // One of a kind for each would be twice as many; a few come from what runs beside the test, and from caches of the engine.
  expect(more.filter(([, count]) => count >= LEAVERS / 2)).toEqual([]);
  expect(port2.listenerCount('message')).toBe(0);
  expect(cell.held()).toEqual([]);
  port1.close();
});
