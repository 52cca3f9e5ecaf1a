/*
 * The parts of a store, and what all of its ways to write have in common: a promise of a commit resolves once that is durable
 * and visible, and a token that is known already leads to no second one.
 */

import type { Slices } from '../cell/ingest/slices.js';
import type { CellState } from '../cell/cell-state.js';
import { Commit } from '../delta/commit.js';
import type { CommitQueue } from './commit-queue.js';
import type { Keeper } from './keeper.js';
import type { KeptVersions } from './kept-versions.js';
import type { CommitLog } from './log/commit-log.js';
import type { LogReader } from './log-reader.js';
import type { TipState, Write } from './tip.js';

/** The parts of a store. */
export interface StoreParts {
  /** The name of its branch. */
  readonly branch: string;
  readonly log: CommitLog;
  readonly visible: CellState;
  readonly tip: TipState;
  readonly queue: CommitQueue;
  readonly reader: LogReader;
  readonly keeper: Keeper;
  readonly kept: KeptVersions;
  readonly maxPendingWrites: number;
  readonly follow: boolean;
  readonly slices: Slices;
  /** Opens a store on another log, as `openStore` does. */
  readonly open: (log: CommitLog, options: object) => Promise<unknown>;
}

/** Resolves to a commit of a write once all of the write is durable, and whatever it rests on. */
export async function durable(parts: StoreParts, commit: Commit, { offered }: Write): Promise<Commit> {
  const { queue, keeper, visible, kept } = parts;
  let last = commit;
  if (offered.length > 0) {
    for (const durable of offered) last = await durable;
  } else {
    // It changed nothing; but it may rest on what is not durable yet.
    await queue.pending();
  }
  keeper.takeIfDue(visible.current, kept);
  return last;
}

/** Returns the commit of a known token; `undefined` for a new one. */
export function knownCommit(
  { queue, reader, visible }: Pick<StoreParts, 'queue' | 'reader' | 'visible'>,
  token: string | undefined,
): Promise<Commit> | undefined {
  if (token === undefined) return undefined;
  const pending = queue.pending(token);
  if (pending !== undefined) return pending;
  const { current } = visible;
  return reader.versionOf(token) === undefined ? undefined : Promise.resolve(new Commit(current, current));
}
