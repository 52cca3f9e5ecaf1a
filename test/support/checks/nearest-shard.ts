import type { Library } from '../library.js';
import { dyadicVector, seeded } from '../random.js';
import { checkThat } from './check-that.js';

/** I6: in strict mode every posting is in its nearest shard after each of many splits. */
export function keepsPostingsNearest(lib: Library): void {
  const random = seeded(7);
  const config = { dimensions: 2, metric: 'euclidean', shardCapacity: 8, reassign: 'strict' } as const;
  let version = lib.createIndex(config);
  for (let step = 0; step < 40; step++) {
    version = lib.update(version, (draft) => {
      for (let i = 0; i < 5; i++)
        draft.addPosting({ documentId: `${step}:${i}`, vector: dyadicVector(random, 2, 4) });
    });
    const { length, misplacedShare, placementChecked } = lib.verify(version);
    checkThat(placementChecked === version.postingCount, 'the checker looked at every posting');
    checkThat(length === 0 && misplacedShare === 0, 'every posting is in its nearest shard');
  }
  checkThat(version.shardCount > 20, 'there were splits');
}
