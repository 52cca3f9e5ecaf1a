import type { Library } from '../library.js';
import { checkThat } from './check-that.js';

/** I7: what was removed is in no search, count or list. */
export function keepsDeletedGone(lib: Library): void {
  const postings = Array.from({ length: 20 }, (_, i) => ({
    documentId: `d${i % 5}`,
    start: i,
    vector: [i, 1],
  }));
  const before = lib.createIndex({ dimensions: 2, metric: 'euclidean' }, postings);
  const after = lib.update(before, (draft) => {
    checkThat(draft.removeDocument('d3') === 4, 'removing says how many there were');
  });
  const found = lib.search(after, [3, 1], { k: 20, slopFactor: 'all' });
  checkThat(
    found.length === 16 && found.every(({ documentId }) => documentId !== 'd3'),
    'no search finds them',
  );
  checkThat(lib.statistics(after).postingCount === 16 && after.documentCount === 4, 'no count counts them');
  checkThat(lib.postings(after, 'd3').length === 0, 'no list lists them');
  checkThat(lib.verify(after).length === 0, 'the checker agrees');
}
