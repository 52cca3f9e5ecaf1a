// Which shards hold each document, while a draft moves rows about. Part of the draft's state, which tells it of every
// row that comes or leaves.
import type { Steps } from '../collections/steps.js';
import { WantedIds } from '../collections/id-column.js';
import type { Documents } from '../version/documents.js';
import { DocumentsDraft } from '../version/documents-draft.js';
import { type RowList, columnsOf } from '../version/row-block.js';
import type { Shard, ShardId } from '../version/shard.js';
import { eachLive } from '../version/shard-rows.js';
import type { DraftShards } from './draft-shards.js';
import { Places } from './places.js';

/**
 * The documents map of a draft. A row that leaves a shard may be the last one of its document there. Whether it was is
 * found out when somebody wants to know, at the latest when the draft is finished: a row that is replaced in the same
 * shard changes nothing, and a shard is looked through once for all rows that have left it.
 */
export class DraftDocuments {
  readonly #map: DocumentsDraft;
  readonly #places = new Places();
  readonly #shards: DraftShards;
  /** By shard, the documents of rows that have left it. */
  readonly #left = new Map<ShardId, Set<string>>();

  constructor(base: Documents, shards: DraftShards) {
    this.#map = new DocumentsDraft(base);
    this.#shards = shards;
  }

  /** Whether a document has a row anywhere. Time: O(log documents), and the rows of shards that rows of it have left. */
  has(documentId: string): boolean {
    for (const shard of this.shardsOf(documentId))
      if (this.#left.get(shard)?.has(documentId) === true) this.#settle(shard);
    return this.#map.has(documentId);
  }

  /** The shards that may hold rows of a document, ascending: those that do, and perhaps some that it has left. */
  shardsOf(documentId: string): readonly ShardId[] {
    return this.#map.shardsOf(documentId);
  }

  /** The shards of a document's postings by their places, where that is known; see {@link Places}. */
  placesOf(documentId: string): ReadonlyMap<string, ShardId> | undefined {
    return this.#places.of(documentId, () =>
      this.shardsOf(documentId).map((id) => this.#shards.get(id) as Shard),
    );
  }

  /** Rows have come to a shard; `from` a shard that is going, where all of them do that are not new. */
  arrive(rows: RowList, shard: ShardId, from?: ShardId): void {
    const left = this.#left.get(shard);
    for (let i = 0; i < rows.length; i++) {
      const columns = columnsOf(rows.blocks[i]);
      const documentId = columns.ids.at(rows.rows[i]);
      if (from === undefined) this.#map.note(documentId, shard);
      else this.#map.move(documentId, from, shard);
      left?.delete(documentId);
      this.#places.note(columns, rows.rows[i], shard);
    }
  }

  /** Rows of these documents have left a shard. */
  leave(documentIds: Iterable<string>, shard: ShardId): void {
    let left = this.#left.get(shard);
    if (left === undefined) this.#left.set(shard, (left = new Set()));
    for (const documentId of documentIds) left.add(documentId);
  }

  /** A shard is gone, and where its live rows have not moved on, their documents are gone from it, too. */
  drop({ id, rows }: Shard, haveMoved: boolean): void {
    for (const documentId of this.#left.get(id) ?? []) this.#map.drop(documentId, id);
    this.#left.delete(id);
    if (haveMoved) return;
    eachLive(rows, ({ ids }, row) => {
      this.#map.drop(ids.at(row), id);
    });
  }

  /** The documents map as it is by now; the base where nothing has changed. */
  *finishing(): Steps<Documents> {
    for (const shard of this.#left.keys()) {
      this.#settle(shard);
      yield;
    }
    return yield* this.#map.finishing();
  }

  /** Drops from a shard the documents that it has no live row of any more. Time: O(rows of the shard). */
  #settle(id: ShardId): void {
    const gone = this.#left.get(id) ?? new Set();
    this.#left.delete(id);
    const shard = this.#shards.get(id);
    if (shard !== undefined && gone.size > 0) {
      const wanted = new WantedIds(gone);
      eachLive(shard.rows, ({ ids }, row) => {
        const stays = wanted.idAt(ids, row);
        if (stays !== undefined) gone.delete(stays);
        return gone.size === 0;
      });
    }
    for (const documentId of gone) this.#map.drop(documentId, id);
  }
}
