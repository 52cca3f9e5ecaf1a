/*
 * Handles promises that callbacks of the caller return. If the answer is needed at once, a promise is refused, as it would
 * count as true. If it is not needed, its rejection is reported, as an unhandled one would end the process.
 */
import { AsyncRecipeError } from '../errors.js';

/**
 * Refuses the result of an async function or a generator, where it cannot be awaited.
 *
 * @throws {@link AsyncRecipeError}
 */
export function refusePromise(result: unknown, message: string): void {
  if (!isThenable(result) && !isGenerator(result)) return;
  // The promise no longer matters: the caller gets the error below.
  onRejection(result, () => undefined);
  throw new AsyncRecipeError(message);
}

/** Reports the rejection of an async function that is not awaited. */
export function onRejection(result: unknown, tell: (reason: unknown) => void): void {
  if (isThenable(result)) Promise.resolve(result).then(undefined, tell);
}

/** Throws an error as an uncaught one, in a microtask of its own: others still run, and it is not lost. */
export function throwUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/** Whether `await` would wait for a value. */
export function isThenable(result: unknown): result is PromiseLike<unknown> {
  if ((typeof result !== 'object' || result === null) && typeof result !== 'function') return false;
  try {
    return typeof (result as Partial<PromiseLike<unknown>>).then === 'function';
  } catch {
    return false;
  }
}

/** Whether a value is a generator: the function's body has not run yet. */
function isGenerator(result: unknown): boolean {
  if (typeof result !== 'object' || result === null) return false;
  try {
    return /^\[object (Async)?Generator\]$/.test(Object.prototype.toString.call(result));
  } catch {
    return false;
  }
}
