/*
 * A log in an SQLite file: the default of a store. It checks what it is given, hands it to the engine, and knows when it is
 * closed; `engine.ts` has the SQL.
 */

import { onAbort } from '../../checks/abort.js';
import { takeOptions } from '../../checks/given.js';
import { show } from '../../checks/show.js';
import { requireFunction, requireName } from '../../config.js';
import { InvalidOptionError } from '../../errors.js';
import { quietTimeout } from '../../host/quiet-timeout.js';
import { checkedLog, inBatches } from '../log/checked-log.js';
import {
  type Appended,
  type BranchSummary,
  type Checkpoint,
  type CommitLog,
  type Entry,
  type EntrySummary,
  type Forked,
  type Head,
  type LoggedEntry,
  MAIN,
  type OpenedLog,
  type ReadOptions,
} from '../log/commit-log.js';
import type { SqliteDriver } from './driver.js';
import { type EngineHost, type EngineThread, LocalHost, ThreadHost, newEngineThread } from './engine-host.js';

/** How often to look for what other processes wrote, in milliseconds, while somebody waits for it. */
const POLL_MS = 10;

/** Options of {@link sqliteLog}. */
export interface SqliteLogOptions {
  /** The file, on a local disk; made where there is none. Beside it lie `-wal` and `-shm` while it is open. */
  readonly path: string;
  /**
   * What to open it with: the name or address of a module, which a thread of the log's own loads; or a class, as
   * `DatabaseSync` and better-sqlite3's `Database`, which runs in this thread and holds it up while the disk writes.
   * Default: `node:sqlite`, which Node has from 22.13 on.
   */
  readonly driver?: string | SqliteDriver;
}

/**
 * Makes a log in an SQLite file. What it acknowledges is on the disk: WAL, `synchronous=FULL`, one fsync for each group of
 * commits. Several processes of one machine may open one file. It opens the file when it is first used.
 *
 * Better-sqlite3 (from 13 on), `@photostructure/sqlite` (also on Node 20) and Bun's `bun:sqlite` are drivers.
 *
 * @throws {@link InvalidOptionError}
 */
export function sqliteLog(options: SqliteLogOptions): CommitLog {
  const { path, driver } = takeOptions(options, ['path', 'driver']);
  return newSqliteLog(path, driver, newEngineThread);
}

/** The same with another way to start the thread, for tests. */
export function newSqliteLog(
  path: string,
  driver: string | SqliteDriver | undefined,
  startThread: () => Promise<EngineThread>,
): CommitLog {
  requireName('path', path);
  if (path === ':memory:' || path.startsWith('file:'))
    throw new InvalidOptionError(
      'path',
      `path must be that of a file, not ${show(path)}. In memory: memoryLog().`,
    );
  if (typeof driver === 'object')
    throw new InvalidOptionError(
      'driver',
      `driver must be a class or the name of a module, not ${show(driver)}.`,
    );
  if (typeof driver === 'function') {
    requireFunction('driver', driver);
    return checkedLog(new SqliteLog(path, MAIN, () => Promise.resolve(new LocalHost(driver, path))));
  }
  if (driver !== undefined) requireName('driver', driver);
  return checkedLog(new SqliteLog(path, MAIN, async () => new ThreadHost(await startThread(), path, driver)));
}

class SqliteLog implements CommitLog {
  readonly name: string;
  readonly branchName: string;
  readonly #start: () => Promise<EngineHost>;
  #host: Promise<EngineHost> | undefined;
  #isClosing = false;

  constructor(path: string, branch: string, start: () => Promise<EngineHost>) {
    this.name = path;
    this.branchName = branch;
    this.#start = start;
  }

  async open(settings?: Uint8Array): Promise<OpenedLog> {
    return (await this.#opened()).call('open', settings, this.branchName);
  }

  async head(): Promise<Head | undefined> {
    return (await this.#opened()).call('head');
  }

  async append(parent: Head | undefined, entries: readonly Entry[]): Promise<Appended> {
    return (await this.#opened()).call('append', parent, entries);
  }

  read(after: number, options?: ReadOptions): AsyncIterable<readonly LoggedEntry[]> {
    return inBatches(after, options, async (from, maxBytes) =>
      (await this.#opened()).call('readBatch', from, maxBytes),
    );
  }

  async entries(before: number, limit: number): Promise<readonly EntrySummary[]> {
    return (await this.#opened()).call('entries', before, limit);
  }

  async changed(after: number, signal: AbortSignal): Promise<void> {
    const host = await this.#opened();
    let seen: number | undefined;
    while (!signal.aborted && !this.#isClosing) {
      const now = await host.call('dataVersion');
      if (now !== seen) {
        seen = now;
        const head = await host.call('head');
        if ((head?.version ?? 0) > after) return;
      }
      await pause(POLL_MS, signal);
    }
  }

  async putChunk(key: string, bytes: Uint8Array): Promise<void> {
    await (await this.#opened()).call('putChunk', key, bytes);
  }

  async chunk(key: string): Promise<Uint8Array> {
    return (await this.#opened()).call('chunk', key);
  }

  async commitCheckpoint(checkpoint: Checkpoint): Promise<boolean> {
    return (await this.#opened()).call('commitCheckpoint', checkpoint);
  }

  async latestCheckpoint(atMost: number): Promise<Checkpoint | undefined> {
    return (await this.#opened()).call('latestCheckpoint', atMost);
  }

  async checkpoints(): Promise<readonly Head[]> {
    return (await this.#opened()).call('checkpoints');
  }

  async trim(before: number, keep: readonly number[]): Promise<void> {
    const host = await this.#opened();
    while (await host.call('trimSome', before, keep));
  }

  branch(name: string): CommitLog {
    return new SqliteLog(this.name, name, this.#start);
  }

  async branches(): Promise<readonly BranchSummary[]> {
    return (await this.#opened()).call('branches');
  }

  async fork(name: string, at: Head | undefined): Promise<Forked> {
    return (await this.#opened()).call('fork', name, at);
  }

  async dropBranch(name: string): Promise<boolean> {
    const host = await this.#opened();
    const isDropped = await host.call('dropBranch', name);
    // What a crash leaves of it goes with the next one.
    while (await host.call('sweepSome'));
    return isDropped;
  }

  async compact(): Promise<void> {
    const host = await this.#opened();
    while (await host.call('compactSome'));
  }

  async notes(): Promise<ReadonlyMap<string, Uint8Array>> {
    return (await this.#opened()).call('notes');
  }

  async putNote(name: string, bytes: Uint8Array | undefined): Promise<void> {
    await (await this.#opened()).call('putNote', name, bytes);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    const host = await this.#host;
    try {
      await host?.call('close');
    } finally {
      await host?.end();
    }
  }

  #opened(): Promise<EngineHost> {
    return (this.#host ??= this.#start());
  }
}

/** Waits, at most until the signal aborts; keeps no process alive. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stay = onAbort(signal, () => {
      clearTimeout(timer);
      resolve();
    });
    const timer = quietTimeout(() => {
      stay();
      resolve();
    }, ms);
  });
}
