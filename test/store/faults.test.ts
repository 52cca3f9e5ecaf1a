/* An engine that fails at any call, and a disk that is full: nothing acknowledged is lost, nothing is half there. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LogFailedError, LogFullError, type CommitLog, type Head } from 'shardex/store';
import { newSqliteLog } from '../../src/store/sqlite/sqlite-log.js';
import { rejectionOf } from '../support/thrown.js';
import { careless, failingAt, sqliteError, wrapped } from './support/broken-driver.js';
import { bytesOfVersion } from './support/log-contents.js';
import { sqliteDrivers, temporaryFolder } from './support/logs.js';

const folder = temporaryFolder();
const settings = new Uint8Array([1]);
const noThread = (): Promise<never> => Promise.reject(new Error('unused'));
const IO_ERROR = 10;
const FULL = 13;
const BUSY = 5;
let files = 0;

const path = (): string => `${folder()}/${++files}.db`;

function group(after: number, count: number): { version: number; token: string; bytes: Uint8Array }[] {
  return Array.from({ length: count }, (_, i) => {
    const version = after + i + 1;
    return { version, token: `t${version}`, bytes: bytesOfVersion(version) };
  });
}

/** The versions in a log, each checked for its contents. */
async function versionsIn(log: CommitLog): Promise<number> {
  await log.open(settings);
  let version = 0;
  for await (const batch of log.read(0))
    for (const { bytes } of batch) expect(bytes).toEqual(bytesOfVersion(++version));
  return version;
}

describe.each(await sqliteDrivers())('%s', (_, driver) => {
  // One each: a driver may keep a file open, and so its blocks, until its statements are collected.
  const mounted = mountSmallDisk();

  test('a file that others are making is tried again, though SQLite does not wait for them', async () => {
    let left = 3;
    const shy = wrapped(driver, (sql, run) => {
      if (sql === 'PRAGMA journal_mode = WAL' && left-- > 0) throw sqliteError(BUSY, 'database is locked');
      return run();
    });
    expect(await versionsIn(newSqliteLog(path(), shy, noThread))).toBe(0);
    expect(left).toBe(-1);
  });

  test.each([
    ['before', IO_ERROR],
    ['after', IO_ERROR],
    ['before', FULL],
  ] as const)(
    'whichever call fails %s it is done (code %i), a group is there as a whole or not',
    async (when, code) => {
      for (let n = 1, isDone = false; !isDone; n++) {
        const file = path();
        const broken = failingAt(driver, n, sqliteError(code, 'the disk is out of order'), when);
        const log = newSqliteLog(file, broken.driver, noThread);
        let head: Head | undefined;
        let failure: unknown;
        try {
          await log.open(settings);
          for (let i = 0; i < 3; i++) head = (await log.append(head, group(head?.version ?? 0, 2))).head;
        } catch (error) {
          failure = error;
        }
        isDone = broken.count() < n;
        const acknowledged = head?.version ?? 0;
        if (!isDone) expect(failure).toBeInstanceOf(code === FULL ? LogFullError : LogFailedError);
        await log.close();
        const there = await versionsIn(newSqliteLog(file, driver, noThread));
        const isUnknown = failure instanceof LogFailedError && failure.isUnknown;
        if (isUnknown) expect([acknowledged, acknowledged + 2]).toContain(there);
        else expect(there).toBe(acknowledged);
      }
    },
  );

  test('after a failure that was not the commit itself, the log goes on', async () => {
    const file = path();
    // Opening takes some calls; the first append takes the next ones.
    const counted = failingAt(driver, Infinity, new Error(), 'before');
    const first = newSqliteLog(file, counted.driver, noThread);
    await first.open(settings);
    const opening = counted.count();
    await first.close();
    const broken = failingAt(driver, opening + 3, sqliteError(FULL, 'full'), 'before');
    const log = newSqliteLog(path(), broken.driver, noThread);
    await log.open(settings);
    const error = await rejectionOf(log.append(undefined, group(0, 3)));
    expect(error).toMatchObject({ code: 'LOG_FULL', name: 'LogFullError' });
    expect((await log.append(undefined, group(0, 3))).head).toEqual({ version: 3, token: 't3' });
    await log.close();
  });

  test('a driver that does not keep what the promises rest on is refused', async () => {
    const log = newSqliteLog(path(), careless(driver, false), noThread);
    const error = await rejectionOf(log.open(settings));
    expect(error).toMatchObject({ code: 'LOG_FAILED', isUnknown: false });
    expect((error as Error).message).toContain('synchronous=2');
    await log.close();
  });

  test.skipIf(mounted === undefined)(
    'on a full disk, what was acknowledged stays, and room lets it go on',
    async () => {
      const small = `${mounted ?? ''}/${++files}.db`;
      const log = newSqliteLog(small, driver, noThread);
      await log.open(settings);
      let head: Head | undefined;
      let failure: unknown;
      const bytes = new Uint8Array(100_000).fill(3);
      while (failure === undefined) {
        const version: number = (head?.version ?? 0) + 1;
        try {
          head = (await log.append(head, [{ version, token: `t${version}`, bytes }])).head;
        } catch (error) {
          failure = error;
        }
      }
      expect(failure).toBeInstanceOf(LogFullError);
      expect(head?.version).toBeGreaterThan(5);
      expect(await log.head()).toEqual(head);
      // A smaller one still fits, or after a trim it does.
      await log
        .commitCheckpoint({ ...(head as Head), manifest: new Uint8Array(1), chunks: [] })
        .catch(() => false);
      await log.close();
      const again = newSqliteLog(small, driver, noThread);
      expect((await again.open(settings)).head).toEqual(head);
      let count = 0;
      for await (const batch of again.read(0)) {
        for (const entry of batch) expect(Buffer.compare(entry.bytes, bytes)).toBe(0);
        count += batch.length;
      }
      expect(count).toBe(head?.version);
      await again.close();
      for (const end of ['', '-wal', '-shm']) rmSync(small + end, { force: true });
    },
  );
});

/** A disk of 8 MB, where this process may mount one. */
function mountSmallDisk(): string | undefined {
  const at = `/tmp/shardex-small-disk-${process.pid}-${++files}`;
  try {
    mkdirSync(at, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', at], { stdio: 'ignore' });
    process.once('exit', () => {
      execFileSync('umount', ['-l', at]);
    });
    return at;
  } catch {
    return undefined;
  }
}
