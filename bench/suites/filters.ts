// Suite: searches with filters, beside a graph index with a callback.
import { median, quantile } from 'd3-array';
import { randomLcg } from 'd3-random';
import hnswlib from 'hnswlib-node';
import { CowShardexIndex, createIndex, distance, search, type Filter } from '../../dist/index.js';
import { count, rounded, time } from '../../demo/units.js';
import { definitions } from '../data-sets/definitions.js';
import type { DataSet } from '../data-sets/data-set.js';
import { rowOf } from '../data-sets/matrix.js';
import type { Options } from '../options.js';
import type { Measurement, SuiteResult, Table } from '../result.js';
import { printed } from '../tables.js';

const K = 10;
const QUERIES = 100;
const QUICK = { rows: 4000, queries: 20 };
/** Shares of the documents that pass. */
const SHARES = [0.5, 0.1, 0.01, 0.001, 0.0001];
/** µs that all rounds take at least, so that short ones run as compiled code. */
const ALL_ROUNDS = 5e5;
/** Filters that were never asked for, and commits, each of which is timed once. */
const ONCE = 31;
/** What hnswlib-node is set to, until it finds as much as we do. */
const EF_SEARCH = [16, 32, 64, 128, 256, 512, 1024];

const METHOD = `Searches with filters (k ${K}, by default) of definitions, 100 dimensions, one document each, with metadata that are indexed. Documents pass by chance, or because they are the nearest to one of them: then the filter goes with place, and against it for most queries. Recall is of the true nearest ${K} that pass, by brute force over ${QUERIES} held-out queries. Beside it hnswlib-node (M 16, efConstruction 200) with a callback that looks into a set, at the least efSearch that finds as much as we do, or the greatest tried. Processor time of one thread, the least of all rounds in half a second. Then what is done once: the first search by a filter that was never asked for (the median of ${ONCE}, less what such a search takes once it is known), and the first search of the next version. Caches of the processor are cold after a commit: a commit to another index alone makes the next search 1.5 times as long.`;

/** What documents are filtered by: a number by chance, the same not indexed, and how near one document they are. */
interface Drawn {
  chance: number;
  bare: number;
  place: number;
}

interface Way {
  readonly name: string;
  readonly where: (share: number) => Filter<Drawn>;
  readonly passes: (drawn: Drawn, share: number) => boolean;
}

const WAYS: readonly Way[] = [
  {
    name: 'by chance',
    where: (share) => ({ chance: { $lt: share } }),
    passes: (d, share) => d.chance < share,
  },
  { name: 'by place', where: (share) => ({ place: { $lt: share } }), passes: (d, share) => d.place < share },
];

/** What filters cost, and what is found. */
export async function filters(options: Options): Promise<SuiteResult> {
  const rows = options.quick ? QUICK.rows : 120_000;
  const queries = options.quick ? QUICK.queries : QUERIES;
  const set = await definitions(100)({ rows, queries, more: 0 });
  const drawn = drawnFor(set);
  const cell = new CowShardexIndex(indexOf(set, drawn));
  const graph = graphOf(set);
  const all = Array.from({ length: set.queries.rows }, (_, q) => rowOf(set.queries, q));
  const measurements: Measurement[] = [];
  const unfiltered = (): void => {
    for (const query of all) search(cell.read(), query, { k: K });
  };
  unfiltered();
  const plain = timeOf(unfiltered, all.length);
  note('unfiltered', plain, 'µs');

  const body: string[][] = [];
  for (const way of WAYS) {
    for (const share of SHARES) {
      const passing = drawn.flatMap((d, row) => (way.passes(d, share) ? [row] : []));
      if (passing.length === 0) continue;
      const where = way.where(share);
      const truth = all.map((query) => nearestOf(set, passing, query));
      const found = all.map((query) =>
        search(cell.read(), query, { k: K, where }).map(({ documentId }) => Number(documentId)),
      );
      const took = timeOf(() => {
        for (const query of all) search(cell.read(), query, { k: K, where });
      }, all.length);
      const recall = recallOf(found, truth);
      const theirs = graphAt(graph, all, new Set(passing), truth, recall);
      const name = `${rounded(100 * share)} % ${way.name}`;
      note(name, took, 'µs');
      note(`${name}, recall`, recall, '');
      note(`${name}, hnswlib-node`, theirs.took, 'µs');
      console.log(`${name}: ${time(took / 1000)}`);
      body.push([
        `${name} (${count(passing.length)})`,
        time(took / 1000),
        `${rounded(took / plain)} ×`,
        recall.toFixed(3),
        time(theirs.took / 1000),
        theirs.recall.toFixed(3),
      ]);
    }
  }
  const table: Table = {
    caption: `Searches of ${count(set.vectors.rows)} definitions; without a filter one takes ${time(plain / 1000)}.`,
    head: ['passing', 'Shardex', 'of an unfiltered one', 'recall', 'hnswlib-node', 'recall'],
    rows: body,
  };
  const once = onceTable(cell, all, note);
  return {
    title: 'Searches with filters',
    method: METHOD,
    charts: [],
    tables: [printed(table), printed(once)],
    measurements,
  };

  function note(what: string, value: number, unit: string): void {
    measurements.push({ what, value, unit });
  }
}

function drawnFor({ vectors }: DataSet): Drawn[] {
  const random = randomLcg(0.7);
  const pivot = rowOf(vectors, 0);
  const far = Float64Array.from({ length: vectors.rows }, (_, row) =>
    distance('cosine', pivot, rowOf(vectors, row)),
  );
  const order = [...far.keys()].sort((a, b) => far[a] - far[b]);
  const places = new Float64Array(vectors.rows);
  order.forEach((row, rank) => (places[row] = rank / vectors.rows));
  return Array.from(places, (place) => {
    const chance = random();
    return { chance, bare: chance, place };
  });
}

