// Suite: how fast vectors are added, and how long others wait.
import { setImmediate as turn } from 'node:timers/promises';
import { CowShardexIndex, type ShardexIndex, createIndex, verify } from '../../dist/index.js';
import { count, rounded, time } from '../../demo/units.js';
import type { Options } from '../options.js';
import type { Measurement, SuiteResult, Table } from '../result.js';
import { printed } from '../tables.js';
import { type RealVectors, indexOf, realVectors } from '../words-index.js';

const METHOD =
  'Adds word vectors to an empty index until all of them are in. One-shot times, which include the checks, the clustering and the commits. A timer of 1 ms that is set again and again shows how long others have to wait meanwhile: how late it fires. Each kind runs twice, by turns, and the faster run counts.';

/** How fast vectors get into an index. */
export async function ingest(options: Options): Promise<SuiteResult> {
  const real = await realVectors(options);
  const ways: [string, () => Promise<ShardexIndex> | ShardexIndex][] = [
    ['in one batch', () => indexOf(real)],
    ['by ingest', () => ingested(real)],
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
  const waiting = await delays(real);
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
      waiting.table,
    ],
    measurements: [
      ...found.map(({ name, rate, shards }) => ({ what: name, shards, value: rate, unit: 'vectors/s' })),
      ...waiting.measurements,
    ],
  };
}

async function ingested({ dimensions, postings }: RealVectors): Promise<ShardexIndex> {
  const cell = new CowShardexIndex(createIndex({ dimensions }));
  return (await cell.ingest(postings)).index;
}

/** One run, and how long the event loop was held up during it: all in milliseconds. */
interface Delay {
  readonly total: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** How long others have to wait while one batch is added synchronously, and while it is ingested. */
async function delays(real: RealVectors): Promise<{ table: Table; measurements: Measurement[] }> {
  const batch: Delay[] = [];
  const ingest: Delay[] = [];
  for (let run = 0; run < 2; run++) {
    batch.push(await delayed(() => indexOf(real)));
    ingest.push(await delayed(() => ingested(real)));
  }
  const best = [batch, ingest].map((runs) => runs.reduce((a, b) => (b.total < a.total ? b : a)));
  const names = ['one synchronous batch', 'ingest'];
  const ratio = best[1].total / best[0].total;
  return {
    table: printed({
      caption: `How long a timer of 1 ms takes while ${count(real.postings.length)} vectors are added. In all ingest takes ${ratio.toFixed(2)} times as long as the batch.`,
      head: ['', 'in all', 'median', '99 %', 'longest'],
      rows: best.map(({ total, p50, p99, max }, i) => [names[i], ...[total, p50, p99, max].map(time)]),
    }),
    measurements: [
      ...best.flatMap(({ p50, p99, max }, i) =>
        Object.entries({ p50, p99, max }).map(([name, value]) => ({
          what: `event loop delay during ${names[i]}, ${name}`,
          value: value / 1000,
          unit: 's',
        })),
      ),
      { what: 'time of ingest to that of one synchronous batch', value: ratio, unit: 'times' },
    ],
  };
}

async function delayed(add: () => unknown): Promise<Delay> {
  globalThis.gc?.();
  const delays: number[] = [];
  let setAt = performance.now();
  const fired = (): void => {
    delays.push(performance.now() - setAt);
    setAt = performance.now();
    timer = setTimeout(fired, 1);
  };
  let timer = setTimeout(fired, 1);
  const startedAt = setAt;
  await add();
  const total = performance.now() - startedAt;
  clearTimeout(timer);
  delays.push(performance.now() - setAt);
  delays.sort((a, b) => a - b);
  const at = (share: number): number =>
    delays[Math.min(delays.length - 1, Math.floor(share * delays.length))];
  return { total, p50: at(0.5), p99: at(0.99), max: at(1) };
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
