import type { ShardexIndex } from 'shardex';
import type { Library } from '../library.js';
import { blocksOf, shardDelta } from '../sharing.js';
import { checkThat } from './check-that.js';

/**
 * I4: between two versions the shards that hold the same postings are the same objects, and all that an append in
 * place adds is a row behind a block that both share.
 */
export function sharesTheRest(lib: Library): void {
  const postings = Array.from({ length: 400 }, (_, i) => ({
    documentId: `d${i}`,
    vector: [Math.floor(i / 20), i % 20],
  }));
  const config = { dimensions: 2, metric: 'euclidean', shardCapacity: 16, reassign: 0 } as const;
  const base = lib.createIndex(config, postings);
  checkThat(base.shardCount > 25, 'there are many shards');

  const once = lib.update(base, (draft) => {
    draft.addPosting({ documentId: 'new', vector: [0, 0] });
  });
  checkSharedBut(1, base, once);
  const removed = lib.update(once, (draft) => {
    draft.removeDocument('d399');
  });
  checkSharedBut(1, once, removed);
  checkThat(
    [...blocksOf(removed)].every((block) => blocksOf(once).has(block)),
    'a removal copies no rows',
  );
  const twice = lib.update(once, (draft) => {
    draft.addPosting({ documentId: 'new', start: 1, vector: [0, 0] });
  });
  checkSharedBut(1, once, twice);
  checkThat(
    [...blocksOf(twice)].every((block) => blocksOf(once).has(block)),
    'an append copies no rows',
  );
}

function checkSharedBut(touched: number, before: ShardexIndex, after: ShardexIndex): void {
  const { shared, copied, added, gone } = shardDelta(before, after);
  checkThat(added.length === 0 && gone.length === 0, 'no shard came or went');
  checkThat(copied.length === touched, `${touched} shards were copied, not ${copied.length}`);
  checkThat(shared.length === before.shardCount - touched, 'all other shards are the same objects');
  const chunks = new Set(before.centroids.chunks);
  checkThat(
    after.centroids.chunks.every((chunk) => chunks.has(chunk)),
    'the centroid table is shared',
  );
}
