import { CowShardexIndex, type SearchResult, createIndex, search } from 'shardex';
import * as browser from 'shardex/browser';
import { type Explorer, explore } from 'shardex/explore';
import { indexedDbLog } from 'shardex/indexeddb';
import 'shardex/pool-worker';
import { type PostgresPool, type PostgresQuery, migratePostgres, postgresLog } from 'shardex/postgres';
import { type Store, openStore } from 'shardex/store';

const cell = new CowShardexIndex(createIndex({ dimensions: 3 }));
const { index } = cell.update((draft) => {
  draft.addPosting({ documentId: 'a', vector: [1, 0, 0] });
});
export const results: SearchResult[] = search(index, [1, 0, 0], { k: 1 });
export const ids: string[] = results.map((hit) => hit.documentId);
export const same: typeof search = browser.search;
export const dimensions: number = index.config.dimensions;
export const first: string | undefined = [...index.shards.values()][0]?.centroid.toArray().join();
// @ts-expect-error The types must be there: an import without any would allow everything.
createIndex({ dimensions: 'three' });
export const explorer: Promise<Explorer> = explore(cell, { port: 0 });
export const store: Promise<Store> = openStore(indexedDbLog('notes'), { dimensions: 3 });
const pool: PostgresPool = {
  query: ({ text }: PostgresQuery) => Promise.resolve({ rows: [{ text }] }),
  connect: () => Promise.reject(new Error('There is one connection only.')),
  on: () => undefined,
  removeListener: () => undefined,
};
export const shared: Promise<Store> = openStore(postgresLog(pool, { namespace: 'notes' }), { dimensions: 3 });
export const sql: Promise<string> = migratePostgres(pool, { dryRun: true });
// @ts-expect-error An index in a database has a name.
postgresLog(pool, {});
