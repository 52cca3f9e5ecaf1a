/*
 * The log of a store, as people read it: what is known of each commit, newest first.
 */

import { takeOptions } from '../checks/given.js';
import { requireWhole } from '../config.js';
import { commitsBefore } from './commit-infos.js';
import type { StoreParts } from './parts.js';
import type { Step } from './entry-bytes.js';

/** Options of `Store.log`. */
export interface LogOptions {
  /** How many at most, the newest ones. Default 100; `Infinity` for all. */
  readonly limit?: number;
  /** Lists those before this version. Default: from the current version on, downwards. */
  readonly before?: number;
}

/** What is known of a commit. */
export interface LogEntry {
  /** The version that it made. */
  readonly version: number;
  /** The token of its write. */
  readonly token: string;
  /** When it was made, in milliseconds since 1970. */
  readonly time: number;
  /** Who made it, if the write said so. */
  readonly author?: string;
  /** What for, if the write said so. */
  readonly message?: string;
  /** Whether it was an undo or a redo. */
  readonly kind?: 'undo' | 'redo';
  /** The branch that it merged, and up to which of its versions. */
  readonly merged?: {
    /** The name of the branch. */
    readonly branch: string;
    /** Its version that was merged. */
    readonly version: number;
  };
  /** Bytes that its entry takes in the log. */
  readonly bytes: number;
  /** Tags of its version. */
  readonly tags: readonly string[];
}

/** Lists commits; see `Store.log`. */
export async function listCommits(
  { log, visible, kept }: StoreParts,
  options: LogOptions,
): Promise<readonly LogEntry[]> {
  const { limit = 100, before = visible.current.version + 1 } = takeOptions(options, ['limit', 'before']);
  if (limit !== Infinity) requireWhole('limit', limit, 1, Number.MAX_SAFE_INTEGER);
  requireWhole('before', before, 0, Number.MAX_SAFE_INTEGER);
  const tags = new Map<number, string[]>();
  for (const [name, version] of await kept.readTags())
    tags.set(version, [...(tags.get(version) ?? []), name]);
  const found: LogEntry[] = [];
  const newest = visible.current.version + 1;
  for await (const [summary, info] of commitsBefore(log, Math.min(before, newest))) {
    const { version, token, byteLength } = summary;
    const { step, merged, ...rest } = info;
    found.push(
      Object.freeze({
        version,
        token,
        ...rest,
        ...kindOf(step),
        ...(merged && { merged: Object.freeze({ branch: merged.branch, version: merged.version }) }),
        bytes: byteLength,
        tags: Object.freeze(tags.get(version) ?? []),
      }),
    );
    if (found.length >= limit) break;
  }
  return Object.freeze(found);
}

function kindOf(step: Step | undefined): Pick<LogEntry, 'kind'> {
  return step === undefined ? {} : { kind: step.kind };
}
