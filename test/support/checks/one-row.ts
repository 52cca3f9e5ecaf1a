import type { Library } from '../library.js';
import { checkThat } from './check-that.js';

/** I5: adding an existing key replaces it, also where the new vector belongs into another shard. */
export function holdsOneRowPerKey(lib: Library): void {
  const place = (i: number): number[] => [i % 2 === 0 ? 100 : -100, i];
  const postings = Array.from({ length: 30 }, (_, i) => ({ documentId: `d${i}`, vector: place(i) }));
  const config = { dimensions: 2, metric: 'euclidean', shardCapacity: 8 } as const;
  const before = lib.createIndex(config, postings);
  const after = lib.update(before, (draft) => {
    draft.addPostings(postings.map((posting, i) => ({ ...posting, vector: place(i + 1) })));
  });
  checkThat(after.postingCount === 30, 'no key is counted twice');
  for (const [i, { documentId }] of postings.entries()) {
    const held = lib.postings(after, documentId);
    checkThat(held.length === 1, 'a key has one posting');
    checkThat(held[0].vector[0] === place(i + 1)[0], 'it is the newest one');
  }
  const found = lib.search(after, [0, 0], { k: 100, slopFactor: 'all' });
  checkThat(found.length === 30, 'a search finds each key once');
  checkThat(lib.verify(after).length === 0, 'the checker agrees');
}
