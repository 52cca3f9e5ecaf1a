import { fingerprint } from '../fingerprint.js';
import type { Library } from '../library.js';
import { checkThat } from './check-that.js';

/**
 * I1: branches made from one version append behind it to the very same blocks, and none of them shows in another one
 * or in the version itself, whoever comes first and whether it is published, kept, or thrown away.
 */
export function branchesStayApart(lib: Library): void {
  const posting = (name: string, i: number): { documentId: string; vector: number[] } => ({
    documentId: `${name}${i}`,
    vector: [i, name.length],
  });
  const print = (version: ReturnType<Library['createIndex']>): string => fingerprint(lib, version, [[1, 1]]);
  const base = lib.createIndex({ dimensions: 2, metric: 'euclidean' }, [
    posting('base', 0),
    posting('base', 1),
  ]);
  // Beyond the first block, which is full, there is room that both branches want.
  const shared = lib.update(base, (draft) => {
    draft.addPosting(posting('shared', 2));
  });
  const before = print(shared);
  const kept: { version: typeof base; print: string; holds: string }[] = [];
  for (let round = 0; round < 3; round++) {
    for (const name of ['left', 'right', 'discarded']) {
      const cell = new lib.CowShardexIndex(shared);
      const writer = cell.cloneForWrite();
      for (let i = 3; i < 6 + round; i++) writer.addPosting(posting(name, i));
      const version = writer.preview();
      kept.push({ version, print: print(version), holds: `${name}3` });
      if (name === 'discarded') writer.discard();
      else writer.commitChanges();
    }
  }
  checkThat(print(shared) === before, 'the common base reads as it did');
  for (const { version, print: then, holds } of kept) {
    checkThat(print(version) === then, 'every branch reads as it did');
    checkThat(lib.hasDocument(version, holds), 'every branch lists what was added to it');
    checkThat(lib.postings(version, holds).length === 1, 'every branch holds what was added to it');
  }
}
