/*
 * What goes to the thread of a log's engine, and what comes back. Bytes on their way there are copied; what the
 * engine read is handed over.
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

/** The memory of all bytes in a result, which may go to the other thread rather than be copied. */
export function memoryIn(result: unknown): ArrayBufferLike[] {
  if (result instanceof Uint8Array)
    // A view of more than itself has neighbours, who would lose theirs.
    return result.byteLength > 0 && result.byteLength === result.buffer.byteLength ? [result.buffer] : [];
  if (typeof result !== 'object' || result === null) return [];
  return Object.values(result).flatMap(memoryIn);
}

/** Makes a call by its name. */
export function callEngine(engine: SqliteEngine, call: keyof EngineCalls, args: readonly unknown[]): unknown {
  const calls = engine as unknown as Record<keyof EngineCalls, (...args: readonly unknown[]) => unknown>;
  return calls[call](...args);
}
