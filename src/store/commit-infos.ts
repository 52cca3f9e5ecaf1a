/*
 * Goes back through a log by what its commits say of themselves, without their changes.
 */

import { entryOf } from './load-version.js';
import type { CommitLog, EntrySummary } from './log/commit-log.js';
import { type CommitInfo, decodeInfo, hasInfo } from './entry-bytes.js';

/** Entries that are asked for at a time. */
const PAGE = 500;

/** The commits before a version, newest first, as far as the log has them. */
export async function* commitsBefore(
  log: CommitLog,
  before: number,
): AsyncGenerator<readonly [EntrySummary, CommitInfo]> {
  let end = before;
  while (end > 1) {
    const page = await log.entries(end, PAGE);
    for (const summary of page) yield [summary, await infoOf(log, summary)];
    if (page.length < PAGE) return;
    end = page[page.length - 1].version;
  }
}

/** What is known of the commit of a version; `undefined` where the log has it no more. */
export async function infoAt(log: CommitLog, version: number): Promise<CommitInfo | undefined> {
  const summary = (await log.entries(version + 1, 1)).at(0);
  return summary?.version === version ? infoOf(log, summary) : undefined;
}

/** What is known of a commit; of one that says a lot, the whole entry has to be read. */
async function infoOf(log: CommitLog, summary: EntrySummary): Promise<CommitInfo> {
  const { version, start } = summary;
  const entry = hasInfo(summary) ? { version, bytes: start } : await entryOf(log, version);
  return decodeInfo(entry ?? { version, bytes: start });
}
