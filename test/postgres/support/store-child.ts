/* A program that writes to a store in Postgres until it is killed, and says what was acknowledged, and by which version. */

import { writeSync } from 'node:fs';
import { Pool } from 'pg';
import { openStore } from 'shardex/store';
import { postgresLog } from 'shardex/postgres';
import { numbers, vectorFrom } from '../../store/support/versions.js';
import { connection } from './cluster.js';

const [port, namespace, name, most = 'Infinity'] = process.argv.slice(2);
const pool = new Pool({ ...connection(Number(port)), max: 4 });
const store = await openStore(postgresLog(pool, { namespace, pollMs: 20 }), {
  dimensions: 5,
  shardCapacity: 24,
});
writeSync(1, 'open\n');
for (let round = 0; round < Number(most); round++) {
  const documentId = `${name}-${round}`;
  const before = store.version;
  const { version } = await store.update(
    (draft) => {
      draft.addPosting({ documentId, vector: vectorFrom(numbers(round)) });
    },
    { token: documentId },
  );
  writeSync(1, `ack ${documentId} ${version} ${before}\n`);
  if (round % 10 === 9) await store.checkpoint();
}
await store.close();
await pool.end();
