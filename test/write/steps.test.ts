import { type Posting, createIndex, update } from 'shardex';
import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../src/config.js';
import { balanceInSteps, fitPlaneInSteps, pointsOf } from '../../src/geometry/bisect.js';
import { type Steps, roundsPerStep, runSteps } from '../../src/collections/steps.js';
import { withCentroidsInSteps } from '../../src/version/centroid-table.js';
import { Digest } from '../../src/collections/digest.js';
import { RowList, digestRows } from '../../src/version/row-block.js';
import type { ShardexIndex } from '../../src/version/shardex-index.js';
import { addRows } from '../../src/write/add.js';
import { catchUp } from '../../src/write/catch-up.js';
import { DraftState } from '../../src/write/draft-state.js';
import { changeInSteps, closeDraft, IndexDraft } from '../../src/write/index-draft.js';
import { meanOfRows } from '../../src/write/loaded-rows.js';
import { ArrivalsByShard } from '../../src/write/moves.js';
import { rebalance } from '../../src/write/rebalance.js';
import { reassignParts, reassignShard, refined } from '../../src/write/reassign.js';
import { stagePostings } from '../../src/write/staging.js';
import { partition } from '../../src/write/partition.js';
import { WriteSet } from '../../src/write/write-set.js';
import { numbered } from '../support/postings.js';
import { seeded } from '../support/random.js';
import { expectSound } from '../support/sound.js';
import { WriterClosedError } from 'shardex';

const dimensions = 512;
const config = resolveConfig({ dimensions, shardCapacity: 1000, metric: 'euclidean' });
const random = seeded(1);
const some: Posting[] = numbered(4000, () => Float32Array.from({ length: dimensions }, () => random()));

const staged = (count: number, from = 0) => stagePostings(config, some.slice(from, from + count));
const indexOf = (count: number): ShardexIndex => createIndex(config, some.slice(0, count));
const stateOf = (count: number): DraftState => new DraftState(indexOf(count));

function counted<T>(steps: Steps<T>): { readonly count: number; readonly result: T } {
  for (let count = 0; ; count++) {
    const { done, value } = steps.next();
    if (done === true) return { count, result: value };
  }
}

function countOf(steps: Steps<unknown>): number {
  return counted(steps).count;
}

/** A few shards over rows that lie as they come, for what rearranges them. */
function partsOf(count: number) {
  const lists = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => staged(count / 8, (i * count) / 8));
  return lists.map((rows, id) => ({
    id,
    rows,
    centroid: runSteps(meanOfRows(rows, config)),
  }));
}

const table = (list: ReturnType<typeof partsOf>) =>
  runSteps(withCentroidsInSteps(indexOf(0).centroids, 'euclidean', new Set(), list));

/** Work on so many rows. Each loop of it must pause by itself, so that a longer one pauses as much more often. */
const works: Record<string, (count: number) => Steps<unknown>> = {
  'digesting rows': (count) => digestRows(new Digest(), staged(count)),
  'a mean': (count) => meanOfRows(staged(count), config),
  'a plane': (count) =>
    fitPlaneInSteps(
      pointsOf(
        new Float32Array(count * dimensions).map(() => random()),
        count,
        dimensions,
      ),
    ),
  'k-means': (count) => refined(partsOf(count), config),
  'reassigning parts': (count) => {
    const list = partsOf(count);
    return reassignParts({ parts: list, centroids: table(list) }, config, 64, () => list[0].centroid);
  },
  'routing to shards that are there': (count) => addRows(stateOf(1200), staged(count, 1200)),
  'rows that are there already': (count) => addRows(stateOf(count), staged(count)),
  'a table of centroids': (count) =>
    withCentroidsInSteps(
      indexOf(0).centroids,
      'euclidean',
      new Set(),
      Array.from({ length: count }, (_, id) => ({ id, centroid: centroids[id % centroids.length].centroid })),
    ),
};
const centroids = partsOf(800);

