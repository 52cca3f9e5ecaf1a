/* kill -9 in the middle of everything a log does. It says nothing about power cuts: `fsyncs.test.ts` and `wal.test.ts` do. */

import { describe, expect, test } from 'vitest';
import type { CommitLog } from 'shardex/store';
import { newSqliteLog } from '../../src/store/sqlite/sqlite-log.js';
import { programs, run } from './support/children.js';
import { bytesOfVersion } from './support/log-contents.js';
import { sqliteDrivers, temporaryFolder } from './support/logs.js';

/** `npm run kill-matrix` has 50 rounds of each kind. */
const ROUNDS = Number(process.env.STORE_KILLS ?? 2);

const folder = temporaryFolder();
const program = programs(folder, 'log-child');
const drivers = await sqliteDrivers();

/** The last version in a log, each after another one looked at. */
async function versionsIn(log: CommitLog, from = 0): Promise<number> {
  let version = from;
  for await (const batch of log.read(from)) {
    for (const entry of batch) {
      version++;
      expect([entry.version, entry.token]).toEqual([version, `t${version}`]);
      expect(entry.bytes).toEqual(bytesOfVersion(version));
    }
  }
  return version;
}

describe.each(drivers)('%s', (name, driver) => {
  test.each(['append', 'group', 'checkpoint', 'trim', 'fork', 'close'])(
    'killed during %s, it loses nothing that was acknowledged',
    async (mode) => {
      let acknowledged = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const path = `${folder()}/${name.replace(/\W/g, '')}-${mode}-${round}.db`;
        let acked = 0;
        let checkpoint = 0;
        const branches = new Map<string, number>();
        const dropping = new Set<string>();
        let lines = 0;
        const after = 3 + ((round * 7) % 23);
        const { signal, errors } = await run(
          process.execPath,
          [program('log-child'), path, name === 'node:sqlite' ? 'own' : name, mode],
          (line, child) => {
            const [what, version, at] = line.split(' ');
            if (what === 'ack') acked = Number(version);
            if (what === 'checkpoint') checkpoint = Number(version);
            if (what === 'fork') branches.set(`b${version}`, Number(at));
            // The next one to be dropped may be gone, though that was not acknowledged.
            if (what === 'fork' && Number(version) % 5 === 4) dropping.add(`b${Number(version) - 2}`);
            if (++lines === after) setTimeout(() => child.kill('SIGKILL'), (round * 3) % 5);
          },
        );
        expect([signal, errors.replace(/.*(Experimental|trace-warnings).*\n?/g, '')]).toEqual([
          'SIGKILL',
          '',
        ]);
        const log = newSqliteLog(path, driver, () => Promise.reject(new Error('unused')));
        const { head } = await log.open(new Uint8Array([1]));
        expect(head?.version ?? 0).toBeGreaterThanOrEqual(acked);
        const latest = await log.latestCheckpoint();
        expect(latest?.version ?? 0).toBeGreaterThanOrEqual(checkpoint);
        if (latest !== undefined) {
          expect(latest.manifest).toEqual(bytesOfVersion(latest.version));
          for (const key of latest.chunks)
            expect(await log.chunk(key)).toEqual(bytesOfVersion(latest.version));
        }
        const from = mode === 'trim' ? Math.max(0, (latest?.version ?? 0) - 1) : 0;
        expect(await versionsIn(log, from)).toBe(head?.version ?? 0);
        const there = await log.branches();
        for (const [name, start] of branches) {
          const found = there.find((branch) => branch.name === name);
          if (found === undefined) {
            expect(dropping, name).toContain(name);
            continue;
          }
          expect(found.start).toEqual({ version: start, token: `t${start}` });
          const branch = log.branch(name);
          await branch.open();
          expect(await versionsIn(branch)).toBe(start);
          await branch.close();
        }
        await log.close();
        acknowledged += acked;
      }
      expect(acknowledged).toBeGreaterThan(0);
    },
    ROUNDS * 20_000,
  );
});
