import { isThenable } from '../../callbacks.js';
import type { Steps } from '../../steps.js';

/** Cuts work into slices, between which the event loop goes round. */
export class Slices {
  /** Slices that have ended. */
  count = 0;
  readonly #sliceMs: number;
  readonly #onEnd: () => unknown;
  /** Throws where the work is to end. */
  readonly check: () => void;
  readonly #turn: () => Promise<void>;
  #endsAt: number;

  /** `onEnd` is called at the end of each slice, and waited for; `check` after that and before the next one. */
  constructor(sliceMs: number, onEnd: () => unknown, check: () => void, turn: () => Promise<void>) {
    this.#sliceMs = sliceMs;
    this.#onEnd = onEnd;
    this.check = check;
    this.#turn = turn;
    this.#endsAt = performance.now() + sliceMs;
  }

  /** Whether it is time to pause. */
  get isOver(): boolean {
    return performance.now() >= this.#endsAt;
  }

  /** Ends the slice, but goes on at once. */
  async end(): Promise<void> {
    this.count++;
    const ended = this.#onEnd();
    if (isThenable(ended)) await ended;
    this.check();
  }

  /** Ends the slice, and begins another one in the next turn of the event loop. */
  async pause(): Promise<void> {
    await this.end();
    await this.#turn();
    this.check();
    this.#endsAt = performance.now() + this.#sliceMs;
  }

  /** Takes steps until they are done, with a pause whenever a slice is over. */
  async run<T>(steps: Steps<T>): Promise<T> {
    for (;;) {
      const { done, value } = steps.next();
      if (done === true) return value;
      if (this.isOver) await this.pause();
    }
  }
}
