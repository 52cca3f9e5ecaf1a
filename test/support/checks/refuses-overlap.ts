import type { Library } from '../library.js';
import { checkThat } from './check-that.js';

/** I3: of two writers that changed the same posting the second is refused, and nothing of it is published. */
export function refusesOverlap(lib: Library): void {
  const cell = new lib.CowShardexIndex(
    lib.createIndex({ dimensions: 1, metric: 'dot' }, [{ documentId: 'a', vector: [0] }]),
  );
  const [first, second] = [cell.cloneForWrite(), cell.cloneForWrite()];
  first.addPosting({ documentId: 'a', vector: [1] });
  second.addPosting({ documentId: 'a', vector: [2] });
  second.addPosting({ documentId: 'b', vector: [2] });
  const { index: published } = first.commitChanges();
  let refused: unknown;
  try {
    second.commitChanges();
  } catch (error) {
    refused = error;
  }
  checkThat(refused instanceof lib.ConflictError, 'the second is refused');
  checkThat(refused.documents.join() === 'a', 'the error names the document');
  checkThat(refused.postings.length === 1 && refused.postings[0].documentId === 'a', 'and the posting');
  checkThat(cell.read() === published, 'nothing of the second is published');
  checkThat(lib.postings(cell.read(), 'a')[0].vector[0] === 1, 'the first change is there');
}
