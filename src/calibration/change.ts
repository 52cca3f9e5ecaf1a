/* How one calibration differs from another, so that deltas and messages carry only what a commit renewed. */

import { List } from 'immutable';
import type { Calibration, Sample } from './calibration.js';

/**
 * How the calibration of one version differs from that of another: the same, none, or a changed one. A number among its samples
 * is the index of one of the other's samples. A commit renews a few of a thousand.
 */
export type CalibrationChange = 'same' | 'none' | ChangedCalibration;

/** A calibration in terms of another. */
export interface ChangedCalibration extends Omit<Calibration, 'samples'> {
  readonly samples: readonly (Sample | number)[];
}

/** Compares two calibrations. Time: O(sample), or O(1) if they are the same. */
export function calibrationChange(
  before: Calibration | undefined,
  after: Calibration | undefined,
): CalibrationChange {
  if (before === after) return 'same';
  if (after === undefined) return 'none';
  const [old, all] = [before?.samples.toArray() ?? [], after.samples.toArray()];
  // Most samples keep their index. A map of the few others takes far less time than a map of all.
  const elsewhere = new Map<Sample, number>();
  for (let i = 0; i < old.length; i++) if (old[i] !== all[i]) elsewhere.set(old[i], i);
  const samples = all.map((sample, i) => (sample === old[i] ? i : (elsewhere.get(sample) ?? sample)));
  return { ...after, samples };
}

/** Applies a change; returns `undefined` for none. Throws the caller's `missing` for an index that is not there. */
export function changedCalibration(
  before: Calibration | undefined,
  change: CalibrationChange,
  missing: () => Error,
): Calibration | undefined {
  if (change === 'same') return before;
  if (change === 'none') return undefined;
  const old = before?.samples ?? List<Sample>();
  const samples = old.setSize(change.samples.length).withMutations((list) => {
    change.samples.forEach((sample, i) => {
      if (sample === i && i < old.size) return;
      const found = typeof sample === 'number' ? old.get(sample) : Object.freeze({ ...sample });
      if (found === undefined) throw missing();
      list.set(i, found);
    });
  });
  return Object.freeze({ ...change, samples });
}

/** Composes two successive changes. Throws the caller's `missing` if the second has an index that is not there. */
export function composeCalibrations(
  first: CalibrationChange,
  second: CalibrationChange,
  missing: () => Error,
): CalibrationChange {
  if (second === 'same') return first;
  if (second === 'none' || first === 'same') return second;
  const samples = second.samples.map((sample) => {
    if (typeof sample !== 'number') return sample;
    const found = first === 'none' ? undefined : first.samples.at(sample);
    if (found === undefined) throw missing();
    return found;
  });
  return { ...second, samples };
}
