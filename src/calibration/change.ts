/* How one calibration differs from another, so that deltas and messages carry what a commit renewed, and no more. */

import { List } from 'immutable';
import type { Calibration, Sample } from './calibration.js';

/**
 * How the calibration of one version differs from that of another: the same one, none, or another one whose samples are
 * new or, where they are numbers, those at these places of the other one's. A commit renews a few of a thousand.
 */
export type CalibrationChange = 'same' | 'none' | ChangedCalibration;

/** A calibration in terms of another one. */
export interface ChangedCalibration extends Omit<Calibration, 'samples'> {
  readonly samples: readonly (Sample | number)[];
}

/** What changed from one calibration to another. Time: O(sample), nothing where they are the same. */
export function calibrationChange(
  before: Calibration | undefined,
  after: Calibration | undefined,
): CalibrationChange {
  if (before === after) return 'same';
  if (after === undefined) return 'none';
  const places = new Map(before?.samples.toArray().map((sample, place) => [sample, place]));
  return { ...after, samples: after.samples.toArray().map((sample) => places.get(sample) ?? sample) };
}

/** The calibration that a change leads to; `undefined` for none, an error of the caller's for a place that is not there. */
export function changedCalibration(
  before: Calibration | undefined,
  change: CalibrationChange,
  missing: () => Error,
): Calibration | undefined {
  if (change === 'same') return before;
  if (change === 'none') return undefined;
  const old = before?.samples ?? List<Sample>();
  const samples = old.setSize(change.samples.length).withMutations((list) => {
    change.samples.forEach((sample, place) => {
      if (sample === place && place < old.size) return;
      const found = typeof sample === 'number' ? old.get(sample) : Object.freeze({ ...sample });
      if (found === undefined) throw missing();
      list.set(place, found);
    });
  });
  return Object.freeze({ ...change, samples });
}

/** Two changes, one after the other, as one; an error of the caller's where the second names a place that is not there. */
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
