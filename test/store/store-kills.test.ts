/* Processes that write to one store and are killed at any moment: nothing acknowledged is lost, and each sees the same. */

import { describe, expect, test } from 'vitest';
import { hasDocument, verify } from 'shardex';
import { openStore } from 'shardex/store';
import { newSqliteLog } from '../../src/store/sqlite/sqlite-log.js';
import { programs, run } from './support/children.js';
import { sqliteDrivers, temporaryFolder } from './support/logs.js';
import { wholeBytes } from './support/versions.js';

/** `npm run kill-matrix` has 50 rounds of each kind. */
const ROUNDS = Number(process.env.STORE_KILLS ?? 1);

const folder = temporaryFolder();
const program = programs(folder, 'store-child');

describe.each(await sqliteDrivers())('%s', (name, driver) => {
  test.each(['single', 'group', 'checkpoint'])(
    'two processes that write, one by one (%s), and are killed',
    async (mode) => {
      for (let round = 0; round < ROUNDS; round++) {
        const path = `${folder()}/${name.replace(/\W/g, '')}-${mode}-${round}.db`;
        const acknowledged: string[] = [];
        const child = async (who: string, lines: number): Promise<void> => {
          let heard = 0;
          const args = [program('store-child'), path, name === 'node:sqlite' ? 'own' : name, who, mode];
          const { signal, errors } = await run(process.execPath, args, (line, process) => {
            if (line.startsWith('ack ')) acknowledged.push(line.slice(4));
            if (++heard === lines) setTimeout(() => process.kill('SIGKILL'), (round * 7) % 11);
          });
          expect([signal, errors.replace(/.*(Experimental|trace-warnings).*\n?/g, '')]).toEqual([
            'SIGKILL',
            '',
          ]);
        };
        await Promise.all([child('a', 12 + round), child('b', 25 + 2 * round)]);
        expect(acknowledged.length).toBeGreaterThan(20);
        const open = (): ReturnType<typeof openStore> =>
          openStore(newSqliteLog(path, driver, () => Promise.reject(new Error('unused'))));
        const [store, twin] = [await open(), await open()];
        const index = store.read();
        expect(acknowledged.filter((documentId) => !hasDocument(index, documentId))).toEqual([]);
        expect([...verify(index)]).toEqual([]);
        expect(index.version).toBe(index.documentCount);
        expect(Buffer.compare(wholeBytes(index), wholeBytes(twin.read()))).toBe(0);
        await Promise.all([store.close(), twin.close()]);
      }
    },
    ROUNDS * 40_000,
  );
});
