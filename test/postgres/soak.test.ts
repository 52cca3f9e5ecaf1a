/*
 * A writer and its followers over thousands of commits, with checkpoints and retention: what each has in memory stays what it
 * was, and so does the log. SHARDEX_SOAK says how many commits, for longer runs.
 */

import type { ChildProcess } from 'node:child_process';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from 'shardex/store';
import { postgresLog } from 'shardex/postgres';
import { programs, run } from '../store/support/children.js';
import { temporaryFolder } from '../store/support/logs.js';
import { type Cluster, connection, hasPostgres, rowCount, startCluster } from './support/cluster.js';

const COMMITS = Math.max(4000, Number(process.env.SHARDEX_SOAK ?? 0));
const OPTIONS = { dimensions: 5, shardCapacity: 40 } as const;
/** Commits between two checkpoints, and a group more. */
const EVERY = 250;
const GROUP = 16;
/** Where memory is compared: after the first thousands, as a store knows the tokens of the last thousand. */
const POINTS = [0.5, 0.625, 0.75, 0.875, 1].map((share) => Math.round(share * COMMITS));
/** Bytes by which a heap may grow, however many commits there are. */
const MOST_GROWN = 1 << 20;

const ROLES = ['writer', 'follower', 'careless'] as const;
type Role = (typeof ROLES)[number];

const folder = temporaryFolder();
const program = programs(folder, 'postgres/support/soak-child');

describe.skipIf(!hasPostgres)('thousands of commits', () => {
  let cluster: Cluster;
  let pool: Pool;

  beforeAll(async () => {
    cluster = await startCluster();
    pool = new Pool(connection(cluster.port));
  });
  afterAll(async () => {
    await pool.end();
    await cluster.stop();
  });

  test(
    'memory of a writer and a follower stays flat, and so does the log; whoever keeps each delta is found',
    async () => {
      // Whoever follows makes no store.
      const made = await openStore(postgresLog(pool, { namespace: 'soak' }), OPTIONS);
      await made.close();
      const heaps: Record<Role, number[]> = { writer: [], follower: [], careless: [] };
      const had: Record<Role, string[]> = { writer: [], follower: [], careless: [] };
      const rows: number[] = [];
      const checkpoints: number[] = [];
      let writer: ChildProcess | undefined;
      const heard = async (role: Role, line: string): Promise<void> => {
        const [, version, heap, hash] = line.split(' ');
        heaps[role].push(Number(heap));
        had[role].push(`${version} ${hash}`);
        if (ROLES.some((one) => heaps[one].length < heaps[role].length)) return;
        // All are there, and nothing goes on.
        rows.push(await rowCount(pool, 'entry'));
        checkpoints.push(await rowCount(pool, 'checkpoint'));
        writer?.stdin?.write('go\n');
      };
      await Promise.all(
        ROLES.map(async (role) => {
          const args = ['--expose-gc', program('postgres/support/soak-child')];
          const given = [String(cluster.port), 'soak', role, String(EVERY), ...POINTS.map(String)];
          const { code, errors } = await run(process.execPath, [...args, ...given], (line, child) => {
            if (role === 'writer') writer = child;
            void heard(role, line);
          });
          expect([role, errors, code]).toEqual([role, '', 0]);
        }),
      );
      expect(had.writer.map((one) => Number(one.split(' ')[0]))).toEqual(POINTS);
      expect(had.follower).toEqual(had.writer);
      expect(had.careless).toEqual(had.writer);
      // Back to the checkpoint before the last, as nothing else is asked for.
      expect(Math.max(...rows)).toBeLessThanOrEqual(2 * (EVERY + GROUP) + 1);
      expect(Math.max(...checkpoints)).toBeLessThanOrEqual(3);
      const grown = (role: Role): number => Math.max(...heaps[role]) - heaps[role][0];
      const all = JSON.stringify(heaps);
      expect(grown('writer'), all).toBeLessThan(MOST_GROWN);
      expect(grown('follower'), all).toBeLessThan(MOST_GROWN);
      expect(grown('careless'), all).toBeGreaterThan(MOST_GROWN);
    },
    60_000 + 20 * COMMITS,
  );
});
