import type { ShardexIndex } from 'shardex';
import { survivors } from '../garbage.js';
import type { Library } from '../library.js';
import { checkThat } from './check-that.js';

/** I8: superseded versions that nobody holds are collected, with the rows that only they used. */
export async function letsGoOfOldVersions(lib: Library): Promise<void> {
  const postings = Array.from({ length: 50 }, (_, i) => ({ documentId: `d${i}`, vector: [i] }));
  const cell = new lib.CowShardexIndex(lib.createIndex({ dimensions: 1, metric: 'euclidean' }, postings));
  const versions: WeakRef<ShardexIndex>[] = [];
  const blocks: WeakRef<object>[] = [];
  const replaceAll = (round: number): void => {
    versions.push(new WeakRef(cell.read()));
    for (const shard of cell.read().shards.values())
      for (const { block } of shard.rows.segments) blocks.push(new WeakRef(block));
    cell.update((draft) => {
      draft.addPostings(postings.map((posting) => ({ ...posting, vector: [round + 0.5] })));
    });
  };
  for (let round = 0; round < 10; round++) replaceAll(round);
  checkThat((await survivors(versions)) === 0, 'versions that nobody holds are collected');
  checkThat((await survivors(blocks)) === 0, 'and so are their rows');
  checkThat(cell.postingCount === 50, 'the current version is still there');
}
