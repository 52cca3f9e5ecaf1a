// Commits of Shardex that can be timed again and again.
import { CowShardexIndex, type ShardexIndex } from '../dist/index.js';
import type { Way } from './stopwatch.js';
import { aPosting } from './synthetic.js';

/** Commits of Shardex itself, each of which can be repeated as it is. */
export function ownCommits(index: ShardexIndex): { remove: Way; addAndRemove: Way } {
  const { documentId, vector } = aPosting(index);
  const posting = { documentId: 'one more', vector };
  const cell = new CowShardexIndex(index);
  return {
    remove: {
      name: 'Shardex: remove a posting',
      run: () => {
        const writer = cell.cloneForWrite();
        writer.removeDocument(documentId);
        writer.commitChanges();
        stepBack(cell, index);
      },
    },
    addAndRemove: {
      name: 'Shardex: add a posting, then remove it (2 commits)',
      run: () => {
        const adding = cell.cloneForWrite();
        adding.addPosting(posting);
        adding.commitChanges();
        const removing = cell.cloneForWrite();
        removing.removeDocument(posting.documentId);
        removing.commitChanges();
      },
    },
  };
}

/** Publishes a version of before once more, so that the same change can be made again. */
export function stepBack(cell: CowShardexIndex, to: ShardexIndex): void {
  cell.commitChanges(to, { expected: cell.read() });
}
