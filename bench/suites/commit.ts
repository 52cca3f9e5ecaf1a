// Suite: the time of a commit, by the number of shards.
import { count } from '../../demo/units.js';
import { COMMIT_TIMES, commitTimes } from '../commit-times.js';
import { type BySize, measurements, timedBySize, timesChart, timesTable } from '../by-size.js';
import type { Options } from '../options.js';
import { ownCommits } from '../own.js';
import { deepCopy, plainIndex, recordPeers } from '../peers.js';
import type { SuiteResult, Table } from '../result.js';
import { ratio } from '../stopwatch.js';
import { SIZED, sizedIndex } from '../synthetic.js';
import { printed } from '../tables.js';

const TITLE = 'Time of a commit';
const METHOD = `Each way makes the next version with one shard changed.

- **Shardex** takes a writer (cloneForWrite), removes one posting, and commits (commitChanges).
- **The others** lower a number in the record of one shard, which is less work. They copy what they have to copy for it: everything (structuredClone), every record with its centroid, or the collection of records.
- **Indexes.** ${SIZED}
- **Times** are means of benchmark.js. Those of a removal include a step back to the version before, a second commit of about a microsecond, so that the same removal can be repeated.
- **Growth.** A removal finds its shard by the document's id, whatever the number of shards. Adding compares the vector with centroids, and so grows with their number.`;

/** How the time of a commit depends on the number of shards, here and elsewhere. */
export async function commit(options: Options): Promise<SuiteResult> {
  const found = await timedBySize(options, (size) => {
    const index = sizedIndex(size);
    const { remove, addAndRemove } = ownCommits(index);
    const others = [deepCopy(plainIndex(index)), ...recordPeers(index)];
    return { shards: index.shardCount, ways: [remove, addAndRemove, ...others] };
  });
  const single = await commitTimes(options);
  return {
    title: TITLE,
    method: `${METHOD} ${COMMIT_TIMES}`,
    charts: [timesChart(found, TITLE, 'commit')],
    tables: [printed(timesTable(found, TITLE)), printed(ratiosTable(found)), single.table],
    measurements: [...measurements(found), ...single.measurements],
  };
}

function ratiosTable({ shards, series: [own, , ...others] }: BySize): Table {
  return {
    caption:
      'How many commits of Shardex (the removal) take as long as one of each other way; below 1, the other way is faster.',
    head: ['', ...shards.map(count)],
    rows: others.map(({ name, times }) => [name, ...times.map((taken, s) => ratio(taken, own.times[s]))]),
  };
}
