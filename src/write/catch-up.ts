import type { PostingKey } from '../errors.js';
import type { Steps } from '../steps.js';
import { differingShards } from '../version/changed-shards.js';
import { keyOfRow, keyText } from '../version/posting.js';
import { sameVector } from '../version/row-block.js';
import type { Shard } from '../version/shard.js';
import { eachLive } from '../version/shard-rows.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import type { DraftState } from './draft-state.js';
import { conflict } from './rebase.js';
import { Replay, type Row, placeAt, replayInto } from './replay.js';
import type { Touched } from './touched.js';

/** Keys looked up in one step. */
const LOOKUPS = 256;

/**
 * Replays on a draft what others have published since `base`: the other way round than `rebase()`, and by the same rule
 * (I3), for drafts that are so much larger than what others do meanwhile that their own changes cannot be made again.
 * A draft without changes is only compared.
 *
 * Time: O(rows of the shards that others changed).
 *
 * @throws {@link ConflictError} with every overlap.
 */
export function* catchUp(
  state: DraftState,
  base: ShardexIndex,
  current: ShardexIndex,
  touched: Touched,
  isChanged: boolean,
): Steps<void> {
  const before = new Map<string, Row>();
  const after = new Map<string, Row>();
  for (const id of differingShards(base.shards, current.shards)) {
    collect(base.shards.get(id), before);
    yield;
    collect(current.shards.get(id), after);
    yield;
  }
  const overlaps: PostingKey[] = [];
  const theirs = new Replay();
  let looked = 0;
  for (const [key, { columns, row }] of before) {
    if (looked++ % LOOKUPS === 0) yield;
    const now = after.get(key);
    if (now !== undefined && sameVector(columns, row, now.columns, now.row)) {
      after.delete(key);
    } else if (touched.covers(columns.ids.at(row), placeAt(columns, row))) {
      overlaps.push(keyOfRow(columns, row));
      after.delete(key);
    } else if (now === undefined) {
      theirs.remove(columns.ids.at(row), placeAt(columns, row));
    }
  }
  // Left are those that are new, or have another vector.
  for (const { block, columns, row } of after.values()) {
    if (looked++ % LOOKUPS === 0) yield;
    if (touched.covers(columns.ids.at(row), placeAt(columns, row))) overlaps.push(keyOfRow(columns, row));
    else theirs.added.push(block, row);
  }
  if (overlaps.length > 0) throw conflict(base, current, overlaps);
  if (isChanged) yield* replayInto(state, theirs);
}

/** The live rows of a shard, by key; of no shard none. */
function collect(shard: Shard | undefined, into: Map<string, Row>): void {
  if (shard === undefined) return;
  eachLive(shard.rows, (columns, row, { block }) => {
    into.set(keyText(columns.ids.at(row), columns.starts[row], columns.lengths[row]), {
      block,
      columns,
      row,
    });
  });
}
