/*
 * Appends a group, once, however often the line breaks: before another try, it looks whether an earlier one was carried out.
 */

import { UnansweredError } from '../store/errors.js';
import type { Appended, Entry, Head } from '../store/log/commit-log.js';
import { failureOf } from './failure.js';
import { groupOf } from './group.js';
import { channelOf } from './hints.js';
import { headFrom } from './line.js';
import type { Session } from './session.js';
import type { Statements } from './statements.js';
import type { Turn } from './turn.js';

/** Appends to a branch, in a turn if there is one. */
export async function append(
  session: Session,
  sql: Statements,
  branch: number,
  parent: Head | undefined,
  entries: readonly Entry[],
  turn?: Turn,
): Promise<Appended> {
  const by = turn?.pool ?? session.pool;
  const group = await session.patiently('keeping pieces of an entry', () =>
    groupOf(sql, branch, parent, entries, (...piece) => session.askBy(by, sql.putPiece, ...piece)),
  );
  const { version, token } = entries[entries.length - 1];
  const head = { version, token };
  const appended = async (): Promise<boolean> => (await session.ask(group.text, ...group.values)).length > 0;
  const newest = async (): Promise<Appended> => {
    const row = (await session.ask(sql.head, branch)).at(0);
    return { conflict: headFrom(row?.version, row?.token) };
  };
  const isThere = async (): Promise<boolean> =>
    (await session.ask(sql.token, branch, version)).at(0)?.token === token;
  const answer = await session.patiently(
    'appending',
    async (tries): Promise<Appended> => {
      if (tries === 1) {
        const isFirst = await (turn === undefined ? appended() : turn.append(group.text, group.values));
        return isFirst ? { head } : await newest();
      }
      // An earlier try may have been carried out, though its answer was lost; or it is on its way still.
      try {
        return (await isThere()) || (await appended()) || (await isThere()) ? { head } : await newest();
      } catch (error) {
        throw new UnansweredError(failureOf(error, 'appending').message);
      }
    },
    (message) => new UnansweredError(message),
  );
  if (answer.head !== undefined) session.quietly(sql.notify, channelOf(branch), String(version));
  else if (group.uploads.length > 0) session.quietly(sql.dropUpload, group.uploads);
  return answer;
}
