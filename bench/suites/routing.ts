// Suite: finding the shards of added postings.
import { randomLcg } from 'd3-random';
import { type ShardexIndex, createIndex, search } from '../../dist/index.js';
import { probeOf } from '../../dist/geometry/metric.js';
import type { CentroidTable } from '../../dist/version/centroid-table.js';
import { ShardFinder } from '../../dist/write/shard-finder.js';
import { count, rounded, time } from '../../demo/units.js';
import { measurements, timedBySize, timesChart, timesTable } from '../by-size.js';
import { nearest } from '../data-sets/nearest.js';
import { concatenated } from '../data-sets/matrix.js';
import type { Options } from '../options.js';
import { ownCommits } from '../own.js';
import type { SuiteResult } from '../result.js';
import { TOO_NOISY, type Way, isNoisy, ratio } from '../stopwatch.js';
import { printed } from '../tables.js';

const DIMENSIONS = 96;
/** Small shards, so that what is measured is finding them. */
const CAPACITY = 8;
/** How full such vectors leave them, measured. */
const FILL = 0.43;
const MOST = 10_000;
const QUERIES = 256;

const ADD = 'Shardex: add a posting, then remove it (2 commits)';
const SEARCH = 'Shardex: search the nearest shard';
const LOOP = 'plain loop over all centroids';

const METHOD = `Finds the nearest shard for a posting that is added, and for a query, by number of shards.

- **The vectors** are synthetic, evenly spread over a cube of ${DIMENSIONS} dimensions. Nothing can be skipped there: it is the worst case.
- **Shards** hold up to ${CAPACITY} postings, so that searching one of them (k 1, slopFactor 1) takes hardly longer than finding it.
- **Times** are means of benchmark.js, of ${QUERIES} vectors in turn. Beside them stands a plain loop over copies of the centroids.
- **Compared.** The centroids that a posting is compared with in full are counted. For most others, 16-bit numbers prove that they are not the nearest.`;

/** What finding the right shard takes. */
export async function routing(options: Options): Promise<SuiteResult> {
  const compared: number[] = [];
  const found = await timedBySize(
    options,
    (size) => {
      const index = indexWith(size);
      compared.push(comparedWith(index));
      return { shards: index.shardCount, ways: ways(index) };
    },
    MOST,
  );
  const title = 'Time to find the nearest shard';
  const times = new Map(found.series.map((series) => [series.name, series.times]));
  const loop = times.get(LOOP) ?? [];
  return {
    title,
    method: METHOD,
    charts: [timesChart(found, title, 'routing')],
    tables: [
      printed(timesTable(found, title)),
      printed({
        caption:
          'That for each shard there is, how many times as long the plain loop takes as a search, and what an add compares.',
        head: ['', ...found.shards.map((shards) => `${count(shards)} shards`)],
        rows: [
          ...found.series.map(({ name, times: all }) => [
            name,
            ...all.map(({ seconds, rme }, s) =>
              isNoisy(rme) ? TOO_NOISY : time((1000 * seconds) / found.shards[s]),
            ),
          ]),
          [
            'the loop against a search',
            ...(times.get(SEARCH) ?? []).map((search, s) => ratio(loop[s], search)),
          ],
          [
            'centroids that a posting is compared with',
            ...compared.map((each, s) => `${rounded(each)} (${rounded((100 * each) / found.shards[s])} %)`),
          ],
        ],
      }),
    ],
    measurements: measurements(found),
  };
}

function indexWith(shards: number): ShardexIndex {
  const random = randomLcg(shards);
  const rows = Math.round(shards * CAPACITY * FILL);
  const options = {
    dimensions: DIMENSIONS,
    metric: 'euclidean',
    shardCapacity: CAPACITY,
    reassign: 0,
  } as const;
  return createIndex(
    options,
    Array.from({ length: rows }, (_, i) => ({ documentId: `document ${i}`, vector: anyVector(random) })),
  );
}

/** With how many centroids a posting is compared in full, once all that speeds it up is there. */
function comparedWith(index: ShardexIndex): number {
  const random = randomLcg(0.4);
  const { centroids } = index as unknown as { readonly centroids: CentroidTable };
  const finder = new ShardFinder(index.config);
  const find = (): number => {
    const before = finder.compared;
    for (let q = 0; q < 2 * QUERIES; q++) finder.find(centroids, probeOf(anyVector(random)));
    return (finder.compared - before) / (2 * QUERIES);
  };
  find();
  return find();
}

function anyVector(random: () => number): Float32Array {
  return Float32Array.from({ length: DIMENSIONS }, random);
}

function ways(index: ShardexIndex): Way[] {
  const random = randomLcg(0.6);
  const queries = Array.from({ length: QUERIES }, () => anyVector(random));
  const centroids = concatenated([...index.shards.values()].map(({ centroid }) => centroid.toArray()));
  let turn = 0;
  const next = (): Float32Array => queries[turn++ % QUERIES];
  return [
    { ...ownCommits(index).addAndRemove, name: ADD },
    { name: SEARCH, run: () => search(index, next(), { k: 1, slopFactor: 1 }) },
    { name: LOOP, run: () => nearest(centroids, concatenated([next()]), 'euclidean', 1) },
  ];
}
