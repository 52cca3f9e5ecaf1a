/*
 * Cuts long work into slices of a few milliseconds with the event loop running in between; used by `ingest`.
 */

import { isThenable } from '../../checks/callbacks.js';
import type { Steps } from '../../collections/steps.js';

/** Runs work in slices and lets the event loop run between them. */
export class Slices {
  /** Slices that have ended. */
  count = 0;
  readonly #sliceMs: number;
  readonly #onEnd: () => unknown;
  /** Throws if the work must stop. */
  readonly check: () => void;
  readonly #betweenSlices: () => Promise<void>;
  #endsAt: number;

  /**
   * Calls and awaits `onEnd` at the end of each slice, then `check`, and `check` again before the next slice.
   */
  constructor(sliceMs: number, onEnd: () => unknown, check: () => void, betweenSlices: () => Promise<void>) {
    this.#sliceMs = sliceMs;
    this.#onEnd = onEnd;
    this.check = check;
    this.#betweenSlices = betweenSlices;
    this.#endsAt = performance.now() + sliceMs;
  }

  /** Whether the time of the slice is up. */
  get isOver(): boolean {
    return performance.now() >= this.#endsAt;
  }

  /** Ends the slice and goes on without a pause. */
  async end(): Promise<void> {
    this.count++;
    const ended = this.#onEnd();
    if (isThenable(ended)) await ended;
    this.check();
  }

  /** Ends the slice and begins the next one after the event loop has run. */
  async pause(): Promise<void> {
    await this.end();
    await this.#betweenSlices();
    this.check();
    this.#endsAt = performance.now() + this.#sliceMs;
  }

  /** Runs steps until they are done, pausing whenever a slice is over. */
  async run<T>(steps: Steps<T>): Promise<T> {
    for (;;) {
      const { done, value } = steps.next();
      if (done === true) return value;
      if (this.isOver) await this.pause();
    }
  }
}
