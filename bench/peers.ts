// Commits of other libraries, on an index of the same size.
import { type Draft, enableMapSet, produce } from 'immer';
import { create } from 'mutative';
import { type ShardexIndex, documentIds } from '../dist/index.js';
import type { Way } from './stopwatch.js';

/** What an index records of a shard beside its rows: the small record that a commit changes. */
export interface ShardRecord {
  readonly id: number;
  readonly centroid: Float32Array;
  readonly postingCount: number;
  readonly capacity: number;
  readonly lastModified: number;
}

/** An index as plain objects and arrays. */
export interface PlainIndex {
  readonly shards: { centroid: Float32Array; postingCount: number; ids: string[]; vectors: Float32Array }[];
}

/** A plain index with as many postings in each shard as a real one, and its documents' ids; the vectors are filled in. */
export function plainIndex(index: ShardexIndex): PlainIndex {
  const ids = documentIds(index);
  const shards = [...index.shards.values()].map(({ centroid, rows }) => ({
    centroid: centroid.toArray(),
    postingCount: rows.liveCount,
    ids: Array.from({ length: rows.liveCount }, () => ids.next().value as string),
    vectors: new Float32Array(rows.liveCount * index.config.dimensions).fill(0.5),
  }));
  return { shards };
}

/** Copies everything, which is what makes versions where nothing else does. */
export function deepCopy(plain: PlainIndex): Way {
  return {
    name: 'structuredClone of the index',
    run: () => {
      const next = structuredClone(plain);
      next.shards[0].postingCount--;
      return next;
    },
  };
}

/** Ways to copy no more than the records of the shards. Each goes on from its own last version. */
export function recordPeers(index: ShardexIndex): Way[] {
  enableMapSet();
  const records = [...index.shards.values()].map(({ id, centroid, rows }): ShardRecord => {
    const { shardCapacity: capacity } = index.config;
    return { id, centroid: centroid.toArray(), postingCount: rows.liveCount, capacity, lastModified: 0 };
  });
  const { id } = records[records.length >> 1];
  const byId = Object.fromEntries(records.map((record) => [record.id, record]));
  const mapById = new Map(records.map((record) => [record.id, record]));
  const less = (record: ShardRecord): ShardRecord => ({ ...record, postingCount: record.postingCount - 1 });
  const inObject = (draft: Record<number, Draft<ShardRecord>>): void => {
    draft[id].postingCount--;
  };
  const inMap = (draft: Map<number, Draft<ShardRecord>>): void => {
    const record = draft.get(id);
    if (record !== undefined) record.postingCount--;
  };
  return [
    chain('copy of all shard records (the Rust original)', records, (list) =>
      list.map((record) => {
        const copy = { ...record, centroid: record.centroid.slice() };
        return record.id === id ? less(copy) : copy;
      }),
    ),
    chain('Immer produce (object)', byId, (state) => produce(state, inObject)),
    chain('Immer produce (Map)', mapById, (state) => produce(state, inMap)),
    chain('Mutative create (object)', byId, (state) => create(state, inObject)),
    chain('Mutative create (Map)', mapById, (state) => create(state, inMap)),
    chain('object spread', byId, (state) => ({ ...state, [id]: less(state[id]) })),
    chain('new Map(map)', mapById, (state) => {
      const next = new Map(state);
      const record = next.get(id);
      if (record !== undefined) next.set(id, less(record));
      return next;
    }),
  ];
}

function chain<T>(name: string, first: T, step: (state: T) => T): Way {
  let state = first;
  return { name, run: () => (state = step(state)) };
}
