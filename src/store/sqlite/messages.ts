/*
 * What goes to the thread of a log's engine, and what comes back. Entries go in one piece of memory, which is handed over, as
 * what the engine read is: with a piece for each of them a message takes several times as long.
 */

import type { Entry, Head } from '../log/commit-log.js';
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

/** Entries in one piece of memory; `ends[i]` is where the bytes of the i-th one end, and the next ones begin on a whole word. */
interface PackedEntries<T extends Entry = Entry> {
  readonly entries: readonly Omit<T, 'bytes'>[];
  readonly ends: readonly number[];
  readonly packed: Uint8Array<ArrayBuffer>;
}

/** Packs entries. Time: O(bytes). */
export function packEntries<T extends Entry>(entries: readonly T[]): PackedEntries<T> {
  const ends: number[] = [];
  let size = 0;
  for (const { bytes } of entries) ends.push((size = aligned(size) + bytes.length));
  const packed = new Uint8Array(size);
  const named = entries.map(({ bytes, ...rest }, i) => {
    packed.set(bytes, ends[i] - bytes.length);
    return rest;
  });
  return { entries: named, ends, packed };
}

/** Unpacks them: their bytes are views of the one piece. */
export function unpackEntries<T extends Entry>({ entries, ends, packed }: PackedEntries<T>): T[] {
  let at = 0;
  return entries.map((rest, i) => {
    const bytes = packed.subarray(aligned(at), (at = ends[i]));
    return { ...rest, bytes } as unknown as T;
  });
}

function aligned(at: number): number {
  return 4 * Math.ceil(at / 4);
}

/** A value on its way to the other thread, and the memory that is handed over with it. */
interface Sent {
  readonly value: unknown;
  readonly memory: readonly ArrayBufferLike[];
}

/** Makes what is sent of the arguments of a call. What they hold stays the caller's. */
export function sentArgs(call: keyof EngineCalls, args: readonly unknown[]): Sent {
  if (call !== 'append') return { value: args, memory: [] };
  const [parent, entries] = args as Parameters<EngineCalls['append']>;
  const packed = packEntries(entries);
  return { value: [parent, packed], memory: [packed.packed.buffer] };
}

/** Makes what is sent of the result of a call, which is handed over. */
export function sentResult(call: keyof EngineCalls, result: unknown): Sent {
  const value = call === 'readBatch' ? packEntries(result as ReturnType<EngineCalls['readBatch']>) : result;
  return { value, memory: memoryIn(value) };
}

/** Makes the result of a call out of what was sent. */
export function receivedResult(call: keyof EngineCalls, value: unknown): unknown {
  return call === 'readBatch' ? unpackEntries(value as PackedEntries) : value;
}

/** The memory of all bytes in a result, which may go to the other thread rather than be copied. */
function memoryIn(result: unknown): ArrayBufferLike[] {
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

/** The same with arguments as they were sent. */
export function callEngineWith(engine: SqliteEngine, { call, args }: ToEngine): unknown {
  if (call !== 'append') return callEngine(engine, call, args);
  const [parent, packed] = args as [Head | undefined, PackedEntries];
  return engine.append(parent, unpackEntries(packed));
}
