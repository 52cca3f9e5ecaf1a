// Suite: recall and speed of searches, beside other engines.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { time } from '../../demo/units.js';
import { DATA_SETS, type DataSetName } from '../data-sets/data-sets.js';
import { type Known, store } from '../data-sets/stored.js';
import { ENGINES, type EngineName } from '../engines/engines.js';
import { inOwnProcess } from '../engines/in-own-process.js';
import { K } from '../engines/measure.js';
import type { Options } from '../options.js';
import type { Chart, Measurement, SuiteResult, Table } from '../result.js';
import { printed } from '../tables.js';
import { type Of, chartOf, measurementsOf } from './search/figures.js';
import { tablesOf } from './search/tables.js';

const METHOD = `Each search finds the nearest ${K} vectors to a query that is not in the index. Recall is the share of the true nearest ${K} that a search returns. Comparing with all vectors finds the true ones.

- **Processes.** Each engine runs in a separate process, one after another, on one thread, with the same vectors and queries.
- **What runs.** Each engine builds its index, is searched at each of its settings, and has vectors added to it.
- **What is timed.** After some untimed searches, all queries are searched for in turn, once or for a second. The fastest round counts. Queries are converted to each engine's own form beforehand.
- **Cosine.** Vectors are scaled to length 1 beforehand, and the peers compare by inner product, which is their fastest way.
- **Speed at a recall.** Read off between the two settings around it, linearly in the logarithm of the speed. ≥ stands where the least setting finds even more, a dash where no setting finds as many.
- **Memory.** What is resident of a process after collections: what building added, what was added when all settings had been searched, and the whole process with Node itself when it was built.`;

/** Vectra holds words only, and few of them: elsewhere it would say the same once more. */
const WORDS_ONLY: readonly EngineName[] = ['vectra'];

/** How fast one finds how much, next to other ways to search. */
export async function searching(options: Options): Promise<SuiteResult> {
  const tables: Table[] = [];
  const charts: Chart[] = [];
  const measurements: Measurement[] = [];
  for (const name of Object.keys(DATA_SETS) as DataSetName[]) {
    const folder = await mkdtemp(join(tmpdir(), 'shardex-bench-'));
    try {
      const { known, rows } = await prepared(name, folder, options);
      const found = await engines(name, folder, options);
      const { title, dimensions, truth } = known;
      console.log();
      tables.push(...tablesOf({ title, rows, dimensions, queries: truth.length }, found).map(printed));
      charts.push(chartOf(`search-${name}`, title, found));
      measurements.push(...measurementsOf(name, found));
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  return { title: 'Searching, next to other indexes', method: METHOD, charts, tables, measurements };
}

/** The vectors themselves are in memory no longer than it takes to write them down. */
async function prepared(
  name: DataSetName,
  folder: string,
  options: Options,
): Promise<{ known: Known; rows: number }> {
  const set = await DATA_SETS[name](options);
  const startedAt = performance.now();
  const known = store(set, folder, K);
  console.log(`${set.title}: true nearest found in ${time(performance.now() - startedAt)}`);
  return { known, rows: set.vectors.rows };
}

async function engines(set: DataSetName, folder: string, { quick }: Options): Promise<Of[]> {
  const found: Of[] = [];
  for (const name of Object.keys(ENGINES) as EngineName[]) {
    if (set !== 'words' && WORDS_ONLY.includes(name)) continue;
    const startedAt = performance.now();
    const outcome = await inOwnProcess(name, folder, { leastMs: quick ? 100 : 1000 });
    const said = 'failed' in outcome ? `did not run: ${outcome.failed}` : '';
    console.log(`${name}: ${said || time(performance.now() - startedAt)}`);
    found.push({ name, outcome });
  }
  return found;
}
