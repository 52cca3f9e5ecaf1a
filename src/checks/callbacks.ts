/**
 * What becomes of an answer of a caller's function that comes as a promise: refused where it is needed at once, and heard
 * of where it is not needed, since a promise is true, and one that nobody listens to ends the process when it rejects.
 */
import { AsyncRecipeError } from '../errors.js';

/**
 * Refuses what an async function, or a generator, returned to a caller that cannot wait for it.
 *
 * @throws {@link AsyncRecipeError}
 */
export function refusePromise(result: unknown, message: string): void {
  if (!isThenable(result) && !isGenerator(result)) return;
  // What becomes of the promise matters no more: the caller learns from the throw below that all of it was in vain.
  onRejection(result, () => undefined);
  throw new AsyncRecipeError(message);
}

/** Tells what an async function rejects with that is not waited for. */
export function onRejection(result: unknown, tell: (reason: unknown) => void): void {
  if (isThenable(result)) Promise.resolve(result).then(undefined, tell);
}

/** Where nobody asked to be told, the error comes out as an uncaught one: others are not starved, nothing is lost. */
export function throwUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/** Whether `await` would wait for it. */
export function isThenable(result: unknown): result is PromiseLike<unknown> {
  if ((typeof result !== 'object' || result === null) && typeof result !== 'function') return false;
  try {
    return typeof (result as Partial<PromiseLike<unknown>>).then === 'function';
  } catch {
    return false;
  }
}

/** Whether it is what a generator function returns before any of its body has run. */
function isGenerator(result: unknown): boolean {
  if (typeof result !== 'object' || result === null) return false;
  try {
    return /^\[object (Async)?Generator\]$/.test(Object.prototype.toString.call(result));
  } catch {
    return false;
  }
}
