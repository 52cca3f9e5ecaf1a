import { openStore } from 'shardex/store';
import { useStore } from './use-store.mjs';

async function use() {
  const { code } = await openStore('./notes.db', { dimensions: 2 }).catch((thrown) => thrown);
  if (code !== 'NO_SQLITE') throw new Error(`a path gives ${code}`);
  return useStore();
}

use()
  .catch((error) => ({ error: String(error?.stack ?? error) }))
  .then((seen) => console.log(JSON.stringify(seen)));
