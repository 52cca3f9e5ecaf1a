/*
 * What every command needs: the store that it is about, opened and closed, and the way to its output.
 */

import { existsSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import type { Command } from 'commander';
import { type Store, type StoreOptions, openStore, sqliteLog } from 'shardex/store';
import type { Metadata } from 'shardex';
import { Output } from './output.js';
import { CommandFailure, type Streams } from './streams.js';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly store?: string;
  readonly branch?: string;
  readonly driver?: string;
  readonly json?: boolean;
}

/** Adds commands to a program; each runs in a context. */
export type AddCommands = (program: Command, context: (store?: string) => Context) => void;

/** SQLite for those whose Node has none, where it is installed. */
const DRIVERS = ['@photostructure/sqlite', 'better-sqlite3'];

/** The context of one command. */
export class Context {
  readonly path: string;
  readonly branch: string;
  readonly streams: Streams;
  readonly output: Output;
  readonly #driver: string | undefined;

  constructor({ store, branch, driver, json = false }: GlobalOptions, streams: Streams) {
    this.path = store ?? streams.env.SHARDEX_STORE ?? 'shardex.db';
    this.branch = branch ?? 'main';
    this.streams = streams;
    this.output = new Output(streams.stdout, json);
    this.#driver = driver ?? installedDriver();
  }

  /** Opens the store, which has to be there, for as long as a piece of work takes. */
  async withStore<T>(
    work: (store: Store<Metadata>) => Promise<T>,
    options: StoreOptions<Metadata> = {},
  ): Promise<T> {
    if (!existsSync(this.path))
      throw new CommandFailure(
        'NO_STORE',
        `There is no store at ${this.path}. Make one: shardex init --dimensions 384; or name another one: --store FILE.`,
      );
    return this.opened(options, work);
  }

  /** The same with options, and where there is none yet. */
  async opened<T>(options: StoreOptions<Metadata>, work: (store: Store<Metadata>) => Promise<T>): Promise<T> {
    const driver = this.#driver;
    const log = sqliteLog(driver === undefined ? { path: this.path } : { path: this.path, driver });
    const store = await openStore(log, { ...options, branch: this.branch });
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }
}

function installedDriver(): string | undefined {
  if (isBuiltin('node:sqlite')) return undefined;
  const require = createRequire(`${process.cwd()}/`);
  return DRIVERS.find((name) => {
    try {
      require.resolve(name);
      return true;
    } catch {
      return false;
    }
  });
}
