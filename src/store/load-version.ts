/*
 * Makes a version out of the log: from the newest checkpoint up to it, and the entries in between.
 */

import type { ShardexIndex } from '../version/shardex-index.js';
import type { Written } from './checkpoint/written.js';
import { TrimmedError } from './errors.js';
import { type LogReader, applied } from './log-reader.js';
import type { CommitLog, Head, LoggedEntry } from './log/commit-log.js';

/** A version out of the log. */
export interface LoadedVersion {
  readonly index: ShardexIndex;
  /** The chunks that it was loaded from. */
  readonly written: Written | undefined;
}

/**
 * Loads a version; `undefined` where the log leads there no more. Time: as opening a store.
 *
 * @throws {@link CorruptLogError}, {@link LogFormatError}, and what the log throws.
 */
export async function loadVersion(
  log: CommitLog,
  reader: LogReader,
  version: number,
): Promise<LoadedVersion | undefined> {
  const { index, written } = await reader.start(version);
  const found = await readOn(log, reader, index, version);
  return found?.version === version ? { index: found, written } : undefined;
}

/** Returns a version with its token; `undefined` if the log has neither its entry nor its checkpoint. */
export async function headAt(log: CommitLog, version: number): Promise<Head | undefined> {
  const found = (await log.entries(version + 1, 1)).at(0) ?? (await log.latestCheckpoint(version));
  return found?.version === version ? { version, token: found.token } : undefined;
}

/** Makes the commits after a version on top of it, up to another one or the newest; `undefined` where they are gone. */
export async function readOn(
  log: CommitLog,
  reader: LogReader,
  from: ShardexIndex,
  version = Infinity,
): Promise<ShardexIndex | undefined> {
  let index = from;
  if (index.version >= version) return index;
  try {
    for await (const batch of log.read(index.version)) {
      await reader.documentsOf(index);
      for (const entry of batch) {
        ({ index } = applied(index, entry));
        if (index.version === version) return index;
      }
    }
    return index;
  } catch (error) {
    if (error instanceof TrimmedError) return undefined;
    throw error;
  }
}

/** The entry of a version; `undefined` where it is gone. */
export async function entryOf(log: CommitLog, version: number): Promise<LoggedEntry | undefined> {
  try {
    for await (const [entry] of log.read(version - 1, { maxBytes: 1 })) return entry;
  } catch (error) {
    if (!(error instanceof TrimmedError)) throw error;
  }
  return undefined;
}
