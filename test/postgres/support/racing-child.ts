// A program that commits to a store in Postgres in a tight loop, and says of each commit how many races it lost.

import { Pool } from 'pg';
import { type CommitLog, type Head, openStore } from 'shardex/store';
import { postgresLog } from 'shardex/postgres';
import { numbers, vectorFrom } from '../../store/support/versions.js';
import { connection } from './cluster.js';

const [port, namespace, name, count, turns] = process.argv.slice(2);
const pool = new Pool({ ...connection(Number(port)), max: 2 });
const inner = postgresLog(pool, { namespace, listen: false });

let lost = 0;

/** The log, with its appends watched. */
function watched(log: CommitLog): CommitLog {
  return new Proxy(log, {
    get: (target, property) => {
      if (property === 'append')
        return async (parent: Head | undefined, entries: never) => {
          const answer = await target.append(parent, entries);
          if (answer.head === undefined) lost++;
          return answer;
        };
      if (property === 'inTurn')
        return turns === 'with turns'
          ? (work: (log: CommitLog) => Promise<unknown>) => target.inTurn?.((turn) => work(watched(turn)))
          : undefined;
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

const store = await openStore(watched(inner), { dimensions: 5, shardCapacity: 24 });
process.stdout.write('open\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
process.stdin.destroy();
for (let round = 0; round < Number(count); round++) {
  lost = 0;
  await store.update((draft) => {
    draft.addPosting({ documentId: `${name}-${round}`, vector: vectorFrom(numbers(round)) });
  });
  process.stdout.write(`commit ${lost}\n`);
}
await store.close();
await pool.end();