function indexOf({ vectors }: DataSet, drawn: readonly Drawn[]) {
  const cell = new CowShardexIndex(
    createIndex<Drawn>({ dimensions: vectors.dimensions, indexed: ['chance', 'place'] }),
  );
  cell.update((draft) => {
    draft.putDocuments(
      drawn.map((metadata, row) => ({
        documentId: String(row),
        metadata,
        postings: [{ vector: rowOf(vectors, row) }],
      })),
    );
  });
  return cell.read();
}

function graphOf({ vectors }: DataSet): hnswlib.HierarchicalNSW {
  const graph = new hnswlib.HierarchicalNSW('cosine', vectors.dimensions);
  graph.initIndex({ maxElements: vectors.rows, m: 16, efConstruction: 200 });
  for (let row = 0; row < vectors.rows; row++) graph.addPoint([...rowOf(vectors, row)], row);
  return graph;
}

/** The graph at the least setting that finds as much. */
function graphAt(
  graph: hnswlib.HierarchicalNSW,
  queries: readonly Float32Array[],
  passing: ReadonlySet<number>,
  truth: readonly (readonly number[])[],
  wanted: number,
): { readonly took: number; readonly recall: number } {
  const ready = queries.map((query) => [...query]);
  const run = (): number[][] =>
    ready.map((query) => graph.searchKnn(query, K, (row) => passing.has(row)).neighbors);
  let recall = 0;
  for (const ef of EF_SEARCH) {
    graph.setEf(ef);
    recall = recallOf(run(), truth);
    if (recall >= wanted) break;
  }
  return { took: timeOf(run, queries.length), recall };
}

function nearestOf({ vectors }: DataSet, rows: readonly number[], query: Float32Array): number[] {
  const far = rows.map((row) => distance('cosine', query, rowOf(vectors, row)));
  const limit = quantile(far, Math.min(1, (4 * K) / far.length)) ?? Infinity;
  return [...far.keys()]
    .filter((i) => far[i] <= limit)
    .sort((a, b) => far[a] - far[b])
    .slice(0, K)
    .map((i) => rows[i]);
}

function recallOf(found: readonly (readonly number[])[], truth: readonly (readonly number[])[]): number {
  let hits = 0;
  let all = 0;
  truth.forEach((true_, q) => {
    const wanted = new Set(true_);
    all += wanted.size;
    hits += found[q].filter((row) => wanted.has(row)).length;
  });
  return hits / all;
}

/** Microseconds of the processor that one of `count` takes, the least of some rounds. Everything has run before. */
function timeOf(run: () => unknown, count: number): number {
  let least = Infinity;
  let all = 0;
  while (all < ALL_ROUNDS) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, user + system);
    all += user + system;
  }
  return least / count;
}

/** What is done once: by a filter that was never asked for, and in the next version. */
function onceTable(
  cell: CowShardexIndex<Drawn>,
  queries: readonly Float32Array[],
  note: (what: string, value: number, unit: string) => void,
): Table {
  const once = (run: () => unknown): number => {
    const startedAt = performance.now();
    run();
    return 1000 * (performance.now() - startedAt);
  };
  const rows: string[][] = [];
  const row = (what: string, µs: readonly number[]): void => {
    const middle = median(µs) ?? 0;
    note(what, middle, 'µs');
    rows.push([what, time(middle / 1000)]);
  };
  for (const [what, field] of [
    ['a filter never asked for, indexed', 'chance'],
    ['a filter never asked for, not indexed', 'bare'],
  ] as const) {
    for (const share of [0.5, 0.01]) {
      const more = Array.from({ length: ONCE }, (_, i) => {
        const where = { [field]: { $lt: share + i * 1e-6 } } as Filter<Drawn>;
        const find = (): unknown => search(cell.read(), queries[i % queries.length], { k: K, where });
        const first = once(find);
        // The second one copies what the third finds ready.
        find();
        return first - once(find);
      });
      row(`${what}, ${rounded(100 * share)} %: more than once it is known`, more);
    }
  }
  for (const where of [undefined, { chance: { $lt: 0.1 } }]) {
    const find = (i: number) => (): unknown =>
      search(cell.read(), queries[i % queries.length], { k: K, ...(where !== undefined && { where }) });
    const by = where === undefined ? 'without a filter' : 'by a filter, 10 %';
    for (const [what, commit] of [
      [
        'an edit of metadata',
        (i: number) =>
          cell.update((draft) => {
            draft.editMetadata(String(i), (d) => void (d.chance = (d.chance + 0.37) % 1));
          }),
      ],
      [
        'a posting that was added',
        (i: number) =>
          cell.update((draft) => {
            draft.addPosting({ documentId: String(i), start: 1, vector: queries[i % queries.length] });
          }),
      ],
    ] as const) {
      const ratios = Array.from({ length: ONCE }, (_, i) => {
        find(i)();
        const before = once(find(i));
        commit(i);
        return once(find(i)) / before;
      });
      const middle = median(ratios) ?? 0;
      note(`first search after ${what}, ${by}`, middle, '×');
      rows.push([`first search after ${what}, ${by}`, `${rounded(middle)} × the one before`]);
    }
  }
  return { caption: 'What is done once, in time on the clock.', head: ['', 'median'], rows };
}
