import { type DocumentEntry, holds } from '../version/documents.js';
import { columnsOf } from '../version/row-block.js';
import type { Changes, ShardChange } from './delta.js';

/**
 * For each shard of some changes, which of its leaving documents have another row there that the base has too. It is
 * written down because finding out means looking at every row of the shard. `undefined` where it is not known.
 */
export function stayingOf({
  documents: lazy,
  vanished,
}: Changes): (change: ShardChange) => readonly number[] | undefined {
  let after: Map<string, DocumentEntry | undefined> | undefined;
  return ({ id, segments, leaving, staying }) => {
    if (staying !== undefined || leaving === undefined || vanished === undefined || lazy === undefined)
      return staying;
    const { first, last } = leaving;
    if (first === last) return [];
    const documents = lazy.value;
    after ??= new Map(documents.documentIds.map((documentId, i) => [documentId, documents.after[i]]));
    const arrived = new Set<string>();
    for (const { runs, segment } of segments) {
      // Without its rows at hand it is not known what has arrived.
      if (segment === undefined) return undefined;
      const columns = columnsOf(segment.block);
      for (const { at, count } of runs) for (let i = 0; i < count; i++) arrived.add(columns.ids.at(at + i));
    }
    const stays: number[] = [];
    for (let i = first; i < last; i++) {
      const documentId = vanished[i];
      if (arrived.has(documentId)) continue;
      // A document that is not among the changed ones is where it was.
      if (!after.has(documentId) || holds(after.get(documentId), id)) stays.push(i - first);
    }
    return stays;
  };
}
