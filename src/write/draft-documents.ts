// The documents map of a draft: which shards hold each document. The draft state reports every row that comes to a shard or
// leaves it.
import type { Steps } from '../collections/steps.js';
import { WantedIds } from '../collections/id-column.js';
import type { Documents } from '../version/documents.js';
import { DocumentsDraft } from '../version/documents-draft.js';
import { type RowList, columnsOf } from '../version/row-block.js';
import type { Shard, ShardId } from '../version/shard.js';
import { eachLive } from '../version/shard-rows.js';
import type { DraftShards } from './draft-shards.js';
import { PostingShards } from './posting-shards.js';

/**
 * The documents map of a draft.
 *
 * A row that leaves a shard may be the last one of its document there. That is checked only when a caller needs it, at the
 * latest when the draft is finished: then one scan of a shard serves all rows that have left it, and none is needed for a
 * row that was replaced in the same shard.
 */
export class DraftDocuments {
  readonly #map: DocumentsDraft;
  readonly #postingShards = new PostingShards();
  readonly #shards: DraftShards;
  /** By shard, the documents that may have left it: some of their rows have. */
  readonly #mayHaveLeft = new Map<ShardId, Set<string>>();

  constructor(base: Documents, shards: DraftShards) {
    this.#map = new DocumentsDraft(base);
    this.#shards = shards;
  }

  /** Whether a document has a live row. Time: O(log documents + rows of the shards that it may have left). */
  has(documentId: string): boolean {
    for (const shard of this.shardsOf(documentId))
      if (this.#mayHaveLeft.get(shard)?.has(documentId) === true) this.#dropGone(shard);
    return this.#map.has(documentId);
  }

  /** The shards that hold a document, ascending, and perhaps some that it has left. */
  shardsOf(documentId: string): readonly ShardId[] {
    return this.#map.shardsOf(documentId);
  }

  /** The shard of each posting of a document, by extent, if that is known; see {@link PostingShards}. */
  shardsByExtent(documentId: string): ReadonlyMap<string, ShardId> | undefined {
    return this.#postingShards.of(documentId, () =>
      this.shardsOf(documentId).map((id) => this.#shards.get(id) as Shard),
    );
  }

  /** Notes that rows have come to a shard. With `from`, a shard that goes, their documents leave that one. */
  arrive(rows: RowList, shard: ShardId, from?: ShardId): void {
    const left = this.#mayHaveLeft.get(shard);
    for (let i = 0; i < rows.length; i++) {
      const columns = columnsOf(rows.blocks[i]);
      const documentId = columns.ids.at(rows.rows[i]);
      if (from === undefined) this.#map.note(documentId, shard);
      else this.#map.move(documentId, from, shard);
      left?.delete(documentId);
      this.#postingShards.note(columns, rows.rows[i], shard);
    }
  }

  /** Notes that rows of these documents have left a shard. */
  leave(documentIds: Iterable<string>, shard: ShardId): void {
    let left = this.#mayHaveLeft.get(shard);
    if (left === undefined) this.#mayHaveLeft.set(shard, (left = new Set()));
    for (const documentId of documentIds) left.add(documentId);
  }

  /** Notes that a shard is gone. With `isMoved`, the documents of its live rows have left it in {@link arrive}. */
  drop({ id, rows }: Shard, isMoved: boolean): void {
    for (const documentId of this.#mayHaveLeft.get(id) ?? []) this.#map.drop(documentId, id);
    this.#mayHaveLeft.delete(id);
    if (isMoved) return;
    eachLive(rows, ({ ids }, row) => {
      this.#map.drop(ids.at(row), id);
    });
  }

  /** Finishes the documents map; returns that of the base if nothing has changed. */
  *finishing(): Steps<Documents> {
    for (const shard of this.#mayHaveLeft.keys()) {
      this.#dropGone(shard);
      yield;
    }
    return yield* this.#map.finishing();
  }

  /** Drops the documents that have left a shard. Time: O(rows of the shard). */
  #dropGone(id: ShardId): void {
    const gone = this.#mayHaveLeft.get(id) ?? new Set();
    this.#mayHaveLeft.delete(id);
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
