import { type ShardexIndex, type SlopFactor, search } from '../../dist/index.js';
import { count, rounded, time } from '../../demo/units.js';
import type { Options } from '../options.js';
import type { Measurement, SuiteResult, Table } from '../result.js';
import { printed } from '../tables.js';
import { indexOf, realVectors } from '../words-index.js';

const K = 10;
const SLOP_FACTORS: readonly SlopFactor[] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 'auto'];
/** Each slop factor is measured for this long at least. */
const LEAST_MS = 500;
const REASSIGN = [64, 'strict'] as const;

const METHOD = `The nearest ${K} of word vectors, cosine, looked for with words that are not in the index; recall is the share of the true nearest ${K} that were found, and slop factor 'all' gives those. Searches run one after another on one thread; one-shot times.`;

interface Found {
  readonly recall: number;
  readonly perSecond: number;
}

/** What is found by looking into how many shards, and how fast. */
export async function recall(options: Options): Promise<SuiteResult> {
  const real = await realVectors(options);
  const queries = real.queries.slice(0, options.quick ? 100 : 500);
  const tables: Table[] = [];
  const measurements: Measurement[] = [];
  const series: { name: string; points: [number, number][] }[] = [];
  let exact: string[][] | undefined;
  for (const reassign of REASSIGN) {
    const startedAt = performance.now();
    const index = indexOf(real, { reassign });
    const built = time(performance.now() - startedAt);
    const exactAt = performance.now();
    // The true nearest are the same in every index of the same vectors.
    const truth = (exact ??= queries.map((query) => idsOf(index, query, 'all')));
    const exactPerSecond = queries.length / ((performance.now() - exactAt) / 1000);
    const name = `reassign ${reassign}`;
    const rows: string[][] = [];
    const points: [number, number][] = [];
    for (const slopFactor of SLOP_FACTORS) {
      const { recall: share, perSecond } = measure(index, queries, truth, slopFactor);
      rows.push([String(slopFactor), share.toFixed(3), rounded(perSecond)]);
      if (slopFactor !== 'auto') points.push([perSecond, share]);
      const what = `${name}, slop factor ${slopFactor}`;
      measurements.push({
        what: `${what}: recall@${K}`,
        shards: index.shardCount,
        value: share,
        unit: 'share',
      });
      measurements.push({
        what: `${what}: speed`,
        shards: index.shardCount,
        value: perSecond,
        unit: 'queries/s',
      });
    }
    if (reassign === REASSIGN[0]) rows.push(['all', '1.000', rounded(exactPerSecond)]);
    series.push({ name, points });
    tables.push(
      printed({
        caption: `${count(index.postingCount)} vectors in ${count(index.shardCount)} shards, ${name} (built in ${built}); ${count(queries.length)} queries.`,
        head: ['slop factor', `recall@${K}`, 'queries a second'],
        rows,
      }),
    );
  }
  return {
    title: 'Recall and speed of a search',
    method: METHOD,
    charts: [
      {
        file: 'recall',
        title: `Recall@${K} of a search, and how many are made a second`,
        x: { title: 'queries a second', scale: 'log', unit: 'number' },
        y: { title: `recall@${K}`, scale: 'linear', unit: 'number' },
        series,
      },
    ],
    tables,
    measurements,
  };
}

function measure(
  index: ShardexIndex,
  queries: readonly Float32Array[],
  truth: readonly (readonly string[])[],
  slopFactor: SlopFactor,
): Found {
  // The first round is for the compiler; further ones until there is enough to measure.
  const found = queries.map((query) => idsOf(index, query, slopFactor));
  const startedAt = performance.now();
  let searches = 0;
  let ms = 0;
  for (; ms < LEAST_MS; ms = performance.now() - startedAt) {
    for (const query of queries) idsOf(index, query, slopFactor);
    searches += queries.length;
  }
  const right = found.reduce((sum, ids, q) => sum + ids.filter((id) => truth[q].includes(id)).length, 0);
  const wanted = truth.reduce((sum, ids) => sum + ids.length, 0);
  return { recall: right / wanted, perSecond: (searches / ms) * 1000 };
}

function idsOf(index: ShardexIndex, query: Float32Array, slopFactor: SlopFactor): string[] {
  return search(index, query, { k: K, slopFactor }).map(({ documentId }) => documentId);
}
