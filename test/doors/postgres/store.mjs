// A store in Postgres, for which PGlite stands in: written, closed, opened again and followed. And a pool of pg that finds
// no server.
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { ShardexError, search } from 'shardex';
import { LogFailedError, openFollower, openStore } from 'shardex/store';
import { migratePostgres, postgresLog, postgresSchema } from 'shardex/postgres';

const COUNT = 120;

/** Document i, in a direction of its own. */
function vector(i) {
  return [Math.cos((2 * Math.PI * i) / COUNT), Math.sin((2 * Math.PI * i) / COUNT)];
}

/** A pool of one connection. What pg would submit by itself is read by COPY: PGlite copies to a file that it hands over. */
function poolOn(db) {
  return {
    async query(query) {
      const { text, values = [] } = query;
      if (query.submit === undefined)
        return values.length > 0 ? db.query(text, values) : ((await db.exec(text)).at(-1) ?? { rows: [] });
      const { blob } = await db.query(text.replace('TO STDOUT', "TO '/dev/blob'"));
      const chunk = new Uint8Array(await blob.arrayBuffer());
      return new Promise((resolve, reject) => {
        query.callback = (error, rows) => (error instanceof Error ? reject(error) : resolve(rows));
        query.handleCopyData({ chunk });
        query.handleReadyForQuery();
      });
    },
    connect: () => Promise.reject(new Error('There is one connection only.')),
    on: () => undefined,
    removeListener: () => undefined,
  };
}

function assert(isSo, what) {
  if (!isSo) throw new Error(what);
}

const db = await PGlite.create();
const pool = poolOn(db);
const log = () => postgresLog(pool, { namespace: 'notes', listen: false });

assert((await migratePostgres(pool, { dryRun: true })) === postgresSchema(), 'tables before there are any');
const store = await openStore(log(), { dimensions: 2 });
const adding = Array.from({ length: COUNT }, (_, i) =>
  store.update((draft) => {
    draft.addPosting({ documentId: `document ${i}`, vector: vector(i) });
  }),
);
await Promise.all(adding);
const follower = await openFollower(log());
await store.checkpoint();
await store.update((draft) => {
  draft.removeDocument('document 0');
  draft.addPosting({ documentId: 'document 0', vector: vector(0) });
});
await follower.waitFor(COUNT + 1);
await store.close();

const again = await openStore(log());
assert(again.version === COUNT + 1, `version ${again.version}`);
for (const cell of [again, follower]) {
  for (let i = 0; i < COUNT; i++) {
    const [hit] = search(cell.read(), vector(i), { k: 1, slopFactor: 'all' });
    assert(hit?.documentId === `document ${i}`, `${hit?.documentId}, not document ${i}`);
  }
  await cell.close();
}
await db.close();

// The classes of errors must be those of the library, from whichever file they came.
const away = new pg.Pool({ host: '127.0.0.1', port: 1 });
const error = await openStore(postgresLog(away, { namespace: 'notes', patienceMs: 0 })).catch(
  (thrown) => thrown,
);
if (!(error instanceof LogFailedError && error instanceof ShardexError)) throw error;
await away.end();
console.log(JSON.stringify({ compared: COUNT }));
