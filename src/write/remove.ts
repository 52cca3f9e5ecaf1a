// Removes postings of documents from a draft.
import type { Steps } from '../collections/steps.js';
import { WantedIds } from '../collections/id-column.js';
import type { ShardId } from '../version/shard.js';
import type { DraftState } from './draft-state.js';
import { extentText } from './write-set.js';

/** The extents of postings, as `extentText` writes them, by document. */
export type ExtentsByDocument = ReadonlyMap<string, ReadonlySet<string>>;

/** Removes single postings and returns how many there were. Scans all shards of a long document only twice in a draft. */
export function removePostings(state: DraftState, extents: ExtentsByDocument): Steps<number> {
  return removeWhere(
    state,
    extents.keys(),
    (documentId, start, length) => extents.get(documentId)?.has(extentText(start, length)) === true,
    (documentId) => shardsOfExtents(state, documentId, extents.get(documentId) ?? []),
  );
}

/** Returns the shards that may hold postings of a document at these extents. */
export function shardsOfExtents(
  state: DraftState,
  documentId: string,
  wanted: Iterable<string>,
): Iterable<ShardId> {
  const known = state.shardsByExtent(documentId);
  if (known === undefined) return state.shardsOfDocument(documentId);
  const shards = new Set<ShardId>();
  for (const extent of wanted) {
    const shard = known.get(extent);
    if (shard !== undefined && state.hasShard(shard)) shards.add(shard);
  }
  return shards;
}

/**
 * Removes the matching postings of some documents and returns how many there were. Scans each shard once, however many of
 * the documents it holds. Time: O(rows of these shards).
 */
export function* removeWhere(
  state: DraftState,
  documentIds: Iterable<string>,
  matches: (documentId: string, start: number, length: number) => boolean,
  shardsOf = (documentId: string): Iterable<ShardId> => state.shardsOfDocument(documentId),
): Steps<number> {
  const byShard = new Map<ShardId, Set<string>>();
  for (const documentId of documentIds) {
    for (const shard of shardsOf(documentId)) {
      const inShard = byShard.get(shard);
      if (inShard === undefined) byShard.set(shard, new Set([documentId]));
      else inShard.add(documentId);
    }
  }
  let removed = 0;
  for (const [shard, inShard] of byShard) {
    const wanted = new WantedIds(inShard);
    removed += state.bury(shard, (columns, row) => {
      const documentId = wanted.idAt(columns.ids, row);
      return documentId !== undefined && matches(documentId, columns.starts[row], columns.lengths[row]);
    });
    yield;
  }
  return removed;
}
