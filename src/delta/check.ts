/*
 * Consistency checks between a delta and its base, and the error that they throw.
 */

import { InvalidDeltaError } from '../errors.js';

/** Returns a value that the base must have; refuses the delta if it is missing. */
export function known<T>(value: T | undefined, what: string): T {
  check(value !== undefined, what);
  return value as T;
}

/** Refuses a delta whose parts contradict the base. */
export function check(holds: boolean, what: string): void {
  if (!holds) throw disagreement(what);
}

/** Makes the error for a delta whose parts contradict the base. */
export function disagreement(what: string): InvalidDeltaError {
  return new InvalidDeltaError(
    `The delta and its base disagree on ${what}: it was made by other means or damaged. Nothing was changed; make it again with diff().`,
  );
}
