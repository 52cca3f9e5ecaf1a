/*
 * Reads values that callers give. An object may be a revoked proxy, have a getter that throws, or an iterator that is none.
 * Whatever reading it throws becomes the `cause` of an error of this library.
 */
import { isThenable } from './callbacks.js';
import { InvalidOptionError, type ShardexError } from '../errors.js';
import { show } from './show.js';

/**
 * Copies options, reading each once.
 *
 * It refuses values that are not objects, and unknown keys: a misspelt option must not be ignored, nor a signal or a promise
 * that is passed instead of options.
 *
 * @throws {@link InvalidOptionError}
 */
export function takeOptions<T extends object>(options: T, known: readonly (keyof T & string)[]): T {
  const given: unknown = options;
  const refuse = (advice: string): InvalidOptionError =>
    new InvalidOptionError('options', `The options must be an object, not ${show(given)}.${advice}`);
  if (given === null || typeof given !== 'object') throw refuse('');
  const unreadable = (thrown: string): InvalidOptionError =>
    new InvalidOptionError('options', `The options could not be read: ${thrown}.`);
  const taken = takeFields(options, known, {
    unknown: (name) =>
      new InvalidOptionError(name, `Unknown option ${show(name)}; the options are ${known.join(', ')}.`),
    unreadable,
  });
  try {
    // An array has a `filter`.
    if (isPlain(given) || (!Array.isArray(given) && known.some((name) => name in given))) return taken;
  } catch (error) {
    throw because(unreadable(thrownText(error)), error);
  }
  if (isThenable(given)) throw refuse(' Await it first.');
  throw refuse(` The options are ${known.join(', ')}.`);
}

/** Whether an object is of no class, in whichever realm. */
function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Makes the errors for an object that has an unknown field, or that cannot be read. */
export interface FieldErrors {
  readonly unknown: (name: string) => ShardexError;
  readonly unreadable: (thrown: string) => ShardexError;
}

/** Copies the known fields of an object, which may have no others; undefined ones are left out. */
export function takeFields<T extends object>(
  given: T,
  known: readonly (keyof T & string)[],
  errors: FieldErrors,
): T {
  const taken: Partial<T> = {};
  let stranger: string | undefined;
  try {
    stranger = Object.keys(given).find((key) => !(known as readonly string[]).includes(key));
    for (const name of known) {
      const value = given[name];
      if (value !== undefined) taken[name] = value;
    }
  } catch (error) {
    throw because(errors.unreadable(thrownText(error)), error);
  }
  if (stranger !== undefined) throw errors.unknown(stranger);
  return taken as T;
}

/**
 * Iterates over a given iterable, once.
 *
 * Errors that the iterable throws are passed on unchanged. `refuse` makes the error for a value that is not iterable, or
 * whose iterator is none.
 */
export function iterated<T>(given: Iterable<T>, refuse: (what: string) => ShardexError): Iterable<T> {
  const begin = isText(given) ? undefined : methodOf(given, Symbol.iterator, refuse);
  if (begin === Array.prototype[Symbol.iterator]) return given;
  const iterator: unknown = begin?.call(given);
  const next = methodOf(iterator, 'next', refuse);
  if (begin === undefined || next === undefined)
    throw refuse(begin === undefined ? show(given) : `one whose iterator is ${show(iterator)}`);
  const result = (): IteratorResult<T> => {
    const answer: unknown = next.call(iterator);
    // A promise would have no `value`, and be no end.
    if (typeof answer === 'object' && answer !== null && !isThenable(answer))
      return answer as IteratorResult<T>;
    throw refuse(`one whose iterator answers ${show(answer)}`);
  };
  return {
    [Symbol.iterator]: () => ({
      next: result,
      return: () => {
        (iterator as Iterator<T>).return?.();
        return { done: true, value: undefined };
      },
    }),
  };
}

/** Whether a value is a string object, which would iterate over its letters. */
function isText(given: unknown): boolean {
  try {
    return Object.prototype.toString.call(given) === '[object String]';
  } catch {
    return false;
  }
}

/** A field of any value; `undefined` if it is missing or cannot be read. */
export function fieldOf(given: unknown, name: PropertyKey): unknown {
  if (typeof given !== 'object' || given === null) return undefined;
  try {
    return (given as Record<PropertyKey, unknown>)[name];
  } catch {
    return undefined;
  }
}

type Method = (this: unknown) => unknown;

/** A method of any value; `undefined` if there is none. */
export function methodOf(
  given: unknown,
  name: PropertyKey,
  refuse: (what: string) => ShardexError,
): Method | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  try {
    const method = (given as Record<PropertyKey, unknown>)[name];
    return typeof method === 'function' ? (method as Method) : undefined;
  } catch (error) {
    throw because(refuse(show(given)), error);
  }
}

/** `instanceof`, which throws for a proxy that was revoked: that is nothing any more. */
export function isInstance<T>(value: unknown, kind: abstract new (...args: never[]) => T): value is T {
  try {
    return value instanceof kind;
  } catch {
    return false;
  }
}

/** `Array.isArray`, which throws for a proxy that was revoked: that is no array any more. */
export function isArray(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** The same error, with what was thrown before it as its cause. */
export function because<E extends ShardexError>(error: E, cause: unknown): E {
  return Object.defineProperty(error, 'cause', { value: cause, writable: true, configurable: true });
}

/** What was thrown, in words, whatever it is. */
export function thrownText(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return thrown.message;
  } catch {
    // A proxy that was revoked is shown as one.
  }
  return typeof thrown === 'string' ? thrown : show(thrown);
}
