/*
 * SQLite drivers, and the part of them that is used: the same in `node:sqlite`, `@photostructure/sqlite`, better-sqlite3
 * and Bun's. Typed here, since the library compiles without Node's types and without any driver.
 */

import { show } from '../../checks/show.js';
import { fieldOf, thrownText } from '../../checks/given.js';
import { nodeModule } from '../../host/node-module.js';
import { DriverMissing } from './failure.js';

/** What SQL takes and gives, as the log uses it. */
export type SqlValue = string | number | Uint8Array | null;

/** A prepared statement. */
export interface SqliteStatement {
  /** Runs it; how many rows it changed. */
  run(...values: SqlValue[]): {
    /** The number of rows. */
    readonly changes: number | bigint;
  };
  /** Runs it; the first row, or nothing. */
  get(...values: SqlValue[]): unknown;
  /** Runs it; all rows. */
  all(...values: SqlValue[]): unknown[];
}

/** An open database. */
export interface SqliteDatabase {
  /** Runs statements without results. */
  exec(sql: string): unknown;
  /** Prepares a statement. */
  prepare(sql: string): SqliteStatement;
  /** Closes the database. */
  close(): unknown;
}

/** The class of a driver: `DatabaseSync` of `node:sqlite`, `Database` of better-sqlite3. */
export type SqliteDriver = new (path: string) => SqliteDatabase;

/**
 * Loads a driver by the name or address of its module; without one, Node's own.
 *
 * @throws {@link DriverMissing}
 */
export async function loadDriver(module: string | undefined): Promise<SqliteDriver> {
  const loaded = module === undefined ? await ownSqlite() : await imported(module);
  const driver = driverIn(loaded);
  if (driver !== undefined) return driver;
  throw new DriverMissing(
    `${module ?? 'node:sqlite'} has no class for databases: it should export DatabaseSync or Database, but has ${show(Object.keys(loaded as object).join(', '))}.`,
  );
}

async function ownSqlite(): Promise<unknown> {
  try {
    const loaded = await nodeModule('sqlite');
    if (loaded !== undefined) return loaded;
  } catch {
    // Said below.
  }
  throw new DriverMissing(
    "This runtime has no node:sqlite; Node has it from 22.13 on. Either run a newer Node, or install a driver and name it: npm install @photostructure/sqlite, and sqliteLog({ path, driver: '@photostructure/sqlite' }).",
  );
}

/** Imports a module as this file would find it or, failing that, as the program's folder would. */
async function imported(module: string): Promise<unknown> {
  try {
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ module)) as unknown;
  } catch (error) {
    try {
      const path = fromProgram(await nodeModule('module'), module);
      return (await import(/* @vite-ignore */ /* webpackIgnore: true */ path)) as unknown;
    } catch {
      throw new DriverMissing(
        `The SQLite driver ${show(module)} could not be loaded: ${thrownText(error)} Install it (npm install ${module}), or leave \`driver\` out to use node:sqlite, which Node has from 22.13 on.`,
      );
    }
  }
}

interface NodeModules {
  readonly createRequire: (from: string) => { readonly resolve: (name: string) => string };
}

function fromProgram(node: unknown, name: string): string {
  const { process } = globalThis as unknown as { readonly process: { readonly cwd: () => string } };
  return (node as NodeModules).createRequire(`${process.cwd()}/`).resolve(name);
}

function driverIn(loaded: unknown): SqliteDriver | undefined {
  const inner = fieldOf(loaded, 'default');
  for (const found of [
    fieldOf(loaded, 'DatabaseSync'),
    fieldOf(inner, 'DatabaseSync'),
    fieldOf(loaded, 'Database'),
    inner,
  ])
    if (typeof found === 'function') return found as SqliteDriver;
  return undefined;
}
