/*
 * What goes to the thread of a log's engine, and what comes back. Bytes are copied by the port; what the engine read is
 * copied once less, as the port may take it.
 */

import type { EngineCalls, SqliteEngine } from './engine.js';
import type { Failure } from './failure.js';

/** A call of the engine, with the file and the driver, which the first one opens. */
export interface ToEngine {
  readonly id: number;
  readonly path: string;
  readonly driver: string | undefined;
  readonly call: keyof EngineCalls;
  readonly args: readonly unknown[];
}

/** Its answer: a result, or what went wrong. */
export interface FromEngine {
  readonly id: number;
  readonly result?: unknown;
  readonly failure?: Failure;
}

/** Makes a call by its name. */
export function callEngine(engine: SqliteEngine, call: keyof EngineCalls, args: readonly unknown[]): unknown {
  const calls = engine as unknown as Record<keyof EngineCalls, (...args: readonly unknown[]) => unknown>;
  return calls[call](...args);
}
