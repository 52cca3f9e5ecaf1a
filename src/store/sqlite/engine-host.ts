/*
 * Where a log's engine runs: in a thread of its own, or here. Both take calls by name and answer with promises, so that
 * the log above does not know which one it is.
 */

import { nodeModule } from '../../host/node-module.js';
import { yieldToEventLoop } from '../../host/event-loop.js';
import { LogFailedError, MissingSqliteError } from '../errors.js';
import type { SqliteDriver } from './driver.js';
import { type EngineCalls, SqliteEngine } from './engine.js';
import { asFailure, errorOf } from './failure.js';
import { type FromEngine, callEngine, receivedResult, sentArgs } from './messages.js';

/** Makes calls of an engine, one after the other. */
export interface EngineHost {
  call<K extends keyof EngineCalls>(
    call: K,
    ...args: Parameters<EngineCalls[K]>
  ): Promise<ReturnType<EngineCalls[K]>>;
  /** Lets go of the thread. */
  end(): Promise<void>;
}

/** The part of Node's worker threads that is used. */
export interface EngineThread {
  postMessage(message: unknown, memory: readonly ArrayBufferLike[]): void;
  on(event: 'message' | 'error' | 'exit', listener: (value: unknown) => void): unknown;
  ref(): unknown;
  unref(): unknown;
  terminate(): Promise<unknown>;
}

interface NodeThreads {
  readonly Worker: new (script: URL, options: { readonly execArgv: readonly string[] }) => EngineThread;
}

/** Starts the thread of an engine. The script lies beside this module, also in a bundle. */
export async function newEngineThread(): Promise<EngineThread> {
  const node = (await nodeModule('worker_threads')) as NodeThreads | undefined;
  if (node === undefined)
    throw new MissingSqliteError(
      'A log in SQLite needs the threads of Node, Deno or Bun; this runtime has none.',
    );
  return new node.Worker(new URL('./sqlite-worker.js', import.meta.url), { execArgv: [] });
}

interface PendingCall {
  readonly call: keyof EngineCalls;
  readonly after: unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** An engine in a thread. The thread keeps the process alive only while a call is under way. */
export class ThreadHost implements EngineHost {
  readonly #path: string;
  readonly #driver: string | undefined;
  readonly #thread: EngineThread;
  readonly #pending = new Map<number, PendingCall>();
  #lastId = 0;
  #failure: LogFailedError | undefined;

  constructor(thread: EngineThread, path: string, driver: string | undefined) {
    this.#thread = thread;
    this.#path = path;
    this.#driver = driver;
    thread.on('message', (message) => {
      this.#answered(message as FromEngine);
    });
    const ended = (why: unknown): void => {
      this.#ended(why);
    };
    thread.on('error', ended);
    thread.on('exit', ended);
    thread.unref();
  }

  call<K extends keyof EngineCalls>(
    call: K,
    ...args: Parameters<EngineCalls[K]>
  ): Promise<ReturnType<EngineCalls[K]>> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        // A thread that has ended has let go of the file.
        if (call === 'close') resolve(undefined as ReturnType<EngineCalls[K]>);
        else reject(this.#failure);
        return;
      }
      const { value, memory } = sentArgs(call, args);
      const id = ++this.#lastId;
      this.#pending.set(id, { call, after: args[0], resolve: resolve as (result: unknown) => void, reject });
      if (this.#pending.size === 1) this.#thread.ref();
      const message = { id, path: this.#path, driver: this.#driver, call, args: value };
      this.#thread.postMessage(message, memory);
    });
  }

  async end(): Promise<void> {
    await this.#thread.terminate();
  }

  #answered({ id, result, failure }: FromEngine): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#thread.unref();
    if (pending === undefined) return;
    if (failure === undefined) pending.resolve(receivedResult(pending.call, result));
    else pending.reject(errorOf(failure, Number(pending.after)));
  }

  #ended(why: unknown): void {
    const text = why instanceof Error ? `: ${why.message}` : '';
    this.#failure ??= new LogFailedError(`The thread of the log's engine has ended${text}.`, true);
    for (const { reject } of this.#pending.values()) reject(this.#failure);
    this.#pending.clear();
  }
}

/** An engine in this thread, which every call holds up. The event loop runs before each. */
export class LocalHost implements EngineHost {
  readonly #driver: SqliteDriver;
  readonly #path: string;
  #engine: SqliteEngine | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(driver: SqliteDriver, path: string) {
    this.#driver = driver;
    this.#path = path;
  }

  call<K extends keyof EngineCalls>(
    call: K,
    ...args: Parameters<EngineCalls[K]>
  ): Promise<ReturnType<EngineCalls[K]>> {
    const called = this.#last.then(async () => {
      await yieldToEventLoop();
      // What could not be opened need not be closed.
      if (call === 'close' && this.#engine === undefined) return undefined as ReturnType<EngineCalls[K]>;
      try {
        this.#engine ??= new SqliteEngine(this.#driver, this.#path);
        return callEngine(this.#engine, call, args) as ReturnType<EngineCalls[K]>;
      } catch (error) {
        throw errorOf(asFailure(error, call), Number(args[0]));
      }
    });
    this.#last = called.catch(() => undefined);
    return called;
  }

  async end(): Promise<void> {
    await this.#last;
  }
}
