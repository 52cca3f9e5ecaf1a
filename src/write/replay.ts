import { type Steps, runSteps } from '../steps.js';
import { WantedId } from '../version/id-column.js';
import { type Columns, type RowBlock, RowList, columnsOf } from '../version/row-block.js';
import { eachLive } from '../version/shard-rows.js';
import { type ShardexIndex, shardsOfDocument } from '../version/shardex-index.js';
import { addRows } from './add.js';
import { bury } from './bury.js';
import { DraftState } from './draft-state.js';
import { settle } from './rebalance.js';
import { stageRows } from './staging.js';
import { placeText } from './touched.js';

/** What is to happen to a version, by posting: what to take out, by document and place, and what to write. */
export class Replay {
  readonly removed = new Map<string, Set<string>>();
  readonly added = new RowList();

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
export function* replayInto(state: DraftState, { removed, added }: Replay): Steps<void> {
  for (const [documentId, places] of removed) {
    const wanted = new WantedId(documentId);
    for (const shard of state.shardsOfDocument(documentId)) {
      const { documentIds } = bury(
        state,
        shard,
        (columns, row) => columns.ids.is(row, wanted) && places.has(placeAt(columns, row)),
      );
      state.dropFromDocuments(documentIds, shard);
      yield;
    }
  }
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

/** The live rows of a document, by what tells them apart. */
export function rowsOfDocument(index: ShardexIndex, documentId: string): Map<string, Row> {
  const rows = new Map<string, Row>();
  const wanted = new WantedId(documentId);
  for (const shard of shardsOfDocument(index, documentId)) {
    eachLive(shard.rows, (columns, row, { block }) => {
      if (columns.ids.is(row, wanted)) rows.set(placeAt(columns, row), { block, columns, row });
    });
  }
  return rows;
}

export function placeAt(columns: Columns, row: number): string {
  return placeText(columns.starts[row], columns.lengths[row]);
}
