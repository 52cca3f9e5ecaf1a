// Makes changes of one version on another: for a rebase, a merge of branches, or a catch-up.
import { type Steps, runSteps } from '../collections/steps.js';
import { WantedIds } from '../collections/id-column.js';
import type { DocumentRecord } from '../documents/record.js';
import { type Columns, type RowBlock, RowList, columnsOf } from '../version/row-block.js';
import type { Shard } from '../version/shard.js';
import { eachLive } from '../version/shard-rows.js';
import { type ShardexIndex, shardsOfDocument } from '../version/shardex-index.js';
import { addRows } from './add.js';
import { DraftState } from './draft-state.js';
import { rebalance } from './rebalance.js';
import { removePostings } from './remove.js';
import { stageRows } from './staging.js';
import { extentText } from './write-set.js';

/** Changes to make on a version: postings to remove, by document and extent; postings to write; records to set. */
export class ReplaySet {
  readonly removed = new Map<string, Set<string>>();
  readonly added = new RowList();
  /** Records to set; `undefined` removes one. */
  readonly records = new Map<string, DocumentRecord | undefined>();

  remove(documentId: string, extent: string): void {
    this.removed.set(documentId, (this.removed.get(documentId) ?? new Set()).add(extent));
  }
}

/** Makes the changes on `current`; returns `current` itself if it has them already. */
export function replay(current: ShardexIndex, changed: ReplaySet): ShardexIndex {
  const state = new DraftState(current);
  runSteps(replayInto(state, changed));
  runSteps(rebalance(state));
  return state.finish();
}

/** Makes the changes on a draft. */
export function* replayInto(state: DraftState, { removed, added, records }: ReplaySet): Steps<void> {
  for (const [documentId, record] of records) state.setRecord(documentId, record);
  yield* removePostings(state, removed);
  yield* addRows(state, stageRows(added, state.config.dimensions));
}

/** A row with the block that it is in. */
export interface Row {
  readonly block: RowBlock;
  readonly columns: Columns;
  readonly row: number;
}

export function rowAt(block: RowBlock, row: number): Row {
  return { block, columns: columnsOf(block), row };
}

/** Returns the shards that hold a document. */
export type ShardsOf = (documentId: string) => readonly Shard[];

/** Looks documents up in a version. */
export function shardsIn(index: ShardexIndex): ShardsOf {
  return (documentId) => shardsOfDocument(index, documentId);
}

/** The live rows of a document, by extent. */
export type RowsByExtent = ReadonlyMap<string, Row>;

/**
 * Collects the live rows of some documents. Scans each shard once, however many of the documents it holds.
 * Time: O(rows of these shards).
 */
export function rowsOfDocuments(
  shardsOf: ShardsOf,
  documentIds: Iterable<string>,
): (documentId: string) => RowsByExtent {
  const found = new Map<string, Map<string, Row>>();
  const shards = new Set<Shard>();
  for (const documentId of documentIds) {
    found.set(documentId, new Map());
    for (const shard of shardsOf(documentId)) shards.add(shard);
  }
  const wanted = new WantedIds(found);
  for (const { rows } of shards) {
    eachLive(rows, (columns, row, { block }) => {
      const documentId = wanted.idAt(columns.ids, row);
      if (documentId !== undefined)
        found.get(documentId)?.set(extentAt(columns, row), { block, columns, row });
    });
  }
  return (documentId) => found.get(documentId) ?? NO_ROWS;
}

const NO_ROWS: RowsByExtent = new Map();

export function extentAt(columns: Columns, row: number): string {
  return extentText(columns.starts[row], columns.lengths[row]);
}
