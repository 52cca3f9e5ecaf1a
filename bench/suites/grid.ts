// The suite that compares speed at equal recall with other indexes, over sizes, dimensions, metrics and k.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { time } from '../../demo/units.js';
import type { Options } from '../options.js';
import type { SuiteResult } from '../result.js';
import { printed } from '../tables.js';
import type { Cell, Of } from './grid/cell.js';
import { heatMapOf } from './grid/map.js';
import { ROWS, type Row, nameOf } from './grid/rows.js';
import { measurementsOf, said, summaryOf, tableOf } from './grid/tables.js';

const SIZES = [300, 1000, 3000, 10_000, 30_000, 100_000];
const KS = [1, 10, 100];
/** That of the heat map. */
const USUAL_K = 10;
const QUICK = { sizes: [300, 1000], ks: [10], dimensions: [32, 100] };

const METHOD = `Searches a second at equal recall, in times of the faster of hnswlib-node and usearch, over sizes, dimensions, metrics and \`k\`.

- **Recall** is measured, not what was asked for. The queries are of the data's kind and not in the index. The truth comes from comparing with all vectors in 64-bit floats, and a result counts if it is as near as the k-th true one. A mean over 200 queries (800 for k 1), over fewer where a setting takes more than two seconds.
- **Settings.** Shardex is asked for recalls from 0.8 to 1. The peers look at rising numbers of candidates, from \`k\` on.
- **Speed at a recall** is read off between the two settings around it, linearly in the logarithm of the speed. Below the least setting it is the speed of that setting. ∞ stands where no peer finds as much.
- **What is timed.** Each row of the grid runs in a separate process, on one thread, and all engines take turns in it. A time is the processor time of that process for 100 queries, repeated for at least 4 ms. The fastest of five rounds counts, or of fewer if they have taken half a second.
- **Cosine.** Vectors are scaled to length 1 beforehand, and the peers compare by inner product, which is their fastest way.
- **Exact search** is \`slopFactor: 'all'\`, for as many of the queries as go through 300 million numbers, at least five.
- **First searches.** *Opened* is an index that was read from bytes; *committed* has one posting more. Each is the median of the first search that follows, with default options and k 10.`;

/** How fast one finds how much at any size, next to the fastest other indexes. */
export async function grid(options: Options, soFar: (result: SuiteResult) => void): Promise<SuiteResult> {
  const all: Of[] = [];
  for (const row of rowsOf(options)) {
    const startedAt = performance.now();
    const name = nameOf(row);
    const cells = await measured(row, options);
    all.push({ name, cells });
    console.log(`(${name} took ${time(performance.now() - startedAt)})\n`);
    soFar(resultOf(all, options));
  }
  const result = resultOf(all, options);
  result.tables.forEach(printed);
  return result;
}

function resultOf(all: readonly Of[], { sizes = SIZES, ks = KS }: Options): SuiteResult {
  return {
    title: 'Searching at any size',
    method: METHOD,
    charts: ks.includes(USUAL_K) ? [heatMapOf(all, USUAL_K, sizes)] : [],
    tables: [...summaryOf(all), ...all.map(tableOf)],
    measurements: measurementsOf(all),
  };
}

/** The cells of a row, measured in a process of its own, which ends with all that it built. */
function measured(row: Row, options: Options): Promise<Cell[]> {
  const name = nameOf(row);
  const { ks = options.quick ? QUICK.ks : KS } = options;
  const child = fork(fileURLToPath(new URL('grid/run-row.ts', import.meta.url)), [
    JSON.stringify({ row, sizes: sizesOf(row, options), ks }),
  ]);
  const cells: Cell[] = [];
  return new Promise((resolve, reject) => {
    child.on('message', (cell: Cell) => {
      cells.push(cell);
      console.log(said({ name, cells: [cell] }));
    });
    child.once('close', (code, signal) => {
      if (code === 0 && cells.length > 0) resolve(cells);
      else reject(new Error(`${name} was not measured in full (${signal ?? `exit code ${code}`}).`));
    });
  });
}

/** Words are measured in full, too. */
function sizesOf({ data, nearness }: Row, { sizes, quick, words }: Options): number[] {
  const asked = sizes ?? (quick ? QUICK.sizes : SIZES);
  if (data !== 'words') return [...asked].sort((a, b) => a - b);
  const all = sizes === undefined && !quick && nearness === 'cosine' ? [Number.MAX_SAFE_INTEGER] : [];
  return [...new Set([...asked, ...all].map((size) => Math.min(size, words)))].sort((a, b) => a - b);
}

function rowsOf({ data, dimensions, metrics, quick }: Options): Row[] {
  const some = ROWS.filter(
    (row) =>
      (data?.includes(row.data) ?? true) &&
      (dimensions ?? (quick ? QUICK.dimensions : undefined))?.includes(row.dimensions) !== false &&
      metrics?.includes(row.nearness) !== false,
  );
  if (some.length > 0) return some;
  throw new Error(`The grid has no such row; it has ${ROWS.map(nameOf).join('; ')}.`);
}
