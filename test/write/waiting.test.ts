import {
  type ShardexIndex,
  applyDelta,
  createIndex,
  decodeDelta,
  diff,
  encodeDelta,
  statistics,
  update,
} from 'shardex';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Sample, isWaiting } from '../../src/calibration/calibration.js';
import { isSample } from '../../src/calibration/check.js';
import { limitsOf } from '../../src/calibration/limits.js';
import { Ahead } from '../../src/search/look-ahead.js';
import { NearestRows } from '../../src/search/scan/nearest-rows.js';
import { METRICS, numbered } from '../support/postings.js';
import { clusteredVectors, seeded } from '../support/random.js';

// Looks are done ahead only where they take long, which needs more rows than a test should have.
vi.mock('../../src/search/look-ahead.js', async (original) => ({
  ...(await original<object>()),
  isShort: () => false,
}));

/* Postings of the sample that are still to be looked for: what commits of one posting leave to later ones. */

const D = 32;

function add(index: ShardexIndex, count: number, prefix: string, vector: () => number[]): ShardexIndex {
  return update(index, (draft) => {
    draft.addPostings(numbered(count, vector, prefix));
  });
}

const samplesOf = ({ calibration }: ShardexIndex): readonly Sample[] => calibration?.samples.toArray() ?? [];
const takenBy = (index: ShardexIndex): number => index.calibration?.taken ?? 0;

/** The same version as somebody has it who knows of no look ahead: its samples are other objects. */
function fresh(index: ShardexIndex): ShardexIndex {
  const empty = createIndex(index.config);
  return applyDelta(empty, decodeDelta(encodeDelta(diff(empty, index))));
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a posting of the sample', () => {
  const vector = clusteredVectors(seeded(1), D, 40, 0.2);
  const bulk = createIndex({ dimensions: D, shardCapacity: 64 }, numbered(2560, vector));

  test('is looked for at once by a batch that writes a 128th of the index', () => {
    expect(samplesOf(bulk).filter(isWaiting)).toEqual([]);
    const more = add(bulk, 30, 'b', vector);
    expect(takenBy(more)).toBeGreaterThan(takenBy(bulk));
    expect(samplesOf(more).filter(isWaiting)).toEqual([]);
  });

  test('waits where commits are small, which look for no more postings than they write', () => {
    let index = bulk;
    let [most, ended] = [0, 0];
    const since = new Map<Sample, number>();
    for (let i = 0; i < 160; i++) {
      const next = add(index, 1, `o${i}-`, vector);
      expect(takenBy(next) - takenBy(index)).toBeLessThanOrEqual(1);
      const waiting = samplesOf(next).filter(isWaiting);
      most = Math.max(most, waiting.length);
      for (const [sample, at] of since) {
        if (waiting.includes(sample)) continue;
        since.delete(sample);
        ended++;
        // Unless another one has taken its place in the sample.
        const { documentId } = sample;
        if (samplesOf(next).some((one) => one.documentId === documentId))
          expect(i - at).toBeGreaterThanOrEqual(20);
      }
      for (const sample of waiting) if (!since.has(sample)) since.set(sample, i);
      index = next;
    }
    expect(most).toBeGreaterThan(2);
    expect(most).toBeLessThan(33);
    expect(ended).toBeGreaterThan(20);
    expect(takenBy(index) - takenBy(bulk)).toBeGreaterThan(20);
    // The next batch makes up for all.
    expect(samplesOf(add(index, 30, 'b', vector)).filter(isWaiting)).toEqual([]);
  });

  test('that waits is none that searches go by, and none with a say in how the sample is described', () => {
    let index = bulk;
    for (let i = 0; samplesOf(index).filter(isWaiting).length < 3; i++)
      index = add(index, 1, `o${i}-`, vector);
    const known = samplesOf(index).filter((sample) => !isWaiting(sample)).length;
    expect(known).toBeLessThan(samplesOf(index).length);
    if (index.calibration === undefined) throw new Error('no calibration');
    expect(limitsOf(index.calibration).size).toBe(known);
    expect(statistics(index).calibration?.sampleSize).toBe(known);
  });

  test('that waits arrives elsewhere as such, and is refused where it says more', () => {
    let index = bulk;
    for (let i = 0; samplesOf(index).filter(isWaiting).length < 3; i++)
      index = add(index, 1, `o${i}-`, vector);
    expect(samplesOf(fresh(index))).toEqual(samplesOf(index));
    const [waiting] = samplesOf(index).filter(isWaiting);
    expect(isSample(waiting)).toBe(true);
    for (const more of [
      { nearest: 1 },
      { spread: 1 },
      { gap: 1 },
      { ranks: waiting.ranks.replace(/.$/, '\u0001') },
    ])
      expect(isSample({ ...waiting, ...more })).toBe(false);
  });

  test('that waits and is removed is looked for no more', () => {
    let index = bulk;
    for (let i = 0; samplesOf(index).filter(isWaiting).length < 3; i++)
      index = add(index, 1, `o${i}-`, vector);
    const [{ documentId }] = samplesOf(index).filter(isWaiting);
    const next = update(index, (draft) => {
      draft.removeDocument(documentId);
    });
    expect(samplesOf(next).some((sample) => sample.documentId === documentId)).toBe(false);
  });
});

describe.each(METRICS)('by %s', (metric) => {
  test('a look finds the same whatever was done ahead of it (I10), and passes over what is far', () => {
    // Clusters that touch, or no row would be near a bound.
    const vector = clusteredVectors(seeded(4), 16, 60, 0.6);
    const options = { dimensions: 16, metric, shardCapacity: 128 };
    // Several times as many as are measured, or none would be dropped.
    const start = createIndex(options, numbered(10_000, vector));
    const beyond = vi.spyOn(Ahead.prototype, 'isBeyond');
    const offered = vi.spyOn(NearestRows.prototype, 'offer');
    // How far the rows are that were measured: a few hundred more than are noted.
    const measured = (): number[] => {
      const distances = offered.mock.calls.map(([distance]) => distance).sort((a, b) => a - b);
      offered.mockClear();
      return distances;
    };
    let [here, there] = [start, fresh(start)];
    for (let i = 0; i < 8; i++) {
      const postings = numbered(30, vector, `o${i}-`);
      const more = (index: ShardexIndex): ShardexIndex =>
        update(index, (draft) => {
          draft.addPostings(postings);
        });
      here = more(here);
      const measuredHere = measured();
      // Nothing is known ahead of the looks that this one makes.
      there = fresh(more(there));
      expect(measured()).toEqual(measuredHere);
      expect(there.fingerprint).toBe(here.fingerprint);
      expect(samplesOf(there)).toEqual(samplesOf(here));
    }
    expect(takenBy(here) - takenBy(start)).toBeGreaterThan(8);
    // By dot product what is long is near to all.
    const passed = beyond.mock.results.filter(({ value }) => value === true).length;
    if (metric !== 'dot') expect(passed).toBeGreaterThan(100);
  });
});
