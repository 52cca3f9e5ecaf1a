// Measures one row of the grid: builds the peers and Shardex at each size, and lets all search by turns.
import { deviation, mean } from 'd3-array';
import { rowOf, rowsBetween, rowsIn } from '../../data-sets/matrix.js';
import type { DataSet } from '../../data-sets/data-set.js';
import { type Built, DOUBLING, EXACT, rowsOf } from '../../engines/engine.js';
import { engine as hnswlib } from '../../engines/hnswlib.js';
import { builtOf, indexOf } from '../../engines/shardex.js';
import { engineOfCopies as usearch } from '../../engines/usearch.js';
import { engine as usearchExact } from '../../engines/usearch-exact.js';
import { collectGarbage } from '../../../demo/memory.js';
import type { Cell } from './cell.js';
import { firstOf } from './first.js';
import { type Contender, foundBy, secondsEach } from './rounds.js';
import { type Judge, judgeOf } from './truth.js';

const ASKED = [0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 1];
/** Settings of the peers, above `k` itself: they look at no fewer candidates than that. */
const CANDIDATES = [2, 5, ...DOUBLING];
/** Beyond this recall a peer's sweep ends: the highest that is asked about is 0.99. */
const ENOUGH = 0.992;

/** A `k` that is more than this share of all is no search for the nearest. */
const MOST_WANTED = 1 / 3;

/** Whether one neighbour is found says least for each query. */
const QUERIES_FOR_ONE = 800;
const QUERIES = 200;
/** Vectors to be committed one by one. */
const MORE = 20;
/** Queries that are timed; recall is found with more of them. */
const TIMED = 100;
/** What finding a recall may take in µs of the processor, before fewer queries have to do. */
const PATIENCE = 2e6;
/** Numbers that an exact search may go through in a round. */
const EXACTLY = 3e8;
const FEWEST = 5;
/** What exact search finds at least, as 32-bit floats take few for one another: less is a mistake in how it is called. */
const EXACT_ENOUGH = 0.7;

/** What a data set for contests needs beside its vectors. */
export const HELD_OUT = { queries: QUERIES_FOR_ONE, more: MORE };

/** Measures a data set at each size that it has, peers and Shardex by turns. Sizes have to rise. */
export function* contests(set: DataSet, sizes: readonly number[], ks: readonly number[]): Generator<Cell> {
  const { vectors, nearness } = set;
  const room = vectors.rows;
  // Graphs grow from size to size: they are what they would be if they were built at once.
  const first = rowsBetween(vectors, 0, Math.min(sizes[0], vectors.rows));
  const graphs = {
    'hnswlib-node': hnswlib.build(first, nearness, room - first.rows) as Built,
    usearch: usearch.build(first, nearness, room - first.rows) as Built,
  };
  let built = first.rows;
  for (const size of sizes) {
    const rows = Math.min(size, vectors.rows);
    for (; built < rows; built++) {
      for (const graph of Object.values(graphs)) graph.add?.(built, rowOf(vectors, built));
    }
    const wanted = ks.filter((k) => k <= rows * MOST_WANTED);
    if (wanted.length === 0) continue;
    // Once more, and not counted, for the compiler.
    if (size === sizes[0]) Array.from(contestsAt(set, size, rows, wanted, graphs));
    yield* contestsAt(set, size, rows, wanted, graphs);
    collectGarbage();
  }
}

function* contestsAt(
  { vectors: all, queries, more, nearness }: DataSet,
  size: number,
  rows: number,
  ks: readonly number[],
  graphs: Ring['graphs'],
): Generator<Cell> {
  const vectors = rowsBetween(all, 0, rows);
  const index = indexOf(vectors, nearness);
  const ring: Ring = {
    ours: builtOf(index),
    graphs,
    exact: usearchExact.build(vectors, nearness, 0) as Built,
    exactly: Math.min(TIMED, Math.max(FEWEST, Math.floor(EXACTLY / vectors.values.length))),
    queries: rowsIn(queries),
    judge: judgeOf(vectors, queries, nearness, Math.max(...ks)),
  };
  const found = ks.map((k) => contest(ring, k));
  const first = firstOf(index, queries, more);
  for (const one of found) yield { size, rows, ...one, first };
}

/** All that takes part with so many vectors. */
interface Ring {
  readonly ours: Built;
  readonly graphs: Readonly<Record<string, Built>>;
  /** Compares with all vectors, for so many queries. */
  readonly exact: Built;
  readonly exactly: number;
  readonly queries: readonly Float32Array[];
  readonly judge: Judge;
}

function contest(ring: Ring, k: number): Pick<Cell, 'k' | 'answers' | 'peers' | 'exact'> {
  const candidates = [k, ...CANDIDATES.filter((some) => some > k)];
  const asked = swept(ring, ring.ours, 'recall', ASKED, Infinity, k);
  const peers = Object.entries(ring.graphs).map(([name, graph]) => ({
    name,
    settings: swept(ring, graph, graph.sweeps[0].knob, candidates, ENOUGH, k),
  }));
  const exacts = [ring.ours, ring.exact].map((built) => ({
    built,
    setting: EXACT,
    queries: ring.queries.slice(0, ring.exactly),
  }));
  for (const one of exacts) {
    const { recall } = recallOf(ring, one, k, FEWEST);
    if (recall < EXACT_ENOUGH) throw new Error(`Exact search finds a share of ${recall} only.`);
  }

  const all: Contender[] = [...asked, ...peers.flatMap(({ settings }) => settings), ...exacts];
  const timed = all.map((one) => ({ ...one, queries: one.queries.slice(0, TIMED) }));
  const speeds = new Map(secondsEach(timed, k).map((seconds, i) => [all[i], 1 / seconds]));
  const perSecond = (one: Contender): number => speeds.get(one) ?? NaN;
  return {
    k,
    answers: asked.map((one) => ({
      asked: Number(one.setting.value),
      ...one.found,
      perSecond: perSecond(one),
    })),
    peers: Object.fromEntries(
      peers.map(({ name, settings }) => [
        name,
        settings.map((one) => ({ ...one.setting, recall: one.found.recall, perSecond: perSecond(one) })),
      ]),
    ),
    exact: { ours: perSecond(exacts[0]), theirs: perSecond(exacts[1]) },
  };
}

/** Settings of an engine with what each finds, until one has found enough. */
function swept(
  ring: Ring,
  built: Built,
  knob: string,
  values: readonly number[],
  enough: number,
  k: number,
): (Contender & { readonly found: Recall })[] {
  const queries = ring.queries.slice(0, k === 1 ? QUERIES_FOR_ONE : QUERIES);
  const all: (Contender & { readonly found: Recall })[] = [];
  for (const value of values) {
    const one = { built, setting: { knob, value }, queries };
    const found = recallOf(ring, one, k, TIMED);
    all.push({ ...one, found });
    if (found.recall > enough) break;
  }
  return all;
}

/** Which part of the true nearest was found, as a mean over queries, and the standard error of that. */
interface Recall {
  readonly recall: number;
  readonly error: number;
}

function recallOf({ judge }: Ring, one: Contender, k: number, least: number): Recall {
  const shares = judge(foundBy(one, k, least, PATIENCE).map(rowsOf), k);
  return { recall: mean(shares) ?? 0, error: (deviation(shares) ?? 0) / Math.sqrt(shares.length) };
}
