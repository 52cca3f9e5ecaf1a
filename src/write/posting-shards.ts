// Remembers which shard each posting of a long document is in, so that a draft need not scan all its shards for each write.
import { WantedId } from '../collections/id-column.js';
import type { Columns } from '../version/row-block.js';
import type { Shard, ShardId } from '../version/shard.js';
import { eachLive } from '../version/shard-rows.js';
import { extentText } from './write-set.js';

/** A document in fewer shards is not remembered: all of them are scanned. */
const MANY_SHARDS = 8;

/**
 * The shards of the postings of long documents that a draft writes to again and again. To scan all shards of a document for
 * each of its n postings would take O(n²). An entry may outlive a posting that was removed, but is right for each live one.
 */
export class PostingShards {
  /** By document, the shard of each posting; `undefined` for a document that was written to once. */
  readonly #documents = new Map<string, Map<string, ShardId> | undefined>();

  /** The shard of each posting by extent, if known. Time: O(1); once for a document, O(rows of its shards). */
  of(documentId: string, shards: () => readonly Shard[]): ReadonlyMap<string, ShardId> | undefined {
    const known = this.#documents.get(documentId);
    if (known !== undefined) return known;
    const all = shards();
    if (all.length < MANY_SHARDS) return undefined;
    if (!this.#documents.has(documentId)) {
      this.#documents.set(documentId, undefined);
      return undefined;
    }
    const shardByExtent = new Map<string, ShardId>();
    const wanted = new WantedId(documentId);
    for (const { id, rows } of all) {
      eachLive(rows, ({ ids, starts, lengths }, row) => {
        if (ids.is(row, wanted)) shardByExtent.set(extentText(starts[row], lengths[row]), id);
      });
    }
    this.#documents.set(documentId, shardByExtent);
    return shardByExtent;
  }

  /** Notes that a row has come to a shard. */
  note({ ids, starts, lengths }: Columns, row: number, shard: ShardId): void {
    if (this.#documents.size > 0)
      this.#documents.get(ids.at(row))?.set(extentText(starts[row], lengths[row]), shard);
  }
}
