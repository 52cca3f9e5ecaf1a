import {
  type Delta as PublicDelta,
  InvalidDeltaError,
  type ShardexIndex,
  applyDelta,
  createIndex,
  decodeDelta,
  diff,
  encodeDelta,
  search,
  statistics,
  update,
  verify,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { MOST_COUNTED, type Sample } from '../../src/calibration/calibration.js';
import type { CalibrationChange, ChangedCalibration } from '../../src/calibration/change.js';
import { isCalibrationChange, isSample } from '../../src/calibration/check.js';
import { PACKED_LENGTH } from '../../src/calibration/ranks.js';
import { Delta, changesOf, ledgerOf } from '../../src/delta/delta.js';
import { Lazy } from '../../src/collections/lazy.js';
import { gaussianVector, seeded } from '../support/random.js';
import { expectSound } from '../support/sound.js';

/* Calibrations that somebody made up: refused, or a version that can be searched, written to and sent on. */

const random = seeded(5);
const QUERY = gaussianVector(random, 3);

function some(count: number, prefix: string) {
  return Array.from({ length: count }, (_, i) => ({
    documentId: `${prefix}${i % 300}`,
    start: i,
    vector: gaussianVector(random, 3),
  }));
}

const base = createIndex({ dimensions: 3, shardCapacity: 16 }, some(1600, 'd'));
const next = update(base, (draft) => draft.addPostings(some(400, 'e')));
const honest = changesOf(diff(base, next)).calibration as ChangedCalibration;
const [sample] = next.calibration?.samples ?? [];

/** The delta from the base to the next version, but for its calibration and its count of changes, as it arrives. */
function forged(calibration: CalibrationChange, churn?: number): PublicDelta {
  const delta = diff(base, next);
  const changes = { ...changesOf(delta), calibration, ...(churn !== undefined && { churn }) };
  return decodeDelta(encodeDelta(new Delta(base, next, changes, new Lazy(() => ledgerOf(delta)))));
}

function expectUsable(index: ShardexIndex): void {
  for (const recall of [0.5, 0.9, 0.99]) expect(search(index, QUERY, { k: 10, recall })).toHaveLength(10);
  expect(search(index, QUERY, { k: 1, slopFactor: 'all' })).toEqual(
    search(next, QUERY, { k: 1, slopFactor: 'all' }),
  );
  statistics(index);
  const later = update(index, (draft) => {
    draft.addPostings(some(100, 'f'));
    draft.removeDocuments(['d1', 'd2', 'e3']);
  });
  const arrived = applyDelta(index, decodeDelta(encodeDelta(diff(index, later))));
  expect(arrived.calibration?.samples.toArray()).toEqual(later.calibration?.samples.toArray());
  expect(search(arrived, QUERY, { k: 10, recall: 0.9 })).toHaveLength(10);
}

test('an honest one arrives as it is', () => {
  expect(honest.samples.some((each) => typeof each !== 'number')).toBe(true);
  expect(isCalibrationChange(honest)).toBe(true);
  const arrived = applyDelta(base, forged(honest), { verify: true });
  expect(arrived.calibration?.samples.toArray()).toEqual(next.calibration?.samples.toArray());
  expectUsable(arrived);
});

const descending = '\u0002'.repeat(PACKED_LENGTH - 2) + '\u0001\u0001';
const wrong: Partial<Record<keyof Sample, unknown[]>> = {
  documentId: ['', 7, undefined],
  start: [-1, 0.5, 2 ** 32, NaN, '1'],
  length: [-1, 2 ** 32],
  hash: [-1, 2 ** 32, undefined],
  born: [-1, MOST_COUNTED + 1, Infinity],
  churn: [-1, MOST_COUNTED + 1],
  postingCount: [0, MOST_COUNTED + 1, NaN],
  shardCount: [0, MOST_COUNTED + 1],
  nearest: [NaN, Infinity, -Infinity, 1e101, null],
  spread: [NaN, Infinity, -1, 1e101],
  gap: [NaN, Infinity, -1, 1e101],
  ranks: ['', descending, undefined, [1]],
};

describe('refused is', () => {
  test.each(Object.entries(wrong))('a sample with a wrong %s', (field, values) => {
    expect(isSample(sample)).toBe(true);
    for (const value of values) {
      const bad = { ...sample, [field]: value };
      expect(isSample(bad)).toBe(false);
      expect(isCalibrationChange({ ...honest, samples: [0, bad] })).toBe(false);
    }
  });

  test('among bytes what bytes can say of that', () => {
    for (const bad of [
      { documentId: '' },
      { born: MOST_COUNTED + 1 },
      { postingCount: 0 },
      { shardCount: 0 },
      { nearest: NaN },
      { gap: -1 },
      { spread: 1e101 },
      { ranks: descending },
    ])
      expect(() => forged({ ...honest, samples: [{ ...sample, ...bad }] })).toThrow(InvalidDeltaError);
    expect(() => forged({ ...honest, taken: MOST_COUNTED + 1 })).toThrow(InvalidDeltaError);
    expect(() => forged({ ...honest, shardCount: 0 })).toThrow(InvalidDeltaError);
    expect(() => forged(honest, MOST_COUNTED + 1)).toThrow(InvalidDeltaError);
  });

  test('a list of samples with a hole, or none', () => {
    const samples: number[] = [];
    samples[1] = 0;
    expect(isCalibrationChange({ ...honest, samples })).toBe(false);
    expect(isCalibrationChange({ ...honest, samples: undefined })).toBe(false);
    expect(isCalibrationChange('other')).toBe(false);
  });

  test('a place that the base has not', () => {
    expect(() => applyDelta(base, forged({ ...honest, samples: [9999] }))).toThrow(InvalidDeltaError);
  });

  test('a larger sample than an index of this size has', () => {
    const size = next.calibration?.samples.size ?? 0;
    const samples = Array.from({ length: size + 1 }, (_, i) => i % (base.calibration?.samples.size ?? 1));
    expect(() => applyDelta(base, forged({ ...honest, samples }))).toThrow(InvalidDeltaError);
  });

  test('where that is looked at, a sample of a posting that is not there, or has another vector', () => {
    for (const bad of [{ documentId: 'stranger' }, { start: 7777 }, { hash: sample.hash ^ 1 }]) {
      const delta = forged({
        ...honest,
        samples: [{ ...sample, ...bad }, ...honest.samples.slice(1)],
      });
      const unverified = applyDelta(base, delta);
      expect(verify(unverified).map(({ where }) => where)).toEqual(['the calibration']);
      expect(() => applyDelta(base, delta, { verify: true })).toThrow(/the calibration/);
      expectUsable(unverified);
    }
  });
});

describe('what is allowed, however odd, leaves a version that can be used:', () => {
  const all = next.calibration?.samples.toArray() ?? [];
  const odd: Record<string, CalibrationChange> = {
    none: 'none',
    'the same': 'same',
    'an empty sample': { ...honest, samples: [] },
    'the greatest counts': {
      ...honest,
      taken: MOST_COUNTED,
      settled: MOST_COUNTED,
      postingCount: MOST_COUNTED,
    },
    'the least counts': { ...honest, taken: 0, settled: 0, postingCount: 1, shardCount: 1 },
    'more shards than there can be': { ...honest, shardCount: MOST_COUNTED },
    'one posting all over': { ...honest, samples: all.map(() => all[0]) },
    'distances of nothing': {
      ...honest,
      samples: all.map((each) => ({ ...each, nearest: 0, spread: 0, gap: 0 })),
    },
    'the least distance there is': { ...honest, samples: all.map((each) => ({ ...each, gap: 5e-324 })) },
    'huge distances': {
      ...honest,
      samples: all.map((each, i) => ({
        ...each,
        nearest: i % 2 === 0 ? 1e100 : -1e100,
        spread: 1e100,
        gap: 1e100,
      })),
    },
    'samples of an index that was huge': {
      ...honest,
      samples: all.map((each) => ({
        ...each,
        postingCount: MOST_COUNTED,
        shardCount: 1,
        churn: 0,
        born: MOST_COUNTED,
      })),
    },
    'ranks that are far': {
      ...honest,
      samples: all.map((each) => ({ ...each, ranks: '\uffff'.repeat(PACKED_LENGTH) })),
    },
    'ranks of nothing': {
      ...honest,
      samples: all.map((each) => ({ ...each, ranks: '\0'.repeat(PACKED_LENGTH) })),
    },
  };

  test.each(Object.entries(odd))('%s', (_, calibration) => {
    for (const churn of [undefined, 0, MOST_COUNTED - 1000, MOST_COUNTED])
      expectUsable(applyDelta(base, forged(calibration, churn)));
  });
});

test('what was applied is what was sent, not what the sender changes later', () => {
  const arrived = applyDelta(base, forged(honest));
  expect(Object.isFrozen(arrived.calibration)).toBe(true);
  expect(arrived.calibration?.samples.every((each) => Object.isFrozen(each))).toBe(true);
  expectSound(arrived);
});
