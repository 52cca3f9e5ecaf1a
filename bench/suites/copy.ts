// Suite: a commit against a copy of the whole index.
import { median } from 'd3-array';
import { statistics } from '../../dist/index.js';
import { count, rounded, time } from '../../demo/units.js';
import type { Options } from '../options.js';
import { ownCommits } from '../own.js';
import { deepCopy, plainIndex } from '../peers.js';
import type { SuiteResult } from '../result.js';
import { cell, ratio, timed } from '../stopwatch.js';
import { printed } from '../tables.js';
import { indexOf, realVectors } from '../words-index.js';

const METHOD =
  'Removes one posting from an index of real size and commits the change, next to structuredClone of the same index as plain objects and typed arrays. Means are those of benchmark.js and include the garbage collections that the work causes; medians are those of single runs.';

/** A commit against what it saves: a copy of the whole index. */
export async function copy(options: Options): Promise<SuiteResult> {
  const index = indexOf(await realVectors(options));
  const ours = ownCommits(index).remove;
  const theirs = deepCopy(plainIndex(index));
  const found = [];
  for (const [{ name, run }, runs] of [
    [ours, 2000],
    [theirs, options.quick ? 3 : 9],
  ] as const) {
    const mean = await timed(run, options.quick ? 0.5 : 5);
    const singles = Array.from({ length: runs }, () => {
      const startedAt = performance.now();
      run();
      return performance.now() - startedAt;
    });
    found.push({ name, mean, median: median(singles) ?? 0 });
  }
  const [one, other] = found;
  const { shardCount, postingCount, shardSize } = statistics(index);
  const { dimensions } = index.config;
  return {
    title: 'A commit against a copy of the index',
    method: METHOD,
    charts: [],
    tables: [
      printed({
        caption: `Word vectors: ${count(shardCount)} shards of ${count(Math.round(shardSize.mean))} postings on average, ${count(postingCount)} in all, ${dimensions} dimensions.`,
        head: ['', 'mean', 'median'],
        rows: [
          ...found.map(({ name, mean, median: middle }) => [name, cell(mean), time(middle)]),
          ['commits in the time of a copy', ratio(other.mean, one.mean), rounded(other.median / one.median)],
        ],
      }),
    ],
    measurements: found.flatMap(({ name, mean: { seconds, rme, samples }, median: middle }) => [
      { what: `${name}: mean`, shards: shardCount, value: seconds, unit: 's', rme, samples },
      { what: `${name}: median`, shards: shardCount, value: middle / 1000, unit: 's' },
    ]),
  };
}
