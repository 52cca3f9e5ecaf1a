import { setImmediate as turn } from 'node:timers/promises';
import { CowShardexIndex, type ShardexIndex, createIndex, verify } from '../../dist/index.js';
import { count, rounded, time } from '../../demo/units.js';
import type { Options } from '../options.js';
import type { SuiteResult } from '../result.js';
import { printed } from '../tables.js';
import { type RealVectors, indexOf, realVectors } from '../words-index.js';

const METHOD =
  'Word vectors are added to an empty index, until all of them are in. One-shot times, with the checks, the clustering and the commits in them.';

/** How fast vectors get into an index. */
export async function ingest(options: Options): Promise<SuiteResult> {
  const real = await realVectors(options);
  const ways: [string, () => Promise<ShardexIndex> | ShardexIndex][] = [
    ['in one batch', () => indexOf(real)],
    ['in commits of 10,000', () => inCommits(real, 10_000)],
    ['in commits of 100', () => inCommits(real, 100)],
    ['in commits of 1', () => inCommits(real, 1)],
  ];
  const found = [];
  for (const [name, add] of ways) {
    const startedAt = performance.now();
    const index = await add();
    const seconds = (performance.now() - startedAt) / 1000;
    const rate = real.postings.length / seconds;
    const { misplacedShare } = verify(index);
    console.log(`${name}: ${time(seconds * 1000)}`);
    found.push({ name, seconds, rate, shards: index.shardCount, misplacedShare });
  }
  console.log();
  return {
    title: 'Adding vectors',
    method: METHOD,
    charts: [],
    tables: [
      printed({
        caption: `${count(real.postings.length)} vectors of ${real.dimensions} dimensions. Misplaced are postings that are nearer to another shard than to their own.`,
        head: ['', 'a second', 'in all', 'each', 'shards', 'misplaced'],
        rows: found.map(({ name, seconds, rate, shards, misplacedShare }) => [
          name,
          rounded(rate),
          time(seconds * 1000),
          time(1000 / rate),
          count(shards),
          `${(100 * misplacedShare).toFixed(1)} %`,
        ]),
      }),
    ],
    measurements: found.map(({ name, rate, shards }) => ({
      what: name,
      shards,
      value: rate,
      unit: 'vectors/s',
    })),
  };
}

async function inCommits({ dimensions, postings }: RealVectors, size: number): Promise<ShardexIndex> {
  const cell = new CowShardexIndex(createIndex({ dimensions }));
  for (let from = 0; from < postings.length; from += size) {
    cell.update((draft) => {
      draft.addPostings(postings.slice(from, from + size));
    });
    // As often as a server would get to its other work.
    if (from % 1000 === 0) await turn();
  }
  return cell.read();
}
