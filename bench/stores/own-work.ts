// What a store does beside commits: many small ones to read again, a checkpoint after a small change, and compacting.
import { statistics } from '../../dist/index.js';
import { type CommitLog, openStore } from '../../dist/store/index.js';
import { logAt } from './engines.js';

/** Adds single commits to a store, which makes no checkpoint meanwhile, so that all of them are read when it is opened. */
export async function manyCommits(path: string, count: number): Promise<{ bytes: number }> {
  const inner = logAt(path);
  const log: CommitLog = new Proxy(inner, {
    get: (target, name) => {
      if (name === 'commitCheckpoint') return () => Promise.reject(new Error('No checkpoint is wanted.'));
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  const store = await openStore(log);
  const centroids = [...store.read().shards.values()].map(({ centroid }) => centroid.toArray());
  for (let i = 0; i < count; i += 64)
    await Promise.all(
      Array.from({ length: Math.min(64, count - i) }, (_, j) =>
        store.update((draft) => {
          const near = centroids[((i + j) * 7919) % centroids.length];
          const vector = near.map((component, d) => component + 0.05 * Math.sin(i + j + d));
          draft.addPosting({ documentId: `more ${i + j}`, vector });
        }),
      ),
    );
  const { entryBytes } = store.metrics();
  await store.close();
  return { bytes: entryBytes };
}

/** Replaces a hundredth of the postings, and makes a checkpoint: what it puts, beside all that it needs. */
export async function changedShare(path: string): Promise<{ put: number; whole: number }> {
  const store = await openStore(logAt(path));
  await store.checkpoint();
  const shards = [...store.read().shards.values()];
  const count = Math.round(store.read().postingCount / 100);
  await store.update((draft) => {
    for (let i = 0; i < count; i++) {
      const vector = shards[(i * 7919) % shards.length].centroid.toArray();
      vector[i % vector.length] += 0.1;
      draft.addPosting({ documentId: `share ${i}`, vector });
    }
  });
  const cost = await store.checkpoint();
  await store.close();
  if (cost === undefined) throw new Error('There was a checkpoint already.');
  return { put: cost.putBytes + cost.manifestBytes, whole: cost.totalBytes };
}

/** Compacts a store: how large it was, how large it is then, and what it holds. */
export async function small(
  path: string,
  sizeOf: () => number,
): Promise<{ before: number; after: number; held: number }> {
  const before = sizeOf();
  const store = await openStore(logAt(path));
  await store.compact();
  const index = store.read();
  const { documentCount, postingCount, recordByteLength } = statistics(index);
  let ids = 0;
  for (const { rows } of index.shards.values()) ids += rows.liveCount;
  // Vectors, keys and texts: an id takes some 10 bytes here.
  const held =
    4 * index.config.dimensions * postingCount + 8 * ids + 10 * documentCount + recordByteLength / 2;
  await store.close();
  return { before, after: sizeOf(), held };
}