test.each(Object.entries(works))(
  '%s takes four times as many steps for four times as many rows',
  (_, work) => {
    const [few, many] = [countOf(work(600)), countOf(work(2400))];
    expect(few).toBeGreaterThan(0);
    // What is done once does not grow with them.
    expect(many).toBeGreaterThan(2.5 * few);
  },
);

/** How many times the partition of so many rows in two pauses. */
function pausesOfPartition(rows: RowList): number {
  return countOf(partition(rows, { ...config, shardCapacity: rows.length }));
}

test('a partition pauses for the projection of all rows, besides the sample', () => {
  // The plane is fitted to 2,048 rows at most: so what 4,000 take more than 2,000 is the loops over all rows.
  const [few, many] = [2048, 4000].map((count) => pausesOfPartition(staged(count)));
  expect(many - few).toBeGreaterThanOrEqual((1952 * dimensions) / 100_000 - 2);
});

test('a partition pauses for the sharing out of all rows', () => {
  // Where all are the same there is no plane to project them on.
  const same = (count: number): RowList => {
    const { blocks, rows } = staged(1);
    const list = new RowList();
    for (let i = 0; i < count; i++) list.push(blocks[0], rows[0]);
    return list;
  };
  expect(pausesOfPartition(same(100_000)) - pausesOfPartition(same(3000))).toBeGreaterThanOrEqual(8);
});

test('what a neighbour’s rows are compared with is a step for each part', () => {
  const [shard] = indexOf(600).shards.values();
  const near = partsOf(800);
  expect(countOf(reassignShard(shard, near, config, new ArrivalsByShard()))).toBe(near.length);
});

test('touched shards are finished one by one, and those of others compared one by one', () => {
  const small = { dimensions: 2, shardCapacity: 8, metric: 'euclidean' } as const;
  const spread = numbered(400, (i) => [i % 20, Math.floor(i / 20)]);
  const before = createIndex(small, spread);
  const state = new DraftState(before);
  const again = numbered(400, (i) => [(i % 20) + 0.01, Math.floor(i / 20)]);
  runSteps(addRows(state, stagePostings(before.config, again)));
  runSteps(rebalance(state));
  const { count: finishing, result: after } = counted(state.finishing());
  expect(finishing).toBeGreaterThan(20);
  const missed = { base: before, known: before, current: after, recorded: [] };
  const kept = after.changed.ids.filter((id) => before.shards.has(id)).length;
  expect(kept).toBeGreaterThan(20);
  expect(countOf(catchUp(new DraftState(before), missed, new WriteSet(), false))).toBeGreaterThan(2 * kept);
  expectSound(after);
});

test('a calibration looks for one posting in a step, and documents are put in place a few at a time', () => {
  const tiny = resolveConfig({ dimensions: 1, shardCapacity: 1000, metric: 'euclidean' });
  const stateWith = (count: number): DraftState => {
    const state = new DraftState(createIndex(tiny));
    const postings = numbered(count, (i) => [i % 1000]);
    runSteps(addRows(state, stagePostings(tiny, postings)));
    runSteps(rebalance(state));
    return state;
  };
  const uncalibrated = counted(stateWith(1000).finishing());
  expect(uncalibrated.result.calibration).toBeUndefined();
  expect(uncalibrated.count).toBeGreaterThanOrEqual(1000 / 10 / 128 - 1);
  const calibrated = counted(stateWith(4100).finishing());
  expect(calibrated.result.calibration?.samples.size).toBe(512);
  expect(calibrated.count - uncalibrated.count).toBeGreaterThan(512);
  expect(stateWith(4100).finish().fingerprint).toBe(calibrated.result.fingerprint);
});

test('a step is of a bounded cost', () => {
  expect(roundsPerStep(0)).toBe(100_000);
  expect(roundsPerStep(100)).toBe(1000);
  expect(roundsPerStep(1e9)).toBe(1);
});

