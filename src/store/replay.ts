/*
 * Applies a run of commits when only the last version is wanted, as in opening. One pass over all rows finds the documents
 * that the commits name. Applying them one by one would need a map of all documents, which takes longer to make.
 */

import { because } from '../checks/given.js';
import type { Slices } from '../cell/ingest/slices.js';
import { type Replayed, replayDelta } from '../delta/apply.js';
import { Commit } from '../delta/commit.js';
import { ShardexError } from '../errors.js';
import { documentsInSteps } from '../version/documents-draft.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { CorruptLogError } from './errors.js';
import { decodeEntry, documentsOfEntry } from './entry-bytes.js';
import type { LoggedEntry } from './log/commit-log.js';

/** Commits on the way to a version. */
export class Replay {
  readonly #named: ReadonlySet<string>;
  #at: Replayed;

  private constructor(at: Replayed, named: ReadonlySet<string>) {
    this.#at = at;
    this.#named = named;
  }

  /**
   * Looks for what commits name, all of them in one pass. Each is decoded when it is its turn: a delta
   * takes more memory than its bytes. Time: O(documents named + rows of the index), in slices.
   *
   * @throws {@link CorruptLogError}, {@link LogFormatError}
   */
  static async of(index: ShardexIndex, entries: readonly LoggedEntry[], slices: Slices): Promise<Replay> {
    const named = new Set<string>();
    for (const entry of entries) {
      for (const documentId of documentsOfEntry(entry)) named.add(documentId);
      if (slices.isOver) await slices.pause();
    }
    const placed = await slices.run(documentsInSteps(index.shards.values(), named));
    return new Replay({ index, placed }, named);
  }

  /** The commit of the next of them. @throws {@link CorruptLogError}, {@link LogFormatError} */
  next(entry: LoggedEntry): Commit {
    const before = this.#at.index;
    const { delta } = decodeEntry(entry);
    this.#at = fitting(entry, () => replayDelta(this.#at, delta, this.#named));
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
