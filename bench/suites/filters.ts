// Suite: searches with filters, beside other engines; what is done once; what records take.
import { search } from '../../dist/index.js';
import { definitions } from '../data-sets/definitions.js';
import { rowOf, rowsBetween } from '../data-sets/matrix.js';
import { type Peer, hnsw, lancedb, readied, sqliteVec, vectra } from '../engines/filtered.js';
import type { Options } from '../options.js';
import type { Measurement, SuiteResult, Table } from '../result.js';
import { printed } from '../tables.js';
import { byShare } from './filters/by-share.js';
import { K, cellOf, drawnFor } from './filters/drawn.js';
import { editTable, firstUse, nextVersion } from './filters/once.js';
import { recordMemory } from './filters/record-memory.js';

const QUERIES = 100;
const QUICK = { rows: 4000, queries: 20 };
/** Shares of the documents that pass. */
const SHARES = [0.5, 0.1, 0.01, 0.001, 0.0001];
/** Documents that vectra can hold: it looks through all of them for each one that is inserted. */
const FEW = 5000;
const FEW_SHARES = [0.5, 0.01];

const METHOD = `Searches with filters (k ${K}, by default) of definitions, 100 dimensions, one document each, with metadata that are indexed. Documents pass by chance, or because they are the nearest to one of them: then the filter goes with place, and against it for most queries. Recall is of the true nearest ${K} that pass, by brute force over ${QUERIES} held-out queries. hnswlib-node (M 16, efConstruction 200) has a callback that looks into a set, and the least efSearch that finds as much as we do, or the greatest tried; sqlite-vec (in memory, metadata columns), vectra (on few documents) and LanceDB (scalar indexes, filtered first; where it is installed) look through all that passes. Processor time of the process, the least of all rounds in half a second; what is done once is timed as often as is said. Caches of the processor are cold after a commit: a commit to another index alone makes the next search 1.5 times as long.`;

/** What filters cost, and what is found. */
export async function filters(options: Options): Promise<SuiteResult> {
  const rows = options.quick ? QUICK.rows : 120_000;
  const wanted = options.quick ? QUICK.queries : QUERIES;
  const set = await definitions(100)({ rows, queries: wanted, more: 0 });
  const drawn = drawnFor(set);
  const cell = cellOf(set, drawn);
  const queries = Array.from({ length: set.queries.rows }, (_, q) => rowOf(set.queries, q));
  const measurements: Measurement[] = [];
  const tables: Table[] = [];
  const note = (what: string, value: number, unit: string): void => {
    measurements.push({ what, value, unit });
  };
  const add = (table: Table): void => void tables.push(printed(table));

  for (let i = 0; i < 300; i++) search(cell.read(), queries[i % queries.length], { k: K });
  add(firstUse(cell, queries, note));
  const peers = await all([hnsw, sqliteVec, lancedb].map((load) => readied(load, set.vectors, drawn)));
  add(await byShare(set, drawn, cell, peers, SHARES, note));
  await closed(peers);

  const few = { ...set, vectors: rowsBetween(set.vectors, 0, Math.min(FEW, drawn.length)) };
  const some = drawnFor(few);
  const fewPeers = await all([readied(vectra, few.vectors, some)]);
  const small = cellOf(few, some);
  add(await byShare(few, some, small, fewPeers, FEW_SHARES, note));

  add(nextVersion(cell, queries, note));
  add(editTable([small, cell], note));
  add(recordMemory(options.quick ? 5000 : 50_000, note));
  return { title: 'Searches with filters', method: METHOD, charts: [], tables, measurements };
}

async function all(coming: readonly Promise<Peer | undefined>[]): Promise<Peer[]> {
  return (await Promise.all(coming)).filter((peer) => peer !== undefined);
}

async function closed(peers: readonly Peer[]): Promise<void> {
  for (const peer of peers) await peer.close?.();
}
