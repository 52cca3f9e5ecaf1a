import { survivors } from '../garbage.js';
import type { Library } from '../library.js';
import { checkThat } from './check-that.js';

interface Numbered {
  n: number;
  bare: number;
}

/** I8, where versions are searched by filters: what searches keep of them keeps neither versions, nor rows, nor records. */
export async function letsGoOfFilteredVersions(lib: Library): Promise<void> {
  const documents = (round: number) =>
    Array.from({ length: 50 }, (_, i) => ({
      documentId: `d${i}`,
      metadata: { n: i + round, bare: i },
      postings: [{ vector: [i, round] }],
    }));
  const cell = new lib.CowShardexIndex(
    lib.createIndex<Numbered>({ dimensions: 2, metric: 'euclidean', indexed: ['n'] }),
  );
  cell.update((draft) => {
    draft.putDocuments(documents(0));
  });
  const filters = [{ n: { $lt: 40 } }, { bare: { $lt: 40 } }, { n: { $gt: 10 }, bare: { $lt: 20 } }];
  const found = (): number => {
    let results = 0;
    for (const where of filters)
      // Twice: the second time few rows are copied.
      for (let time = 0; time < 2; time++)
        results += lib.search(cell.read(), [1, 1], { k: 50, where }).length;
    return results;
  };
  const versions: WeakRef<object>[] = [];
  const parts: WeakRef<object>[] = [];
  const replaceAll = (round: number): void => {
    const version = cell.read();
    found();
    versions.push(new WeakRef(version));
    for (const shard of version.shards.values())
      for (const { block } of shard.rows.segments) parts.push(new WeakRef(block));
    for (const { documentId } of documents(round))
      parts.push(new WeakRef(lib.getDocument(version, documentId) as object));
    cell.update((draft) => {
      draft.putDocuments(documents(round));
    });
  };
  for (let round = 1; round <= 10; round++) replaceAll(round);
  checkThat(found() > 0, 'the current version is searched by filters');
  checkThat((await survivors(versions)) === 0, 'versions that nobody holds are collected');
  checkThat((await survivors(parts)) === 0, 'and so are their rows and records');
  checkThat(cell.read().documentCount === 50, 'the current version is still there');
}
