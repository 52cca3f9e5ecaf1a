import type { Library } from '../library.js';
import { checkThat } from './check-that.js';

/** I2: one number up for each published change, in one assignment; nothing at all where nothing changed. */
export function publishesInOneStep(lib: Library): void {
  const cell = new lib.CowShardexIndex(lib.createIndex({ dimensions: 1 }));
  const postings = Array.from({ length: 5 }, (_, i) => ({ documentId: `d${i}`, vector: [i] }));
  for (let published = 1; published <= 5; published++) {
    const before = cell.read();
    const posting = postings[published - 1];
    cell.update((draft) => {
      draft.addPosting({ ...posting, start: 0 });
      checkThat(cell.read() === before, 'a recipe in progress does not show');
      draft.addPosting({ ...posting, start: 1 });
      checkThat(cell.read() === before, 'a recipe in progress does not show');
    });
    checkThat(cell.postingCount === 2 * published, 'all of a recipe shows at once');
    checkThat(cell.version === published, 'version numbers rise by one');
  }
  const before = cell.read();
  const { index: same } = cell.update((draft) => {
    draft.addPostings(postings);
    draft.removeDocument('nobody');
  });
  checkThat(same === before && cell.read() === before, 'a commit that changes nothing publishes nothing');
}
