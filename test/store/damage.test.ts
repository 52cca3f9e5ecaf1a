/* Files that were cut or changed on their way: an error, or a prefix that ends where the damage is. */

import { copyFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ShardexError } from 'shardex';
import type { Head, LoggedEntry } from 'shardex/store';
import type { SqliteDriver } from '../../src/store/sqlite/driver.js';
import { newSqliteLog } from '../../src/store/sqlite/sqlite-log.js';
import { wrapped } from './support/broken-driver.js';
import { bytesOfVersion } from './support/log-contents.js';
import { sqliteDrivers, temporaryFolder } from './support/logs.js';

const folder = temporaryFolder();
const settings = new Uint8Array(Array.from({ length: 40 }, (_, i) => i + 1));
const noThread = (): Promise<never> => Promise.reject(new Error('unused'));
/** `STORE_BYTES=all` changes every byte of a file; else every byte of the entries, and some of the others. */
const EVERY = process.env.STORE_BYTES === 'all' ? 1 : 1009;
const PAGE = 65_536;
const FRAME = PAGE + 24;
const WAL_HEADER = 32;

const [[, driver]] = await sqliteDrivers();

/** Reads a log whole: its settings, and every entry. */
async function contentsOf(path: string, by: SqliteDriver = driver): Promise<readonly LoggedEntry[]> {
  const log = newSqliteLog(path, by, noThread);
  try {
    const opened = await log.open(settings);
    // Settings are read by the store, which checks them.
    if (Buffer.compare(opened.settings ?? new Uint8Array(), settings) !== 0)
      throw new ShardexError('LOG_CORRUPT', 'settings.');
    const entries: LoggedEntry[] = [];
    for await (const batch of log.read(0)) entries.push(...batch);
    return entries;
  } finally {
    await log.close();
  }
}

async function written(path: string, count: number): Promise<void> {
  const log = newSqliteLog(path, driver, noThread);
  await log.open(settings);
  let head: Head | undefined;
  for (let version = 1; version <= count; version++)
    head = (await log.append(head, [{ version, token: `t${version}`, bytes: bytesOfVersion(version) }])).head;
  await log.close();
}

function isPrefix(entries: readonly LoggedEntry[]): boolean {
  return entries.every(
    ({ version, token, bytes }, i) =>
      version === i + 1 && token === `t${version}` && Buffer.compare(bytes, bytesOfVersion(version)) === 0,
  );
}

describe('a file with one byte changed', () => {
  test('is refused, or gives all that was written', async () => {
    const whole = `${folder()}/whole.db`;
    await written(whole, 7);
    const bytes = readFileSync(whole);
    const places = new Set<number>();
    for (let at = 0; at < bytes.length; at += EVERY) places.add(at);
    for (let at = 0; at < 100; at++) places.add(at);
    // The newest entry is the one that could be lost unnoticed. Its token and checksum lie before its bytes.
    const newest = bytes.indexOf(bytesOfVersion(7));
    expect(newest).toBeGreaterThan(0);
    for (let i = -60; i < bytesOfVersion(7).length + 20; i++) places.add(newest + i);
    const silent: number[] = [];
    for (const at of places) {
      const copy = Buffer.from(bytes);
      copy[at] ^= 1 << (at % 8);
      const changed = `${folder()}/changed-${at}.db`;
      writeFileSync(changed, copy);
      try {
        const entries = await contentsOf(changed);
        if (entries.length !== 7 || !isPrefix(entries)) silent.push(at);
      } catch (error) {
        expect(error).toBeInstanceOf(ShardexError);
      }
      for (const end of ['', '-wal', '-shm']) rmSync(changed + end, { force: true });
    }
    expect(silent).toEqual([]);
  }, 600_000);

  test('inside of an entry is named by its version', async () => {
    const whole = `${folder()}/named.db`;
    await written(whole, 4);
    const bytes = readFileSync(whole);
    const at = bytes.indexOf(bytesOfVersion(3));
    for (const i of [0, 1, 100, bytesOfVersion(3).length - 1]) {
      const copy = Buffer.from(bytes);
      copy[at + i] ^= 16;
      const changed = `${folder()}/named-${i}.db`;
      writeFileSync(changed, copy);
      await expect(contentsOf(changed)).rejects.toMatchObject({ code: 'LOG_CORRUPT', version: 3 });
    }
  });
});

describe('a write-ahead log that was cut, as by a power cut', () => {
  test('at any frame or within one, leaves what was acknowledged by then', async () => {
    const path = `${folder()}/cut.db`;
    // A copy of the files as a power cut could leave them: the log is open, and nothing was moved into the file yet.
    const log = newSqliteLog(path, driver, noThread);
    await log.open(settings);
    const safeAt: number[] = [];
    let head: Head | undefined;
    for (let version = 1; version <= 12; version++) {
      head = (await log.append(head, [{ version, token: `t${version}`, bytes: bytesOfVersion(version) }]))
        .head;
      safeAt.push(statSync(`${path}-wal`).size);
    }
    const wal = readFileSync(`${path}-wal`);
    const frames = Math.floor((wal.length - WAL_HEADER) / FRAME);
    expect(frames).toBeGreaterThanOrEqual(12);
    const cuts = Array.from({ length: frames + 1 }, (_, f) => WAL_HEADER + f * FRAME);
    for (const at of cuts.flatMap((cut) => [cut - 1, cut, cut + 1, cut + 24, cut + 30_000])) {
      if (at < 0 || at > wal.length) continue;
      // Never one name twice: some drivers keep a file open until their statements are collected.
      const copy = `${folder()}/cut-${at}.db`;
      copyFileSync(path, copy);
      writeFileSync(`${copy}-wal`, wal.subarray(0, at));
      const entries = await contentsOf(copy);
      expect(isPrefix(entries)).toBe(true);
      expect(entries.length).toBe(safeAt.filter((size) => size <= at).length);
    }
    await log.close();
  }, 120_000);

  test('a driver that takes its entries apart would show', async () => {
    // The control: a group whose entries are committed one by one is not whole at every cut.
    const apart = wrapped(driver, (sql, run, db) => {
      const result = run();
      if (sql.startsWith('INSERT INTO entry')) db.exec('COMMIT; BEGIN IMMEDIATE');
      return result;
    });
    expect(await sizesAtCuts(apart, 'apart')).not.toEqual([0, 4, 8]);
    expect(await sizesAtCuts(driver, 'together')).toEqual([0, 4, 8]);
  });
});

/** How many entries there can be after a cut, where they were written in groups of four. */
async function sizesAtCuts(by: SqliteDriver, name: string): Promise<number[]> {
  const path = `${folder()}/${name}.db`;
  const log = newSqliteLog(path, by, noThread);
  await log.open(settings);
  let head: Head | undefined;
  for (let group = 0; group < 2; group++) {
    const entries = Array.from({ length: 4 }, (_, i) => {
      const version = 4 * group + i + 1;
      return { version, token: `t${version}`, bytes: bytesOfVersion(version) };
    });
    head = (await log.append(head, entries)).head;
  }
  const wal = readFileSync(`${path}-wal`);
  const sizes = new Set<number>();
  for (let at = WAL_HEADER; at <= wal.length; at += FRAME) {
    const copy = `${folder()}/${name}-${at}.db`;
    copyFileSync(path, copy);
    writeFileSync(`${copy}-wal`, wal.subarray(0, at));
    sizes.add((await contentsOf(copy)).length);
  }
  await log.close();
  return [...sizes].sort((a, b) => a - b);
}
