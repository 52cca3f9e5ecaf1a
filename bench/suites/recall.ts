// Suite: recall asked for and found.
import { time } from '../../demo/units.js';
import { KINDS, type KindName } from '../data-sets/kinds.js';
import type { Options } from '../options.js';
import type { SuiteResult } from '../result.js';
import { printed } from '../tables.js';
import { cellsAlong } from './recall/drift.js';
import { DRIFTS, type DriftName } from './recall/drifts.js';
import { type Grid, cellsOf } from './recall/still.js';
import { type Of, measurementsOf, summaryOf, tableOf } from './recall/tables.js';

const RECALLS = [0.8, 0.9, 0.95, 0.99];
const KS = [1, 10, 100, 1000];
const SIZES = [300, 1000, 3000, 10_000, 30_000, 100_000, Number.MAX_SAFE_INTEGER];
/** Whether one neighbour is found says least for each query. */
const QUERIES_FOR_ONE = 800;
const QUERIES = 200;
const DRIFTING = 20_000;
const QUICK = { sizes: [1000, 6000], queries: 50, drifting: 6000 };

/** The last size is for real data: made ones have no end. */
const MADE: readonly KindName[] = ['gaussian', 'heavy-tailed', 'tight', 'tighter', 'small-clusters'];
/** Of 1,536 dimensions, larger ones take too long. */
const LONG: readonly KindName[] = ['latent', 'latent-dot'];
/** Of what is slow to make, nothing for a look at whether everything runs. */
const SLOW: readonly string[] = ['definitions-384', 'definitions-768', 'drift-deletes'];

const METHOD = `Does \`recall: r\` find the recall that is asked for, on data of many kinds, and does it scan rows for it that it need not?

- **Recall** is the mean over ${QUERIES} queries (${QUERIES_FOR_ONE} for k 1) that are of the data's kind and not in the index. Exact search finds the truth, and a result counts if it is as near as the k-th true one.
- **The best fixed setting** stands beside it: the least \`slopFactor\` of that index whose mean recall for the same queries is as high. Nobody knows it beforehand.
- **Indexes** are built in one batch with default options.
- **While contents change.** Further tables show the recall (k 10) while commits of 200 change the index: growth by data of another kind, topics deleted, any postings deleted, a window that slides from one kind to another. The fixed setting there is the best for queries of that one kind.`;

/** Whether the recall that is asked for is what is found. */
export async function recall(options: Options, soFar: (result: SuiteResult) => void): Promise<SuiteResult> {
  const all: Of[] = [];
  for (const name of namesOf(options)) {
    const startedAt = performance.now();
    all.push(...(isDrift(name) ? await changing(name, options) : [await still(name, options)]));
    console.log(`(${name} took ${time(performance.now() - startedAt)})\n`);
    soFar(resultOf(all));
  }
  return resultOf(all);
}

function resultOf(all: readonly Of[]): SuiteResult {
  return {
    title: 'Recall: asked for and found',
    method: METHOD,
    charts: [],
    tables: [printed(summaryOf(all)), ...all.map(tableOf)],
    measurements: measurementsOf(all),
  };
}

async function still(name: KindName, options: Options): Promise<Of> {
  const queriesFor = (k: number): number =>
    options.quick ? QUICK.queries : k === 1 ? QUERIES_FOR_ONE : QUERIES;
  const grid: Grid = { ks: KS, recalls: RECALLS, sizes: sizesOf(name, options), queriesFor };
  const set = await KINDS[name]({ rows: Math.max(...grid.sizes), queries: queriesFor(1), more: 0 });
  console.log(set.title);
  return { title: set.title, cells: cellsOf(set, grid) };
}

async function changing(name: DriftName, { quick }: Options): Promise<Of[]> {
  const amount = quick
    ? { rows: QUICK.drifting, queries: QUICK.queries }
    : { rows: DRIFTING, queries: QUERIES };
  return (await DRIFTS[name](amount)).map((drift) => {
    console.log(drift.title);
    return { title: drift.title, cells: cellsAlong(drift, RECALLS) };
  });
}

function isDrift(name: KindName | DriftName): name is DriftName {
  return Object.hasOwn(DRIFTS, name);
}

function sizesOf(name: KindName, { quick, sizes, words }: Options): readonly number[] {
  const most = LONG.includes(name) ? 30_000 : MADE.includes(name) ? 100_000 : words;
  const asked = sizes ?? (quick ? QUICK.sizes : SIZES);
  return asked.map((size) => Math.min(size, most));
}

function namesOf({ data, quick }: Options): (KindName | DriftName)[] {
  const all = [...Object.keys(KINDS), ...Object.keys(DRIFTS)] as (KindName | DriftName)[];
  const stranger = data?.find((name) => !(all as readonly string[]).includes(name));
  if (stranger !== undefined) {
    throw new Error(`There is no data ${JSON.stringify(stranger)}; there are ${all.join(', ')}.`);
  }
  return all.filter((name) => data?.includes(name) ?? !(quick && SLOW.includes(name)));
}
