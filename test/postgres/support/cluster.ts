/*
 * A Postgres for tests: a cluster of its own in a temporary folder, on loopback, run by a user without rights; and pgbouncer
 * in front of it. Where the programs are not installed, there is none.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';

/** Finds a program of Postgres, in its own folder or in the path. */
function found(name: string): string | undefined {
  const debian = '/usr/lib/postgresql';
  const folders = existsSync(debian)
    ? readdirSync(debian).map((version) => join(debian, version, 'bin'))
    : [];
  const path = (process.env.PATH ?? '').split(':');
  return [...folders, ...path, '/usr/sbin']
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
}

/** Whether there is a Postgres here. */
export const hasPostgres = found('postgres') !== undefined && found('initdb') !== undefined;
/** Whether there is a pgbouncer here. */
export const hasPgbouncer = found('pgbouncer') !== undefined;

/** Postgres refuses to run as root. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const as = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

/** A program that runs. */
export interface Running {
  readonly port: number;
  /** Ends it at once, and removes its files. */
  readonly stop: () => Promise<void>;
}

/** A cluster that runs. */
export interface Cluster extends Running {
  /** Where its files are. */
  readonly folder: string;
  /** Ends it as a power cut would end it; `start` goes on from its files. */
  readonly crash: () => Promise<void>;
  readonly start: () => Promise<void>;
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** How to connect to it with `pg`. */
export function connection(port: number): {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
} {
  return { host: '127.0.0.1', port, user: 'shardex', database: 'postgres' };
}

/** Starts a cluster, without syncs unless `isDurable`. */
export async function startCluster(isDurable = false): Promise<Cluster> {
  const [initdb, postgres] = [found('initdb') ?? '', found('postgres') ?? ''];
  const folder = ownFolder('shardex-postgres-');
  const data = join(folder, 'data');
  const made = spawnSync(initdb, ['-D', data, '-U', 'shardex', '-A', 'trust', '-E', 'UTF8', '--no-sync'], as);
  if (made.status !== 0) throw new Error(`initdb failed: ${String(made.stderr)}`);
  const port = await freePort();
  const settings = [
    ...['listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories='],
    ...(isDurable ? [] : ['fsync=off']),
    ...['max_connections=200', 'shared_buffers=64MB', 'log_min_messages=panic'],
  ].flatMap((setting) => ['-c', setting]);
  let child: ChildProcess;
  const start = async (): Promise<void> => {
    child = started(postgres, ['-D', data, ...settings]);
    await answering(port, child);
  };
  const crash = (): Promise<void> => ended(child, 'SIGQUIT');
  await start();
  return {
    folder,
    port,
    start,
    crash,
    stop: async () => {
      await crash();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Starts pgbouncer in transaction mode, in front of a cluster. */
export async function startPgbouncer(cluster: Cluster): Promise<Running> {
  const folder = ownFolder('shardex-pgbouncer-');
  const port = await freePort();
  writeFileSync(join(folder, 'users.txt'), '"shardex" ""\n');
  writeFileSync(
    join(folder, 'pgbouncer.ini'),
    `[databases]
* = host=127.0.0.1 port=${cluster.port} user=shardex
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
auth_file = ${join(folder, 'users.txt')}
pool_mode = transaction
default_pool_size = 4
ignore_startup_parameters = extra_float_digits
`,
  );
  const child = started(found('pgbouncer') ?? '', ['-q', join(folder, 'pgbouncer.ini')]);
  await answering(port, child);
  return {
    port,
    stop: async () => {
      await ended(child, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function ownFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  if (isRoot) chownSync(folder, NOBODY, NOBODY);
  return folder;
}

function started(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { ...as, stdio: ['ignore', 'ignore', 'inherit'], cwd: tmpdir() });
  // What starts it may end before it is stopped, also by a signal that nobody hears: then this line to it breaks.
  const watch = spawn('sh', ['-c', `read line; kill -QUIT ${child.pid}`], {
    ...as,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watch.unref();
  const end = (): void => void child.kill('SIGQUIT');
  process.once('exit', end);
  child.once('exit', () => {
    process.removeListener('exit', end);
    watch.kill('SIGKILL');
  });
  return child;
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => {
      resolve();
    });
    child.kill(signal);
  });
}

/** Waits until somebody listens, and Postgres is through with what it does first. */
async function answering(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode} instead of listening.`);
    if (await answers(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('Nobody listens.');
}

/** Whether a connection is asked for its password, or let in: the first byte of the answer is `R`. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('error', () => {
      done(false);
    });
    socket.on('close', () => {
      done(false);
    });
    socket.on('connect', () => {
      const text = Buffer.from('\0\x03\0\0user\0shardex\0database\0postgres\0\0', 'latin1');
      const length = Buffer.alloc(4);
      length.writeUInt32BE(text.length + 4);
      socket.write(Buffer.concat([length, text]));
    });
    socket.on('data', (bytes) => {
      done(bytes[0] === 0x52);
    });
  });
}

/** How many rows a table of the logs has. */
export async function rowCount(pool: Pool, table: string): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM shardex.${table}`);
  return rows[0].n;
}
