// Measures what rows cost a search, by each way that it may look at them, and fits the constants of
// src/search/scan/row-cost.ts: run `npm run build`, then `node bench/fit-row-cost.mjs`. Times are of the processor, in
// microseconds, the least of several rounds in which the ways take turns; codes and copies of rows are there already.
import { createIndex } from '../dist/index.js';
import { usingEngine } from '../dist/search/memory/engine.js';
import { PROVEN } from '../dist/search/confidence.js';
import { queryOf } from '../dist/search/memory/query.js';
import { leastEstimated, leastProven } from '../dist/search/scan/row-cost.js';
import { scanFor } from '../dist/search/scan/scan-for.js';
import { scanInTurn } from '../dist/search/scan/shard-scan.js';
import { confidenceFor } from '../dist/search/ranking/stopping.js';
import { bestRows } from '../dist/search/scan/sorted-rows.js';
import { seededRandom } from '../dist/geometry/random.js';

const DIMENSIONS = [16, 32, 64, 100, 200, 384, 768, 1536];
const ROWS = [32, 128, 512, 1000, 3000];
/** @type {readonly import('../dist/index.js').Metric[]} */
const METRICS = ['cosine', 'euclidean', 'dot'];
const RESULTS = [1, 10, 100];
const ROUNDS = 4;
/** Microseconds that a way is run for in a round. */
const ROUND = 2500;

/** How rows are looked at: as which sureness, or not estimated at all. */
const WAYS = { outright: undefined, estimated: confidenceFor(0.95), proven: PROVEN };
/** @typedef {keyof typeof WAYS} Way */

/** @typedef {{ way: Way, kind: string, metric: string, d: number, rows: number, k: number, shards: number, measured: number, time: number }} Case */

const random = seededRandom(1);
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** @type {Record<string, (d: number) => () => Float32Array>} */
const KINDS = {
  // In as many dimensions as natural ones have at most, and some noise in the others.
  clustered: (d) => {
    const latent = Math.min(24, d);
    const basis = Array.from({ length: latent }, () => Float32Array.from({ length: d }, normal));
    const centres = Array.from({ length: 20 }, () => Float32Array.from({ length: latent }, normal));
    return () => {
      const centre = centres[Math.floor(random() * centres.length)];
      const vector = Float32Array.from({ length: d }, () => 0.3 * normal());
      for (let l = 0; l < latent; l++) {
        const x = centre[l] + 0.7 * normal();
        for (let i = 0; i < d; i++) vector[i] += x * basis[l][i];
      }
      return vector;
    };
  },
  // Without any structure, the hardest there are.
  scattered: (d) => () => Float32Array.from({ length: d }, normal),
};

/**
 * @param {import('../dist/index.js').ShardexIndex} index
 * @param {Float32Array} vector
 * @param {number} k
 * @param {Way} way
 */
function scanned(index, vector, k, way) {
  const { dimensions, metric } = index.config;
  const query = queryOf(vector, dimensions, metric);
  return usingEngine(index.config, (engine) => {
    const best = bestRows(k, false);
    const sure = WAYS[way];
    // The types of the package leave out what is internal.
    const all = /** @type {import('../dist/version/searchable.js').Searchable} */ (
      /** @type {unknown} */ (index)
    );
    const directory = engine?.directories.of(all);
    const isEstimated = sure !== undefined;
    const scan = scanFor(index, query, best, { engine, sure: sure ?? PROVEN, directory, isEstimated });
    scanInTurn(scan, [...index.shards.keys()]);
    return scan.tally.measured;
  });
}

/** @param {() => void} run */
function timeOf(run) {
  const start = process.cpuUsage();
  let runs = 0;
  let time;
  do {
    for (let i = 0; i < 8; i++) run();
    runs += 8;
    const { user, system } = process.cpuUsage(start);
    time = user + system;
  } while (time < ROUND);
  return time / runs;
}

/** @returns {Case[]} */
function cases() {
  /** @type {Case[]} */
  const all = [];
  const kinds = DIMENSIONS.flatMap((d) =>
    Object.keys(KINDS).flatMap((kind) => METRICS.map((metric) => ({ d, kind, metric }))),
  );
  for (const { d, kind, metric } of kinds) {
    const vector = KINDS[kind](d);
    const queries = Array.from({ length: 16 }, vector);
    for (const rows of ROWS) {
      const postings = Array.from({ length: rows }, (_, i) => ({ documentId: `d${i}`, vector: vector() }));
      const index = createIndex({ dimensions: d, metric }, postings);
      for (const k of RESULTS) {
        if (3 * k > rows) continue;
        const ways = /** @type {Way[]} */ (Object.keys(WAYS));
        const found = ways.map((way) => {
          const measured = queries.map((query) => scanned(index, query, k, way));
          const mean = measured.reduce((a, b) => a + b) / measured.length;
          return { way, kind, metric, d, rows, k, shards: index.shardCount, measured: mean, time: Infinity };
        });
        for (let round = 0; round < ROUNDS; round++) {
          for (const one of found) {
            let next = 0;
            const time = timeOf(() => scanned(index, queries[next++ % queries.length], k, one.way));
            one.time = Math.min(one.time, time);
          }
        }
        all.push(...found);
      }
    }
    console.error(`${d} dimensions, ${kind}, ${metric}`);
  }
  return all;
}

