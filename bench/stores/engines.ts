// What keeps vectors on a disk, each by its own engine: the same four tasks for all.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { hasDocument, search } from '../../dist/index.js';
import { type CommitLog, type Store, openStore, sqliteLog } from '../../dist/store/index.js';
import { K, type StoreEngine } from './store-engine.js';

/** The default log, on Node 20 with the driver that the library's own tests have. */
export function logAt(path: string): CommitLog {
  if (!process.versions.node.startsWith('20.')) return sqliteLog({ path });
  const root = createRequire(new URL('../../package.json', import.meta.url));
  return sqliteLog({ path, driver: root.resolve('@photostructure/sqlite') });
}

const shardex: StoreEngine = {
  load: () => Promise.resolve(),
  async save(path, { dimensions, vectors }) {
    const store = await openStore(logAt(path), { dimensions });
    await store.ingest(vectors.map((vector, i) => ({ documentId: String(i), vector })));
    await store.checkpoint();
    await store.close();
  },
  async open(path) {
    const store: Store = await openStore(logAt(path));
    return {
      search: (query) => search(store.read(), query, { k: K }),
      add: async (id, vector) => {
        await store.update((draft) => {
          draft.addPosting({ documentId: String(id), vector });
        });
      },
      has: (id) => hasDocument(store.read(), String(id)),
      close: () => store.close(),
    };
  },
};

/** A graph in memory: to keep one more vector, the whole of it is written again. */
const hnswlib: StoreEngine = {
  load: () => import('hnswlib-node'),
  async save(path, { dimensions, vectors }) {
    const { default: lib } = await import('hnswlib-node');
    const index = new lib.HierarchicalNSW('cosine', dimensions);
    index.initIndex({ maxElements: vectors.length + 10_000, m: 16, efConstruction: 200 });
    vectors.forEach((vector, i) => {
      index.addPoint([...vector], i);
    });
    await index.writeIndex(path);
  },
  async open(path, { dimensions }) {
    const { default: lib } = await import('hnswlib-node');
    const index = new lib.HierarchicalNSW('cosine', dimensions);
    await index.readIndex(path);
    index.resizeIndex(index.getCurrentCount() + 10_000);
    return {
      search: (query) => index.searchKnn([...query], K),
      add: async (id, vector) => {
        index.addPoint([...vector], id);
        await index.writeIndex(path);
      },
      has: (id) => index.getIdsList().includes(id),
      close: () => Promise.resolve(),
    };
  },
};

/** A file of JSON, written again as a whole with each change. */
const vectra: StoreEngine = {
  load: () => import('vectra'),
  async save(path, { vectors }) {
    const { LocalIndex } = await import('vectra');
    const index = new LocalIndex(path);
    await index.createIndex();
    await index.batchInsertItems(vectors.map((vector, i) => ({ id: String(i), vector: [...vector] })));
  },
  async open(path) {
    const { LocalIndex } = await import('vectra');
    const index = new LocalIndex(path);
    // Reads it; else the first search would.
    await index.listItems();
    return {
      search: (query) => index.queryItems([...query], '', K),
      add: async (id, vector) => {
        await index.insertItem({ id: String(id), vector: [...vector] });
      },
      has: async (id) => (await index.getItem(String(id))) !== undefined,
      close: () => Promise.resolve(),
    };
  },
};

/** The part of LanceDB that is used: it is not installed everywhere. */
interface Lance {
  readonly connect: (path: string) => Promise<{
    readonly createTable: (name: string, rows: readonly object[]) => Promise<unknown>;
    readonly openTable: (name: string) => Promise<LanceTable>;
  }>;
}

interface LanceTable {
  readonly add: (rows: readonly object[]) => Promise<unknown>;
  readonly countRows: (filter: string) => Promise<number>;
  readonly vectorSearch: (query: Float32Array) => {
    readonly distanceType: (type: string) => {
      readonly limit: (k: number) => { readonly toArray: () => Promise<unknown[]> };
    };
  };
}

/** Files of columns, one more for each commit, searched on the disk. */
const lancedb: StoreEngine = {
  load: loadLance,
  async save(path, { vectors }) {
    const db = await (await loadLance()).connect(path);
    await db.createTable(
      'vectors',
      vectors.map((vector, id) => ({ id, vector: [...vector] })),
    );
  },
  async open(path) {
    const table = await (await (await loadLance()).connect(path)).openTable('vectors');
    return {
      search: (query) => table.vectorSearch(query).distanceType('cosine').limit(K).toArray(),
      add: async (id, vector) => {
        await table.add([{ id, vector: [...vector] }]);
      },
      has: async (id) => (await table.countRows(`id = ${id}`)) > 0,
      close: () => Promise.resolve(),
    };
  },
};

/**
 * Not among the dependencies, since not every registry has its builds for all platforms, which a lock file names: whoever wants it
 * beside the others installs `@lancedb/lancedb@0.33 apache-arrow@18` here with `--no-save`.
 */
async function loadLance(): Promise<Lance> {
  const name = '@lancedb/lancedb';
  return (await import(name)) as Lance;
}

export const STORE_ENGINES = { shardex, lancedb, vectra, hnswlib };
export type StoreEngineName = keyof typeof STORE_ENGINES;

/** A path that nothing is at. */
export function newPath(folder: string): string {
  const path = join(folder, randomUUID());
  if (existsSync(path)) throw new Error(`${path} is there already.`);
  return path;
}
