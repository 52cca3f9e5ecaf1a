/*
 * The page's side of the API: asks, and says what went wrong. All addresses are relative, so that they have the token.
 */

import type { Overview } from '../api/overview.js';
import type { Costs } from '../api/costs.js';
import type { Difference } from '../api/difference.js';
import type { Found } from '../api/find.js';
import type { History, ListedChange } from '../api/history.js';
import type { ShardMap } from '../api/shard-map.js';
import type { Ref } from '../versions.js';

/** Answers by call. */
interface Answers {
  readonly overview: Overview;
  readonly history: History;
  readonly changes: readonly ListedChange[];
  readonly map: ShardMap;
  readonly costs: Costs;
  readonly difference: Difference;
}

type Parameters = Readonly<Record<string, string | number | undefined>>;

/** Asks for something. */
export async function get<K extends keyof Answers>(
  name: K,
  parameters: Parameters = {},
): Promise<Answers[K]> {
  const given = Object.entries(parameters).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)]],
  );
  const query = new URLSearchParams(given).toString();
  return answerOf(await fetch(`api/${name}${query && `?${query}`}`)) as Promise<Answers[K]>;
}

/** Searches. */
export function search(body: object): Promise<Found> {
  return post('search', body) as Promise<Found>;
}

/** Sends something. */
export async function post(name: string, body: object): Promise<unknown> {
  const headers = { 'Content-Type': 'application/json' };
  return answerOf(await fetch(`api/${name}`, { method: 'POST', headers, body: JSON.stringify(body) }));
}

/** What a call says of the version that is shown, and of the one that is compared. */
export function pairOf(shown: Ref, against: Ref | undefined): Parameters {
  return {
    branch: shown.branch,
    version: shown.version,
    against: against?.version,
    ...(against !== undefined && { againstBranch: against.branch }),
  };
}

async function answerOf(response: Response): Promise<unknown> {
  const answer = (await response.json()) as { readonly error?: { readonly message: string } };
  if (!response.ok) throw new Error(answer.error?.message ?? `The explorer answered ${response.status}.`);
  return answer;
}
