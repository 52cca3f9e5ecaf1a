/*
 * How values print: as a short summary, in JSON and by `console.log` of Node, Deno and Bun. Otherwise a version would print
 * its whole trie, and an object with private fields nothing.
 */

/** Registered by Node; Deno and Bun know it too. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

type Inspect = (value: unknown, options: unknown) => string;

/**
 * Makes all objects of a prototype print as a summary, under a name that no minifier changes.
 *
 * Both methods are on the prototype, and in no type. Call it before `detachable`, so that they too work without their object.
 */
export function printable<T extends object>(prototype: T, name: string, summary: (value: T) => object): void {
  const inspected = function (this: T, depth: number, options: object, inspect?: Inspect): unknown {
    if (depth < 0) return `[${name}]`;
    const shown = summary(this);
    return inspect === undefined ? shown : `${name} ${inspect(shown, options)}`;
  };
  const toJSON = function (this: T): object {
    return summary(this);
  };
  Object.defineProperty(prototype, 'toJSON', { value: toJSON, writable: true, configurable: true });
  Object.defineProperty(prototype, INSPECT, { value: inspected, writable: true, configurable: true });
}
