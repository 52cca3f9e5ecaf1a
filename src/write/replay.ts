// Changes by posting that are to be made elsewhere: by a rebase, a merge or an ingest.
import { type Steps, runSteps } from '../collections/steps.js';
import { WantedIds } from '../collections/id-column.js';
import type { DocumentRecord } from '../documents/record.js';
import { type Columns, type RowBlock, RowList, columnsOf } from '../version/row-block.js';
import type { Shard } from '../version/shard.js';
import { eachLive } from '../version/shard-rows.js';
import { type ShardexIndex, shardsOfDocument } from '../version/shardex-index.js';
import { addRows } from './add.js';
import { DraftState } from './draft-state.js';
import { settle } from './rebalance.js';
import { removePlaces } from './remove.js';
import { stageRows } from './staging.js';
import { placeText } from './write-set.js';

/** What is to happen to a version: postings to take out, by document and place, postings to write, and records to set. */
export class Replay {
  readonly removed = new Map<string, Set<string>>();
  readonly added = new RowList();
  /** Records to be set; `undefined` for those to be taken out. */
  readonly records = new Map<string, DocumentRecord | undefined>();

  remove(documentId: string, place: string): void {
    this.removed.set(documentId, (this.removed.get(documentId) ?? new Set()).add(place));
  }
}

/** The version after `current`; `current` itself where it is like that already. */
export function replay(current: ShardexIndex, changed: Replay): ShardexIndex {
  const state = new DraftState(current);
  runSteps(replayInto(state, changed));
  runSteps(settle(state));
  return state.finish();
}

/** The same within a draft, with pauses. */
export function* replayInto(state: DraftState, { removed, added, records }: Replay): Steps<void> {
  for (const [documentId, record] of records) state.setRecord(documentId, record);
  yield* removePlaces(state, removed);
  yield* addRows(state, stageRows(added, state.config.dimensions));
}

export interface Row {
  readonly block: RowBlock;
  readonly columns: Columns;
  readonly row: number;
}

export function rowAt(block: RowBlock, row: number): Row {
  return { block, columns: columnsOf(block), row };
}

/** The shards that hold a document. */
export type ShardsOf = (documentId: string) => readonly Shard[];

/** Those in a version. */
export function shardsIn(index: ShardexIndex): ShardsOf {
  return (documentId) => shardsOfDocument(index, documentId);
}

/** The live rows of a document, by what tells them apart. */
export type RowsByPlace = ReadonlyMap<string, Row>;

/**
 * The live rows of some documents; looks through each shard once, however many of them it holds.
 * Time: O(rows of the shards that hold them).
 */
export function rowsOfDocuments(
  shardsOf: ShardsOf,
  documentIds: Iterable<string>,
): (documentId: string) => RowsByPlace {
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
        found.get(documentId)?.set(placeAt(columns, row), { block, columns, row });
    });
  }
  return (documentId) => found.get(documentId) ?? NO_ROWS;
}

const NO_ROWS: RowsByPlace = new Map();

export function placeAt(columns: Columns, row: number): string {
  return placeText(columns.starts[row], columns.lengths[row]);
}
