/*
 * A program that writes to a store in Postgres, or follows it. At each of some versions it says what is in its heap once
 * garbage is collected, and what it has: a writer goes on when it is told to.
 */

import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Pool } from 'pg';
import type { ShardexIndex } from 'shardex';
import { openFollower, openStore } from 'shardex/store';
import { postgresLog } from 'shardex/postgres';
import { numbers, vectorFrom, wholeBytes } from '../../store/support/versions.js';
import { connection } from './cluster.js';

/** Documents that are written again and again. */
const DOCUMENTS = 300;
/** Commits that are under way at once. */
const AT_ONCE = 16;

const [port, namespace, role, every, ...points] = process.argv.slice(2);
const pool = new Pool({ ...connection(Number(port)), max: 4 });
const log = postgresLog(pool, { namespace });
/** What whoever forgets nothing has. */
const kept: unknown[] = [];

/** Says how things are with a store or a follower. */
async function tell(cell: { read(): ShardexIndex }): Promise<void> {
  const { version } = cell.read();
  const hash = createHash('sha256').update(wholeBytes(cell.read())).digest('hex');
  for (let round = 0; round < 4; round++) {
    await setTimeout(5);
    globalThis.gc?.();
  }
  process.stdout.write(`at ${version} ${process.memoryUsage().heapUsed} ${hash}\n`);
}

if (role === 'writer') {
  const store = await openStore(log);
  const next = numbers(7);
  const write = (): Promise<unknown> =>
    store.update((draft) => {
      const documentId = `d${Math.floor(next() * DOCUMENTS)}`;
      if (next() < 0.2) draft.removeDocument(documentId);
      draft.addPosting({ documentId, start: Math.floor(next() * 3), vector: vectorFrom(next) });
    });
  let checkpoint = 0;
  for (const point of points.map(Number)) {
    while (store.version < point) {
      const count = Math.min(AT_ONCE, point - store.version);
      await Promise.all(Array.from({ length: count }, write));
      if (store.version < checkpoint + Number(every)) continue;
      await store.checkpoint();
      checkpoint = store.version;
    }
    await tell(store);
    await new Promise((resolve) => process.stdin.once('data', resolve));
  }
  await store.close();
} else {
  const follower = await openFollower(log);
  if (role === 'careless') follower.subscribe((commit) => kept.push(commit.delta));
  for (const point of points.map(Number)) {
    await follower.waitFor(point);
    await tell(follower);
  }
  await follower.close();
}
process.stdin.destroy();
await pool.end();