describe('balancing many values', () => {
  const n = 60_000;
  /** As `balance` says it: the cut between different values that is nearest to the threshold, of those that are balanced. */
  function naive(values: Float64Array, threshold: number): number | undefined {
    const sorted = [...values].sort((a, b) => a - b);
    const below = sorted.filter((value) => value <= threshold).length;
    const cuts = sorted.map((_, i) => i).filter((i) => i > 0 && sorted[i - 1] < sorted[i]);
    const balanced = cuts.filter((cut) => cut >= n / 4 && n - cut >= n / 4);
    if (below >= n / 4 && n - below >= n / 4) return threshold;
    const [best] = balanced.sort((a, b) => Math.abs(a - below) - Math.abs(b - below));
    return balanced.length === 0 ? undefined : sorted[best - 1];
  }

  test.each([
    ['all different', () => random()],
    ['with ties', () => Math.floor(random() * 50)],
    ['with zeros of both signs', () => [-0, 0, 1, -1][Math.floor(random() * 4)]],
  ])('%s: sorting them in runs finds what sorting them at once does', (_, value) => {
    const values = Float64Array.from({ length: n }, value);
    const given = values.slice();
    for (const threshold of [-10, -0.5, 0.1, 0.5, 0.9, 3, 45, 100]) {
      const found = runSteps(balanceInSteps(values, threshold));
      expect(found).toBe(naive(values, threshold));
    }
    expect(values).toEqual(given);
    expect(countOf(balanceInSteps(values, -10))).toBeGreaterThan((3 * n) / 16_384);
  });
});

describe('a draft in the middle of a step', () => {
  const config2 = { dimensions: 1 } as const;
  const posting = { documentId: 'a', vector: [1] };
  const begun = (): { draft: IndexDraft; steps: Steps<string> } => {
    const draft = new IndexDraft(createIndex(config2));
    const steps = changeInSteps(draft, function* () {
      yield;
      return 'done';
    });
    steps.next();
    return { draft, steps };
  };

  test('refuses all other use, and then goes on as before', () => {
    const { draft, steps } = begun();
    const uses: (() => unknown)[] = [
      () => {
        draft.addPosting(posting);
      },
      () => draft.addPostings([posting]),
      () => draft.removeDocument('a'),
      () => {
        draft.replaceDocument('a', []);
      },
      () => draft.has('a'),
      () => draft.preview(),
      () => changeInSteps(draft, rebalance).next(),
    ];
    for (const use of uses) expect(use).toThrow(WriterClosedError);
    expect(draft.preview.bind(draft)).toThrow(/in the middle of a change/);
    expect(steps.next()).toEqual({ done: true, value: 'done' });
    draft.addPosting(posting);
    expect(draft.preview().postingCount).toBe(1);
  });

  test('stays closed when it is closed meanwhile', () => {
    const { draft, steps } = begun();
    closeDraft(draft, 'discarded');
    runSteps(steps);
    expect(() => draft.preview()).toThrow(/was discarded/);
  });

  test('is unusable when the step fails, or is never ended', () => {
    const { draft } = begun();
    expect(() => draft.preview()).toThrow(WriterClosedError);
    const failing = new IndexDraft(createIndex(config2));
    const failure = new Error('failed');
    expect(() =>
      runSteps(
        changeInSteps(failing, function* () {
          yield;
          throw failure;
        }),
      ),
    ).toThrow(failure);
    expect(() => failing.preview()).toThrow(/left incomplete/);
  });
});

test('an update of the same in one go and in steps is the same', () => {
  const state = stateOf(1200);
  runSteps(addRows(state, staged(2000, 1200)));
  runSteps(rebalance(state));
  const inSteps = state.finish();
  const twin = update(indexOf(1200), (draft) => {
    draft.addPostings(some.slice(1200, 3200));
  });
  expect(inSteps.fingerprint).toBe(twin.fingerprint);
});
