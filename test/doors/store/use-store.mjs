// A store in IndexedDB, wherever that is: written, closed, opened again.
import { indexedDbLog } from 'shardex/indexeddb';
import { ShardexError, search } from 'shardex';
import { LogClosedError, openStore } from 'shardex/store';

const COUNT = 120;

/** Document i, in a direction of its own. */
function vector(i) {
  return [Math.cos((2 * Math.PI * i) / COUNT), Math.sin((2 * Math.PI * i) / COUNT)];
}

/** @returns what was seen of it; rejects where the store does not do what it should */
export async function useStore() {
  const log = indexedDbLog('notes');
  const store = await openStore(log, { dimensions: 2 });
  const adding = Array.from({ length: COUNT }, (_, i) =>
    store.update((draft) => {
      draft.addPosting({ documentId: `document ${i}`, vector: vector(i) });
    }),
  );
  await Promise.all(adding);
  await store.checkpoint();
  await store.close();
  // The classes of errors must be those of the library, from whichever file they came.
  const error = await log.head().catch((thrown) => thrown);
  if (!(error instanceof LogClosedError && error instanceof ShardexError)) throw error;
  const again = await openStore(indexedDbLog('notes'));
  if (again.version !== COUNT) throw new Error(`version ${again.version}`);
  for (let i = 0; i < COUNT; i++) {
    const [hit] = search(again.read(), vector(i), { k: 1, slopFactor: 'all' });
    if (hit?.documentId !== `document ${i}`) throw new Error(`${hit?.documentId}, not document ${i}`);
  }
  await again.close();
  return { compared: COUNT, sharesMemory: globalThis.crossOriginIsolated ?? false };
}
