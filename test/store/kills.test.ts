/* kill -9 in the middle of everything a log does. It says nothing about power cuts: `fsyncs.test.ts` and `wal.test.ts` do. */

import { describe, expect, test } from 'vitest';
import { newSqliteLog } from '../../src/store/sqlite/sqlite-log.js';
import { programs, run } from './support/children.js';
import { bytesOfVersion } from './support/log-contents.js';
import { sqliteDrivers, temporaryFolder } from './support/logs.js';

/** `STORE_KILLS=50` for as many rounds of each kind. */
const ROUNDS = Number(process.env.STORE_KILLS ?? 2);

const folder = temporaryFolder();
const program = programs(folder, 'log-child');
const drivers = await sqliteDrivers();

describe.each(drivers)('%s', (name, driver) => {
  test.each(['append', 'group', 'checkpoint', 'trim', 'close'])(
    'killed during %s, it loses nothing that was acknowledged',
    async (mode) => {
      let acknowledged = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const path = `${folder()}/${name.replace(/\W/g, '')}-${mode}-${round}.db`;
        let acked = 0;
        let checkpoint = 0;
        let lines = 0;
        const after = 3 + ((round * 7) % 23);
        const { signal, errors } = await run(
          process.execPath,
          [program('log-child'), path, name === 'node:sqlite' ? 'own' : name, mode],
          (line, child) => {
            const [what, version] = line.split(' ');
            if (what === 'ack') acked = Number(version);
            if (what === 'checkpoint') checkpoint = Number(version);
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
        let version = mode === 'trim' ? Math.max(0, (latest?.version ?? 0) - 1) : 0;
        for await (const batch of log.read(version)) {
          for (const entry of batch) {
            version++;
            expect([entry.version, entry.token]).toEqual([version, `t${version}`]);
            expect(entry.bytes).toEqual(bytesOfVersion(version));
          }
        }
        expect(version).toBe(head?.version ?? 0);
        await log.close();
        acknowledged += acked;
      }
      expect(acknowledged).toBeGreaterThan(0);
    },
    ROUNDS * 20_000,
  );
});
