// Finds the rows of postings by key, for the sample, which has no vectors.
import type { PostingKey } from '../errors.js';
import type { LiveRow } from '../search/look.js';
import type { Steps } from '../collections/steps.js';
import { WantedIds } from '../collections/id-column.js';
import { keyText } from '../version/posting.js';
import type { Shard, ShardId } from '../version/shard.js';
import { eachLive } from '../version/shard-rows.js';
import type { ShardexIndex } from '../version/shardex-index.js';

/** The shards of a version, and which of them may hold a document. */
export interface ShardsOfDocuments extends Pick<ShardexIndex, 'shards'> {
  readonly shardsOfDocument: (documentId: string) => readonly ShardId[];
}

/**
 * Finds the live rows of postings, by the texts of their keys; leaves out postings that are not there. Scans each shard once,
 * however many of the postings it may hold: a long document is in many shards.
 *
 * Time: O(postings + rows of the shards of their documents).
 */
export function* rowsOf(
  { shards, shardsOfDocument }: ShardsOfDocuments,
  keys: readonly PostingKey[],
): Steps<ReadonlyMap<string, LiveRow>> {
  const texts = new Set(keys.map(({ documentId, start, length }) => keyText(documentId, start, length)));
  // Starts are cheaper to compare than ids, and rule out most rows of a long document.
  const allStarts = new Set(keys.map(({ start }) => start));
  const byShard = new Map<ShardId, Set<string>>();
  for (const documentId of new Set(keys.map((key) => key.documentId))) {
    for (const shard of shardsOfDocument(documentId)) {
      const documentIds = byShard.get(shard);
      if (documentIds === undefined) byShard.set(shard, new Set([documentId]));
      else documentIds.add(documentId);
    }
  }
  const found = new Map<string, LiveRow>();
  for (const [id, documentIds] of byShard) {
    if (found.size === texts.size) break;
    const home = shards.get(id) as Shard;
    const wanted = new WantedIds(documentIds);
    eachLive(home.rows, (columns, row) => {
      const { ids, starts, lengths } = columns;
      if (!allStarts.has(starts[row])) return false;
      const documentId = wanted.idAt(ids, row);
      if (documentId === undefined) return false;
      const text = keyText(documentId, starts[row], lengths[row]);
      if (texts.has(text)) found.set(text, { home, columns, row });
      return found.size === texts.size;
    });
    yield;
  }
  return found;
}
