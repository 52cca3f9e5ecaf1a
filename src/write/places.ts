// Where the postings of long documents are, once a draft has looked: writing one again takes time in proportion to
// what is written.
import { WantedId } from '../collections/id-column.js';
import type { Columns } from '../version/row-block.js';
import type { Shard, ShardId } from '../version/shard.js';
import { eachLive } from '../version/shard-rows.js';
import { placeText } from './write-set.js';

/** Documents in fewer shards are looked for in all of them. */
const MANY_SHARDS = 8;

/**
 * Where the postings of long documents are that a draft writes to time after time: to look through all shards of a document
 * for each of its n postings would take O(n²). It may name a shard that a posting was removed from, never a wrong one for
 * a posting that is there.
 */
export class Places {
  /** By document, the shard of each posting; `undefined` for one that was written to once. */
  readonly #documents = new Map<string, Map<string, ShardId> | undefined>();

  /** The shards of postings by their places, if they are known. Time: O(rows of the document's shards) for the first. */
  of(documentId: string, shards: () => readonly Shard[]): ReadonlyMap<string, ShardId> | undefined {
    const known = this.#documents.get(documentId);
    if (known !== undefined) return known;
    const all = shards();
    if (all.length < MANY_SHARDS) return undefined;
    if (!this.#documents.has(documentId)) {
      this.#documents.set(documentId, undefined);
      return undefined;
    }
    const places = new Map<string, ShardId>();
    const wanted = new WantedId(documentId);
    for (const { id, rows } of all) {
      eachLive(rows, ({ ids, starts, lengths }, row) => {
        if (ids.is(row, wanted)) places.set(placeText(starts[row], lengths[row]), id);
      });
    }
    this.#documents.set(documentId, places);
    return places;
  }

  /** Notes that a row has come to a shard. */
  note({ ids, starts, lengths }: Columns, row: number, shard: ShardId): void {
    if (this.#documents.size > 0)
      this.#documents.get(ids.at(row))?.set(placeText(starts[row], lengths[row]), shard);
  }
}
