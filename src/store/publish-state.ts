/*
 * Publishes whole states of a store: older versions, and what merging makes. What was decided meanwhile is not rebased, but the
 * state made again.
 */

import { Commit } from '../delta/commit.js';
import { withContentsOf } from '../delta/merge.js';
import { type ShardexIndex, renumbered } from '../version/shardex-index.js';
import { WriteSet } from '../write/write-set.js';
import { isLostRace } from './commit-queue.js';
import { type StoreParts, durable, knownCommit } from './parts.js';
import type { CommitInfo } from './entry-bytes.js';
import { type WriteOptions, newWrite } from './write-options.js';

/** A state to be published, and what its commit says of itself. */
export interface MadeState {
  readonly index: ShardexIndex;
  readonly info?: Omit<CommitInfo, 'time'>;
}

/**
 * Publishes what `make` makes of the newest version; again where another commit comes first. `undefined` where it makes
 * nothing. `make` may await: nothing is published then unless the version is still the newest one.
 *
 * @throws what `make` and the log throw, {@link CellClosedError}
 */
export async function publishState(
  parts: StoreParts,
  options: WriteOptions,
  make: (current: ShardexIndex) => Promise<MadeState | undefined>,
): Promise<Commit | undefined> {
  const { tip, visible, queue } = parts;
  for (;;) {
    tip.assertOpen();
    // The log knows of what is durable only.
    while (visible.current !== tip.current) await queue.drained();
    const known = knownCommit(parts, options.token);
    if (known !== undefined) return known;
    const startedAt = performance.now();
    const { current } = tip;
    const made = await make(current);
    if (tip.current !== current) continue;
    if (made === undefined) return undefined;
    const write = newWrite(options, true, made.info);
    const writeSet = new WriteSet();
    tip.bind(writeSet, write);
    const commit = tip.publish(current, made.index, startedAt, writeSet) ?? new Commit(current, current);
    try {
      return await durable(parts, commit, write);
    } catch (error) {
      if (!isLostRace(error)) throw error;
    }
  }
}

/** An older state as the version after the current one. */
export function stateAfter(
  current: ShardexIndex,
  { index, isLoaded }: { readonly index: ShardexIndex; readonly isLoaded: boolean },
): ShardexIndex {
  // Made out of the log, the current version is another object. A branch that is merged has numbers of its own.
  if (index === current || (isLoaded && index.version === current.version)) return current;
  // What was made out of the log shares no rows: published as it is, it would be written to the log as a whole.
  const next = isLoaded ? withContentsOf(current, index) : index;
  // A state like the current one is published all the same: whoever undoes goes on from there.
  return isLoaded && next !== current
    ? next
    : renumbered(next, current.version + 1, Math.max(next.nextShardId, current.nextShardId));
}
