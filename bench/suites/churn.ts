// Suite: recall and speed after many changes.
import { CowShardexIndex, type ShardexIndex, createIndex, search, verify } from '../../dist/index.js';
import { count, rounded, time } from '../../demo/units.js';
import { DATA_SETS, mixtures } from '../data-sets/data-sets.js';
import { type Matrix, matrix, normalise, rowOf, rowsBetween, rowsIn } from '../data-sets/matrix.js';
import { nearest } from '../data-sets/nearest.js';
import type { Setting } from '../engines/engine.js';
import { asksForRecall, optionsOf, postings } from '../engines/shardex.js';
import type { Options } from '../options.js';
import type { Measurement, SuiteResult } from '../result.js';
import { printed } from '../tables.js';

const K = 10;
const QUERIES = 500;
const AT_ONCE = 100;
const SETTINGS: readonly Setting[] = [
  { knob: 'recall', value: 0.9 },
  { knob: 'recall', value: 0.95 },
  { knob: 'recall', value: 0.99 },
];

const METHOD = `Recall@${K} and speed at the same settings, of two indexes of word vectors (cosine) with the same contents: one has a history, the other was built in one batch.

- **A tenth replaced.** The words are shuffled; each document of the first tenth is given another vector, between those of two words.
- **Grown tenfold.** A tenth of the words in one batch, then the others.
- **Both** in commits of ${AT_ONCE}. Recall is measured against the true nearest of the contents. All queries run once untimed, then once timed: one-shot times.`;

interface State {
  readonly name: string;
  readonly index: ShardexIndex;
  readonly ms: number;
  readonly truth: readonly (readonly number[])[];
}

/** What is left of recall and speed after many changes. */
export async function churn(options: Options): Promise<SuiteResult> {
  const { vectors, queries: all } = await DATA_SETS.words(options);
  const queries = rowsBetween(all, 0, Math.min(QUERIES, all.rows));
  const tenth = Math.floor(vectors.rows / 10);
  const rows: string[][] = [];
  const measurements: Measurement[] = [];
  const report = (state: State): void => {
    const { index } = state;
    const usable = SETTINGS.filter(({ knob }) => knob !== 'recall' || asksForRecall(index));
    const cells = usable.map((setting) => {
      const { recall, perSecond } = searched(state, queries, setting);
      const what = `${state.name}: ${setting.knob} ${setting.value}`;
      measurements.push(
        { what: `${what}, recall@${K}`, shards: index.shardCount, value: recall, unit: 'share' },
        { what: `${what}, speed`, shards: index.shardCount, value: perSecond, unit: 'queries/s' },
      );
      return `${recall.toFixed(3)} at ${rounded(perSecond)}/s`;
    });
    const { misplacedShare } = verify(index);
    rows.push([
      state.name,
      time(state.ms),
      count(index.shardCount),
      `${(100 * misplacedShare).toFixed(1)} %`,
      ...cells,
      ...Array<string>(SETTINGS.length - cells.length).fill('–'),
    ]);
    console.log(`${state.name}: ${time(state.ms)}`);
  };

  const truth = nearest(vectors, queries, 'cosine', K);
  const fresh = taking(() => built(vectors, 0, vectors.rows));
  report({ name: 'in one batch', truth, ...fresh });
  const grown = taking(() => {
    const cell = new CowShardexIndex(built(vectors, 0, tenth));
    put(cell, vectors, tenth, vectors.rows);
    return cell.read();
  });
  report({ name: 'the same, grown tenfold', truth, ...grown });

  const changed = withTenthReplaced(vectors, tenth);
  const truthThen = nearest(changed, queries, 'cosine', K);
  const replaced = taking(() => {
    const cell = new CowShardexIndex(fresh.index);
    put(cell, changed, 0, tenth);
    return cell.read();
  });
  report({ name: 'a tenth replaced', truth: truthThen, ...replaced });
  const anew = taking(() => built(changed, 0, changed.rows));
  report({ name: 'the same, in one batch', truth: truthThen, ...anew });
  console.log();
  return {
    title: 'Recall after many changes',
    method: METHOD,
    charts: [],
    tables: [
      printed({
        caption: `${count(vectors.rows)} vectors of ${vectors.dimensions} dimensions, ${count(queries.rows)} queries: recall@${K} at so many searches a second. Misplaced are postings that are nearer to another shard than to their own.`,
        head: ['', 'took', 'shards', 'misplaced', ...SETTINGS.map(({ knob, value }) => `${knob} ${value}`)],
        rows,
      }),
    ],
    measurements,
  };
}

function built(vectors: Matrix, from: number, to: number): ShardexIndex {
  return createIndex({ dimensions: vectors.dimensions }, postings(rowsBetween(vectors, from, to)));
}

function put(cell: CowShardexIndex, vectors: Matrix, from: number, to: number): void {
  for (let first = from; first < to; first += AT_ONCE) {
    cell.update((draft) => {
      for (let row = first; row < Math.min(to, first + AT_ONCE); row++) {
        draft.addPosting({ documentId: String(row), vector: rowOf(vectors, row) });
      }
    });
  }
}

function withTenthReplaced(vectors: Matrix, tenth: number): Matrix {
  const values = vectors.values.slice();
  values.set(normalise(mixtures(vectors, tenth)).values);
  return matrix(values, vectors.dimensions);
}

function taking(make: () => ShardexIndex): { index: ShardexIndex; ms: number } {
  const startedAt = performance.now();
  const index = make();
  return { index, ms: performance.now() - startedAt };
}

function searched(
  { index, truth }: State,
  queries: Matrix,
  setting: Setting,
): { recall: number; perSecond: number } {
  const options = { k: K, ...optionsOf(setting) };
  const each = rowsIn(queries);
  const found = each.map((query) => search(index, query, options));
  const startedAt = performance.now();
  for (const query of each) search(index, query, options);
  const seconds = (performance.now() - startedAt) / 1000;
  const right = found.reduce((sum, results, q) => {
    const ids = new Set(results.map(({ documentId }) => Number(documentId)));
    return sum + truth[q].filter((row) => ids.has(row)).length;
  }, 0);
  return { recall: right / (K * each.length), perSecond: each.length / seconds };
}
