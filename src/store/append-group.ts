/*
 * Appends a group to a log that may not answer: then looks whether the group is there, and tries again if not.
 */

import { UnansweredError } from './errors.js';
import type { Appended, CommitLog, Entry, Head } from './log/commit-log.js';

/** How often to ask a log that does not answer, and how long to wait in between, in milliseconds, at first. */
const TRIES = 5;
const PAUSE_MS = 20;

/** Appends a group, first by a turn if there is one. @throws {@link UnansweredError}, and what the log throws. */
export async function appendGroup(
  log: CommitLog,
  turn: CommitLog | undefined,
  parent: Head | undefined,
  entries: readonly Entry[],
): Promise<Appended> {
  let unanswered: UnansweredError | undefined;
  for (let tries = 1; ; tries++) {
    try {
      if (unanswered === undefined) return await (turn ?? log).append(parent, entries);
      return (await look(log, parent, entries)) ?? (await log.append(parent, entries));
    } catch (error) {
      if (error instanceof UnansweredError) unanswered = error;
      // Whatever a later try fails with says nothing of the first one.
      else throw unanswered ?? error;
      if (tries === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * 2 ** tries));
    }
  }
}

/** What became of a group: mine, another's, or `undefined` where the log has neither. */
async function look(
  log: CommitLog,
  parent: Head | undefined,
  entries: readonly Entry[],
): Promise<Appended | undefined> {
  for await (const batch of log.read(parent?.version ?? 0)) {
    if (batch[0].token !== entries[0].token) return { conflict: await log.head() };
    return { head: entries[entries.length - 1] };
  }
  return undefined;
}
