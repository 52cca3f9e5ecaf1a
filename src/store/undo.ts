/*
 * Undoing and redoing: a stack over the commits of a store, also after it was opened again. The stack lies in the entries: an
 * undo is a commit that says where undoing and redoing lead from it. Any other commit leads back to the version before it,
 * and to nothing by redoing.
 */

import { infoAt } from './commit-infos.js';
import type { StoreParts } from './parts.js';
import { type MadeState, publishState, stateAfter } from './publish-state.js';
import type { Step } from './entry-bytes.js';
import type { WriteOptions } from './write-options.js';
import type { Commit } from '../delta/commit.js';
import type { ShardexIndex } from '../version/shardex-index.js';

/** Undoes the newest commit, or redoes what was undone; `undefined` where there is nothing. See `Store.undo`. */
export function takeStep(
  parts: StoreParts,
  kind: Step['kind'],
  options: WriteOptions,
): Promise<Commit | undefined> {
  return publishState(parts, options, (current) => stepFrom(parts, kind, current));
}

async function stepFrom(
  { log, kept }: StoreParts,
  kind: Step['kind'],
  current: ShardexIndex,
): Promise<MadeState | undefined> {
  const from = await placeOf(log, current.version);
  // The entry is gone, as where a branch starts at a tagged version. So it is unknown what undoing leads to.
  if (from === undefined && kind === 'undo') throw await kept.gone(current.version - 1);
  const target = from?.[kind];
  if (target === undefined) return undefined;
  const found = await kept.find(target);
  const { undo, redo } = (await placeOf(log, target)) ?? {};
  const step: Step = {
    kind,
    ...(undo !== undefined && { undo }),
    // Redoing an undo leads to what it undid; redoing a redo to what is left of the stack.
    ...(kind === 'undo' ? { redo: current.version } : redo !== undefined && { redo }),
  };
  return { index: stateAfter(current, found), info: { step } };
}

/** Returns where undoing and redoing lead from a version; `undefined` if its entry is gone. */
async function placeOf(
  log: StoreParts['log'],
  version: number,
): Promise<Partial<Omit<Step, 'kind'>> | undefined> {
  if (version === 0) return {};
  const info = await infoAt(log, version);
  return info && (info.step ?? { undo: version - 1 });
}
