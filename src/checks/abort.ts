// Waits for signals to abort, with one listener for each signal.

/**
 * The waiters of each signal.
 *
 * A signal gets one listener, however many calls wait for it: a program may pass one signal to all its calls, and Node warns
 * of a leak at the eleventh listener.
 */
const waiting = new WeakMap<AbortSignal, Waiters>();

/**
 * Calls `aborted` when the signal aborts. Returns a function that ends the waiting.
 *
 * The last waiter that ends removes the listener. If the signal has aborted already, `aborted` is not called. `aborted` must
 * not throw.
 */
export function onAbort(signal: AbortSignal | undefined, aborted: () => void): () => void {
  if (signal === undefined || signal.aborted) return () => undefined;
  const waiters = waiting.get(signal) ?? new Waiters(signal);
  waiting.set(signal, waiters);
  return waiters.add({ aborted });
}

/** An object for each call, since two may wait with the same function. */
interface Waiter {
  readonly aborted: () => void;
}

/** The waiters of one signal. */
class Waiters {
  readonly #signal: AbortSignal;
  readonly #waiters = new Set<Waiter>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#tell);
  }

  add(waiter: Waiter): () => void {
    this.#waiters.add(waiter);
    return () => {
      if (this.#waiters.delete(waiter) && this.#waiters.size === 0) this.#end();
    };
  }

  readonly #tell = (): void => {
    this.#end();
    // A waiter that ends while others are called is not called.
    for (const waiter of this.#waiters) if (this.#waiters.delete(waiter)) waiter.aborted();
  };

  #end(): void {
    waiting.delete(this.#signal);
    this.#signal.removeEventListener('abort', this.#tell);
  }
}
