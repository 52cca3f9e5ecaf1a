// Gives numbers to the documents of rows: those of a commit with it, so that the first filter finds them.
import { type Steps, runSteps } from '../collections/steps.js';
import type { DocumentNumbers } from '../documents/document-numbers.js';
import { columnsOf } from './row-block.js';
import type { ShardId } from './shard.js';
import type { ShardexIndex } from './shardex-index.js';

type Numbered = Pick<ShardexIndex, 'shards' | 'fields'>;
type Next = Numbered & Pick<ShardexIndex, 'records' | 'changed'>;

/**
 * Numbers the documents of the rows that a version has beyond the one that it was made from, where it has texts or metadata:
 * without any there is nothing to filter by. Time: O(rows of changed blocks that have no number yet).
 */
export function* rowsNumbered(before: Numbered, next: Next): Steps<void> {
  const { records, fields, shards } = next;
  if (records.size === 0 || !fields.isMade) return;
  const { numbers } = fields.value;
  yield* numbered(next, next.changed.ids, numbers);
  if (before.shards.size === 0 || numbers.hasRowsOf(before.shards)) numbers.noteRowsOf(shards);
}

/** Numbers the documents of all rows of a version, unless they are. Time: O(rows without a number). */
export function numberRows(index: Numbered): void {
  const { numbers } = index.fields.value;
  if (numbers.hasRowsOf(index.shards)) return;
  runSteps(numbered(index, index.shards.keys(), numbers));
  numbers.noteRowsOf(index.shards);
}

function* numbered({ shards }: Numbered, ids: Iterable<ShardId>, numbers: DocumentNumbers): Steps<void> {
  for (const id of ids) {
    for (const { block, visible } of shards.get(id)?.rows.segments ?? [])
      numbers.ofRows(columnsOf(block), visible);
    yield;
  }
}
