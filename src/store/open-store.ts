/*
 * Opens a store: finds its settings, reads the newest checkpoint and the commits after it, and puts its parts together.
 */

import { CellState } from '../cell/cell-state.js';
import type { CowShardexIndexOptions } from '../cell/cow-shardex-index.js';
import { checkedBounds } from '../cell/history.js';
import { takeOptions } from '../checks/given.js';
import { type ShardexOptions, assertFunction, requireFlag, requireWhole } from '../config.js';
import { noBranch } from './branches.js';
import { CommitQueue } from './commit-queue.js';
import { KeepPolicy, type KeepOptions } from './keep-policy.js';
import { Keeper } from './keeper.js';
import { KeptVersions } from './kept-versions.js';
import { LogReader } from './log-reader.js';
import { type CommitLog, MAIN } from './log/commit-log.js';
import { knownCommit } from './parts.js';
import { type FileLog, logAt, newSlices } from './place.js';
import { checkOptions, decodeSettings, encodeSettings, newConfig } from './settings.js';
import { Store } from './store.js';
import { TipState } from './tip.js';

/** Options of `openStore`: those of the index, and of the cell. */
export interface StoreOptions<M extends object = object>
  extends Partial<ShardexOptions<M>>, CowShardexIndexOptions<M> {
  /**
   * Takes over what other processes commit to the same log as soon as it is there. Without it, that happens with a write,
   * and with `refresh()`. Default `false`.
   */
  readonly follow?: boolean;
  /**
   * Old versions that the log keeps, to be loaded and restored, beside tagged ones; at each checkpoint it drops others. It stays
   * with the store until another one is given. Default, where the store has none: those back to the checkpoint before the last.
   */
  readonly keep?: KeepOptions;
  /** The branch to open, as `store.fork(name)` makes them. Default `'main'`, or the one that a log is of. */
  readonly branch?: string;
}

const OF_STORE = [
  'maxPendingWrites',
  'history',
  'held',
  'validate',
  'onError',
  'follow',
  'keep',
  'branch',
] as const;

/** Opens a store on a log, or on that which `fileLog` makes for a path; see `openStore` in `open-file.ts`. */
export async function openStoreOn<M extends object>(
  pathOrLog: string | CommitLog,
  options: StoreOptions<M>,
  fileLog: FileLog,
): Promise<Store<M>> {
  const { ofStore, ofIndex } = parted(options);
  const { maxPendingWrites = 1024, history, held, validate, onError, follow = false, keep, branch } = ofStore;
  assertFunction('validate', validate);
  assertFunction('onError', onError);
  requireFlag('follow', follow);
  if (keep !== undefined) checkedBounds('keep', keep);
  requireWhole('maxPendingWrites', maxPendingWrites, 1, 1_000_000);
  const log = logAt(pathOrLog, branch, fileLog);
  try {
    // Checked before anything is made.
    const made = ofIndex.dimensions === undefined ? undefined : newConfig(ofIndex, log.name);
    const { settings } = await log.open(made === undefined ? undefined : encodeSettings(made));
    if (settings === undefined && log.branchName !== MAIN) throw await noBranch(log, log.branchName);
    const config = settings === undefined ? newConfig(ofIndex, log.name) : decodeSettings(settings);
    checkOptions(ofIndex, config);
    const slices = newSlices();
    const reader = new LogReader(log, config, slices);
    const start = await reader.start();
    const { index, checkpoint } = start;
    reader.head = checkpoint;
    const policy = new KeepPolicy(log);
    if (keep !== undefined) await policy.set(keep);
    const keeper = new Keeper(log, reader, slices, start, policy);
    let newest = index;
    for await (const { commit, entry } of reader.read(() => newest, { isOpening: true })) {
      newest = commit.index;
      reader.know(entry);
      keeper.note(entry);
    }
    const visible = new CellState(newest, { history, held, onError });
    const queue: CommitQueue = new CommitQueue(
      log,
      visible,
      reader,
      (next) => {
        tip.moveTo(next);
      },
      (entry) => {
        reader.know(entry);
        keeper.note(entry);
      },
    );
    const tip = new TipState(
      newest,
      validate,
      (...offer) => queue.offer(...offer),
      (token) => knownCommit({ queue, reader, visible }, token),
    );
    const kept = new KeptVersions(log, visible, reader, keeper);
    await kept.readTags();
    return new Store<M>({
      ...{ log, visible, tip, queue, reader, keeper, kept, maxPendingWrites, follow, slices },
      branch: log.branchName,
      open: (other, given) => openStoreOn(other, given, fileLog),
    });
  } catch (error) {
    await log.close().catch(() => undefined);
    throw error;
  }
}

/** Tells the options of the store from those of the index. */
function parted(options: StoreOptions): {
  readonly ofStore: Pick<StoreOptions, (typeof OF_STORE)[number]>;
  readonly ofIndex: Partial<ShardexOptions>;
} {
  const names = typeof options === 'object' && (options as unknown) !== null ? Object.keys(options) : [];
  const taken = takeOptions(options, [...new Set([...OF_STORE, ...names])] as (keyof StoreOptions)[]);
  const isOfStore = (name: string): boolean => (OF_STORE as readonly string[]).includes(name);
  const given = Object.entries(taken);
  return {
    ofStore: Object.fromEntries(given.filter(([name]) => isOfStore(name))),
    ofIndex: Object.fromEntries(given.filter(([name]) => !isOfStore(name))),
  };
}
