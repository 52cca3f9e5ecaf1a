/* A program that writes to a store until it is killed, and says what was acknowledged; several may run on one file. */

import { writeSync } from 'node:fs';
import { openStore, sqliteLog } from 'shardex/store';
import { numbers, vectorFrom } from './versions.js';

const [path, driver, name, mode] = process.argv.slice(2);
const store = await openStore(driver === 'own' ? path : sqliteLog({ path, driver }), {
  dimensions: 5,
  shardCapacity: 24,
});
writeSync(1, 'open\n');
const add = async (documentId: string, seed: number): Promise<void> => {
  await store.update((draft) => {
    draft.addPosting({ documentId, vector: vectorFrom(numbers(seed)) });
  });
  writeSync(1, `ack ${documentId}\n`);
};
for (let round = 0; ; round++) {
  const size = mode === 'group' ? 10 : 1;
  await Promise.all(
    Array.from({ length: size }, (_, i) => add(`${name}-${round * size + i}`, round * size + i)),
  );
  if (mode === 'checkpoint' && round % 3 === 0) await store.checkpoint();
}
