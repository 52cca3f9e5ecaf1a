/*
 * The logs that the conformance suite runs over: each with a place that several logs can be opened on, as processes would.
 */

import 'fake-indexeddb/auto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { afterAll, beforeAll } from 'vitest';
import { newSqliteLog } from '../../../src/store/sqlite/sqlite-log.js';
import type { EngineThread } from '../../../src/store/sqlite/engine-host.js';
import type { SqliteDriver } from '../../../src/store/sqlite/driver.js';
import { indexedDbLog } from 'shardex/indexeddb';
import { type CommitLog, memoryLog } from 'shardex/store';
import { postgresKinds } from '../../postgres/support/kinds.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A kind of log: makes places, each of which can be opened again and again. */
export interface LogKind {
  readonly name: string;
  /** A new place; what it returns opens a log there. */
  readonly place: () => () => CommitLog;
}

/** A folder for the files of a test file, which goes when its tests have run. */
export function temporaryFolder(): () => string {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'shardex-store-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return () => folder;
}

/** The classes of SQLite that there are here: that of Node 20 comes from a package. */
export async function sqliteDrivers(): Promise<readonly (readonly [string, SqliteDriver])[]> {
  const photostructure = (await import('@photostructure/sqlite')) as unknown as {
    readonly DatabaseSync: SqliteDriver;
  };
  const drivers: [string, SqliteDriver][] = [['@photostructure/sqlite', photostructure.DatabaseSync]];
  const own = await ownSqlite();
  if (own !== undefined) drivers.push(['node:sqlite', own]);
  return drivers;
}

async function ownSqlite(): Promise<SqliteDriver | undefined> {
  const name = 'node:sqlite';
  try {
    return ((await import(name)) as { readonly DatabaseSync: SqliteDriver }).DatabaseSync;
  } catch {
    return undefined;
  }
}

/** Builds the script of an engine's thread, and starts such threads. */
export function engineThreads(folder: () => string): () => Promise<EngineThread> {
  beforeAll(async () => {
    await build({
      absWorkingDir: root,
      entryPoints: ['src/store/sqlite/sqlite-worker.ts'],
      outfile: join(folder(), 'sqlite-worker.mjs'),
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'es2022',
      logLevel: 'warning',
    });
    writeFileSync(join(folder(), 'package.json'), '{ "type": "module" }');
  });
  return () =>
    Promise.resolve(
      new Worker(pathToFileURL(join(folder(), 'sqlite-worker.mjs')), { execArgv: [] }) as EngineThread,
    );
}

/** All kinds of logs that can run here. */
export async function logKinds(folder: () => string): Promise<readonly LogKind[]> {
  const startThread = engineThreads(folder);
  let files = 0;
  const file = (): string => join(folder(), `log-${++files}.db`);
  const kinds: LogKind[] = [
    {
      name: 'memory',
      place: () => {
        const first = memoryLog();
        return () => memoryLog(first);
      },
    },
    {
      name: 'IndexedDB',
      place: () => {
        const name = `log ${++files}`;
        return () => indexedDbLog(name);
      },
    },
  ];
  for (const [name, driver] of await sqliteDrivers()) {
    const threaded = name === 'node:sqlite' ? undefined : name;
    for (const [where, given] of [
      ['here', driver],
      ['in a thread', threaded],
    ] as const)
      kinds.push({
        name: `${name}, ${where}`,
        place: () => {
          const path = file();
          return () => newSqliteLog(path, given, startThread);
        },
      });
  }
  kinds.push(...(await postgresKinds()));
  return kinds;
}
