// What else searches with filters: by the number of its documents, and two of theirs that are filtered by.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import hnswlib from 'hnswlib-node';
import { LocalIndex } from 'vectra';
import type { Matrix } from '../data-sets/matrix.js';
import { rowOf } from '../data-sets/matrix.js';

/** What documents are filtered by: a number by chance, the same not indexed, and how near one document they are. */
export interface Drawn {
  chance: number;
  bare: number;
  place: number;
}

/** Documents pass where a field is below a share; the rows that pass are at hand for whoever takes a callback. */
export interface Wanted {
  readonly field: 'chance' | 'place';
  readonly share: number;
  readonly passing: ReadonlySet<number>;
}

/** An engine that is ready to search. */
export interface Peer {
  readonly name: string;
  /** What it may be set to, from fast to thorough; one setting where it is exact. */
  readonly settings: readonly number[];
  set?(setting: number): void;
  /** The rows that it finds. */
  find(query: Float32Array, k: number, wanted: Wanted): readonly number[] | Promise<readonly number[]>;
  close?(): void | Promise<void>;
}

type Load = (vectors: Matrix, drawn: readonly Drawn[]) => Peer | Promise<Peer>;

/** A graph, with a callback that looks into a set of rows. */
export const hnsw: Load = (vectors) => {
  const graph = new hnswlib.HierarchicalNSW('cosine', vectors.dimensions);
  graph.initIndex({ maxElements: vectors.rows, m: 16, efConstruction: 200 });
  for (let row = 0; row < vectors.rows; row++) graph.addPoint([...rowOf(vectors, row)], row);
  return {
    name: 'hnswlib-node',
    settings: [16, 32, 64, 128, 256, 512, 1024],
    set: (ef) => {
      graph.setEf(ef);
    },
    find: (query, k, { passing }) => graph.searchKnn([...query], k, (row) => passing.has(row)).neighbors,
  };
};

/** A table of SQLite in memory that is looked through as a whole, with metadata columns; exact. */
export const sqliteVec: Load = async (vectors, drawn) => {
  const [{ DatabaseSync }, { getLoadablePath }] = await Promise.all([
    import('@photostructure/sqlite'),
    import('sqlite-vec'),
  ]);
  const db = new DatabaseSync(':memory:', { allowExtension: true });
  db.enableLoadExtension(true);
  db.loadExtension(getLoadablePath());
  db.exec(
    `create virtual table documents using vec0(embedding float[${vectors.dimensions}] distance_metric=cosine, chance float, place float)`,
  );
  const insert = db.prepare(
    'insert into documents(rowid, embedding, chance, place) values (?, ?, cast(? as real), cast(? as real))',
  );
  db.exec('begin');
  drawn.forEach(({ chance, place }, row) => {
    insert.run(BigInt(row), bytesOf(rowOf(vectors, row)), chance, place);
  });
  db.exec('commit');
  const select = {
    chance: db.prepare(`select rowid from documents where embedding match ? and k = ? and chance < ?`),
    place: db.prepare(`select rowid from documents where embedding match ? and k = ? and place < ?`),
  };
  return {
    name: 'sqlite-vec',
    settings: [0],
    find: (query, k, { field, share }) =>
      (select[field].all(bytesOf(query), BigInt(k), share) as { readonly rowid: number | bigint }[]).map(
        ({ rowid }) => Number(rowid),
      ),
    close: () => {
      db.close();
    },
  };
};

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A file of JSON that is searched in memory, as a whole. */
export const vectra: Load = async (vectors, drawn) => {
  const folder = await mkdtemp(join(tmpdir(), 'vectra-'));
  const index = new LocalIndex(folder);
  await index.createIndex();
  await index.batchInsertItems(
    drawn.map(({ chance, place }, row) => ({
      id: String(row),
      vector: [...rowOf(vectors, row)],
      metadata: { chance, place },
    })),
  );
  // What it searches is in memory from now on.
  await rm(folder, { recursive: true });
  return {
    name: 'vectra',
    settings: [0],
    async find(query, k, { field, share }) {
      const found = await index.queryItems([...query], '', k, { [field]: { $lt: share } });
      return found.map(({ item: { id } }) => Number(id));
    },
  };
};

/** The part of LanceDB that is used: it is not installed everywhere. */
interface Lance {
  readonly Index: { readonly btree: () => unknown };
  readonly connect: (path: string) => Promise<{
    readonly createTable: (name: string, rows: readonly object[]) => Promise<LanceTable>;
    readonly close: () => void;
  }>;
}

interface LanceTable {
  readonly createIndex: (column: string, options: { readonly config: unknown }) => Promise<void>;
  readonly vectorSearch: (query: Float32Array) => {
    readonly distanceType: (type: string) => {
      readonly where: (filter: string) => {
        readonly select: (columns: readonly string[]) => {
          readonly limit: (k: number) => {
            readonly toArray: () => Promise<readonly { readonly id: number }[]>;
          };
        };
      };
    };
  };
}

/** Files of columns on the disk, with scalar indexes by which it filters first; without an index of vectors, so it is exact. */
export const lancedb: Load = async (vectors, drawn) => {
  // Installed by whoever wants it, as for the suite of stores.
  const name = '@lancedb/lancedb';
  const { connect, Index } = (await import(name)) as Lance;
  const folder = await mkdtemp(join(tmpdir(), 'lancedb-'));
  const db = await connect(folder);
  const table = await db.createTable(
    'documents',
    drawn.map(({ chance, place }, id) => ({ id, chance, place, vector: [...rowOf(vectors, id)] })),
  );
  for (const column of ['chance', 'place']) await table.createIndex(column, { config: Index.btree() });
  return {
    name: 'LanceDB',
    settings: [0],
    async find(query, k, { field, share }) {
      const near = table.vectorSearch(query).distanceType('cosine').where(`${field} < ${share}`);
      return (await near.select(['id']).limit(k).toArray()).map(({ id }) => id);
    },
    async close() {
      db.close();
      await rm(folder, { recursive: true });
    },
  };
};

/** Readies a peer; `undefined`, and a line that says so, where it is not installed. */
export async function readied(
  load: Load,
  vectors: Matrix,
  drawn: readonly Drawn[],
): Promise<Peer | undefined> {
  try {
    return await load(vectors, drawn);
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error;
    console.log(`Left out: ${message.split('\n')[0]}`);
    return undefined;
  }
}
