/** Turns that are given out one at a time, first come first served. */
export class Turns {
  #busy = false;
  readonly #waiting: (() => void)[] = [];
  readonly #idle: (() => void)[] = [];

  /** Whether somebody has a turn. */
  get busy(): boolean {
    return this.#busy;
  }

  /**
   * Waits for a turn and returns what ends it. A turn is handed straight to the next in line, so no newcomer can slip
   * in between; who aborts leaves the line, so no turn is handed to somebody who has gone.
   */
  async take(signal?: AbortSignal): Promise<() => void> {
    if (this.#busy) await wait(this.#waiting, signal);
    this.#busy = true;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#passOn();
    };
  }

  /** Waits until nobody has a turn or waits for one. */
  async idle(signal?: AbortSignal): Promise<void> {
    while (this.#busy) await wait(this.#idle, signal);
  }

  #passOn(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next();
      return;
    }
    this.#busy = false;
    for (const wake of this.#idle.splice(0)) wake();
  }
}

/** Joins a line until woken, or leaves it when the signal aborts. */
function wait(line: (() => void)[], signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const leave = (): void => {
      line.splice(line.indexOf(wake), 1);
      reject(signal?.reason as Error);
    };
    const wake = (): void => {
      signal?.removeEventListener('abort', leave);
      resolve();
    };
    line.push(wake);
    signal?.addEventListener('abort', leave, { once: true });
  });
}

/** Settles as `promise` does, or rejects with the signal's reason as soon as that aborts. */
export function abortable<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    const done = (): void => {
      signal.removeEventListener('abort', abort);
    };
    promise.then(resolve, reject).finally(done);
  });
}