/**
 * Least squares of relative errors, no coefficient being negative: by coordinate descent.
 *
 * @param {readonly Case[]} some
 * @param {(one: Case) => number[]} terms
 */
function fitted(some, terms) {
  const lines = some.map((one) => terms(one).map((x) => x / one.time));
  const c = lines[0].map(() => 0);
  for (let round = 0; round < 20_000; round++) {
    for (let j = 0; j < c.length; j++) {
      let [up, down] = [0, 0];
      for (const line of lines) {
        const left = 1 - line.reduce((sum, x, i) => (i === j ? sum : sum + x * c[i]), 0);
        up += left * line[j];
        down += line[j] ** 2;
      }
      c[j] = Math.max(0, up / down);
    }
  }
  const errors = lines.map((line) => Math.abs(1 - line.reduce((sum, x, i) => sum + x * c[i], 0)));
  errors.sort((a, b) => a - b);
  const [median, most] = [0.5, 0.9].map((share) => errors[Math.floor(share * errors.length)]);
  return { c, median, most };
}

const all = cases();
const of = (/** @type {Way} */ way, kind = 'clustered') =>
  all.filter((one) => one.way === way && one.kind === kind);

const whole = (/** @type {Case} */ { rows, d, k }) => [1, d, rows, rows * d, k, k * d];
const after = (/** @type {Case} */ { rows, d, measured }) => [1, d, rows, rows * d, measured, measured * d];
/** Components that fit the cache, and rows at whose beginning no result is a limit yet: as src/search/scan/row-cost.ts. */
const [NEAR, FIRST] = [2 ** 19, 512];

const near = fitted(
  of('outright').filter(({ rows, d }) => rows * d <= NEAR),
  whole,
);
const [query, dimension, , , result, resultDimension] = near.c;
const far = fitted(
  of('outright')
    .filter(({ rows, d }) => rows * d > NEAR)
    .map((one) => {
      const { d, k, time } = one;
      return { ...one, time: time - query - dimension * d - (result + resultDimension * d) * k };
    }),
  ({ rows, d }) => [rows, rows * d],
);
const estimated = fitted(of('estimated'), (one) => [...after(one), Math.min(one.rows, FIRST)]);
// In one shard, where it is not tried whether bounds are worth it.
const single = of('proven').filter(({ shards }) => shards === 1);
const proven = fitted(single, after);
const show = (/** @type {ReturnType<typeof fitted>} */ { c, median, most }) =>
  `${c.map((x) => x.toPrecision(3)).join('  ')}   off by ${Math.round(100 * median)} % (median), ${Math.round(100 * most)} % (nine in ten)`;
console.log('outright   query, dimension, row, row x dimension, result, result x dimension:', show(near));
console.log('           row, row x dimension, where they do not fit the cache:', show(far));
console.log(
  'estimated  the same, for each row measured after all, and what each first row costs more:',
  show(estimated),
);
console.log('proven     likewise, without the last:', show(proven));
for (const way of /** @type {const} */ (['estimated', 'proven'])) {
  for (const kind of Object.keys(KINDS)) {
    const medians = RESULTS.map((k) => {
      const counts = of(way, kind).flatMap((one) => (one.k === k && one.rows >= FIRST ? [one.measured] : []));
      return `k ${k}: ${counts.sort((a, b) => a - b)[Math.floor(counts.length / 2)]}`;
    });
    console.log(`${way}, ${kind}: rows measured of ${FIRST} or more, median: ${medians.join(', ')}`);
  }
}

console.log(
  '\nd, metric, k [rows from which the model estimates; proves]  rows: outright / estimated / proven',
);
for (const d of DIMENSIONS) {
  for (const metric of METRICS) {
    for (const k of RESULTS) {
      const time = (/** @type {Way} */ way, /** @type {number} */ rows) =>
        of(way).find((one) => one.d === d && one.metric === metric && one.k === k && one.rows === rows)
          ?.time ?? NaN;
      const line = ROWS.filter((rows) => rows >= 3 * k).map((rows) => {
        const [a, b, c] = /** @type {Way[]} */ (['outright', 'estimated', 'proven']).map((way) =>
          time(way, rows),
        );
        return `${rows}: ${a.toFixed(1)} / ${b.toFixed(1)} / ${c.toFixed(1)}`;
      });
      console.log(
        `${d} ${metric} k ${k} [${leastEstimated(d, k)}; ${leastProven(d, k)}]  ${line.join('   ')}`,
      );
    }
  }
}
