/*
 * A check of decoded deltas before `apply.ts` carries them out: no posting may exist twice afterwards.
 */

import { type Documents, entryOf, shardsOf } from '../version/documents.js';
import { WantedIds } from '../collections/id-column.js';
import { RowList, columnsOf } from '../version/row-block.js';
import type { ShardId } from '../version/shard.js';
import { eachLiveRow } from '../version/shard-rows.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { runSteps } from '../collections/steps.js';
import { stagedKeys } from '../write/staged-keys.js';
import { check, known } from './check.js';
import { type Changes, eachWrittenRun, isBlock } from './changes.js';

/**
 * Refuses changes after which a posting would exist twice (I5): a moved row must leave its old segment, and where a
 * row is written, the row with its key must be gone. `placed` says where the documents of written rows are.
 *
 * Time: O(rows written or moved + rows of the shards that hold documents of written rows).
 */
export function checkRows(base: ShardexIndex, placed: Documents, changes: Changes): void {
  const isLost = lostFrom(changes);
  const moved = new Set<string>();
  for (const { segments } of changes.shards) {
    for (const { runs } of segments) {
      for (const { from, row: first, count } of runs) {
        if (isBlock(from)) continue;
        for (let row = first; row < first + count; row++) {
          const text = rowText(from.shard, from.segment, row);
          check(isLost(from.shard, from.segment, row) && !moved.has(text), 'the rows that were moved');
          moved.add(text);
        }
      }
    }
  }
  const written = new RowList();
  eachWrittenRun(changes.shards, (block, first, count) => {
    for (let row = first; row < first + count; row++) written.push(block, row);
  });
  const keys = runSteps(stagedKeys(written));
  check(keys.size === written.length, 'a posting that is written twice');
  const byShard = new Map<ShardId, Set<string>>();
  for (const documentId of keys.documentIds()) {
    for (const shard of shardsOf(entryOf(placed, documentId)))
      byShard.set(shard, (byShard.get(shard) ?? new Set()).add(documentId));
  }
  for (const [shard, documentIds] of byShard) {
    const wanted = new WantedIds(documentIds);
    known(base.shards.get(shard), `shard ${shard}`).rows.segments.forEach((segment, s) => {
      const { ids, starts, lengths } = columnsOf(segment.block);
      eachLiveRow(segment, 0, (row) => {
        if (!keys.mayHave(starts[row], lengths[row])) return;
        const documentId = wanted.idAt(ids, row);
        if (documentId === undefined || keys.find(documentId, starts[row], lengths[row]) < 0) return;
        const isGone = isLost(shard, s, row) && !moved.has(rowText(shard, s, row));
        check(isGone, 'a posting that is written, and there already');
      });
    });
  }
}

/** Returns a test of whether a row of the base is lost: removed, moved or replaced. */
function lostFrom({ gone, shards }: Changes): (shard: ShardId, segment: number, row: number) => boolean {
  const all = new Set(gone);
  const kept = new Map(
    shards.map(({ id, segments }) => [
      id,
      new Map(segments.map(({ keeps, buried }) => [keeps, new Set(buried)])),
    ]),
  );
  return (shard, segment, row) => {
    if (all.has(shard)) return true;
    const segments = kept.get(shard);
    if (segments === undefined) return false;
    return segments.get(segment)?.has(row) ?? true;
  };
}

function rowText(shard: ShardId, segment: number, row: number): string {
  return `${shard}:${segment}:${row}`;
}
