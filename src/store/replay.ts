/*
 * Applies a run of commits when only the last version is wanted, as in opening. One pass over all rows finds the documents
 * that the commits name. Applying them one by one would need a map of all documents, which takes longer to make.
 */

import { because } from '../checks/given.js';
import type { Slices } from '../cell/ingest/slices.js';
import { type Replayed, addNamed, replayDelta } from '../delta/apply.js';
import { Commit } from '../delta/commit.js';
import type { Delta } from '../delta/delta.js';
import { ShardexError } from '../errors.js';
import { documentsInSteps } from '../version/documents-draft.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { CorruptLogError } from './errors.js';
import { decodeEntry } from './entry-bytes.js';
import type { LoggedEntry } from './log/commit-log.js';

/** Commits on the way to a version. */
export class Replay {
  readonly #deltas: ReadonlyMap<LoggedEntry, Delta>;
  readonly #named: ReadonlySet<string>;
  #at: Replayed;

  private constructor(at: Replayed, deltas: ReadonlyMap<LoggedEntry, Delta>, named: ReadonlySet<string>) {
    this.#at = at;
    this.#deltas = deltas;
    this.#named = named;
  }

  /**
   * Decodes commits and looks for what they name. Time: O(their bytes + rows of the index), in slices.
   *
   * @throws {@link CorruptLogError}, {@link LogFormatError}
   */
  static async of(index: ShardexIndex, entries: readonly LoggedEntry[], slices: Slices): Promise<Replay> {
    const named = new Set<string>();
    const deltas = new Map<LoggedEntry, Delta>();
    for (const entry of entries) {
      const { delta } = decodeEntry(entry);
      addNamed(delta, named);
      deltas.set(entry, delta);
      if (slices.isOver) await slices.pause();
    }
    const placed = await slices.run(documentsInSteps(index.shards.values(), named));
    return new Replay({ index, placed }, deltas, named);
  }

  /** The commit of the next of them. @throws {@link CorruptLogError} */
  next(entry: LoggedEntry): Commit {
    const before = this.#at.index;
    this.#at = fitting(entry, () => replayDelta(this.#at, this.#deltas.get(entry) as Delta, this.#named));
    return new Commit(before, this.#at.index);
  }
}

/** Applies the delta of an entry. @throws {@link CorruptLogError} where it does not fit the version before it. */
export function fitting<T>({ version }: LoggedEntry, apply: () => T): T {
  try {
    return apply();
  } catch (error) {
    if (!(error instanceof ShardexError)) throw error;
    const message = `The entry of version ${version} does not fit the version before it: ${error.message}`;
    throw because(new CorruptLogError(message, version), error);
  }
}
