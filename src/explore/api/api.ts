/*
 * The API of the page: each call takes parameters and answers with a JSON value. Calls that write are there only where writing
 * was asked for.
 */

import type { Filter } from '../../index.js';
import type { Ref, Versions } from '../versions.js';
import { costsOf } from './costs.js';
import { differenceOf } from './difference.js';
import { findIn } from './find.js';
import { changesOf, historyOf } from './history.js';
import { overviewOf } from './overview.js';
import { Given } from './given.js';
import { rememberedAxes } from './projection.js';
import { mappedBy, shardMapOf } from './shard-map.js';
import { documentOf } from './document.js';
import { writesOf } from './writes.js';

/** Answers a call. */
export type Call = (parameters: Readonly<Record<string, unknown>>) => unknown;

/** Calls by method and name, as `GET map`. */
export type Api = ReadonlyMap<string, Call>;

/** Versions, postings and records that one answer lists at most. */
const MOST_LISTED = 500;

/** Makes the API over some versions. */
export function apiOf(versions: Versions, mayWrite: boolean): Api {
  const axesOf = rememberedAxes();
  const reads: Record<string, (given: Given) => unknown> = {
    'GET overview': () => overviewOf(versions, mayWrite),
    'GET history': (given) =>
      historyOf(versions, {
        branch: given.text('branch'),
        before: given.whole('before', 0),
        limit: given.whole('limit', 1, MOST_LISTED) ?? 50,
      }),
    'GET changes': (given) =>
      changesOf(versions, given.text('branch'), given.wholes('versions', MOST_LISTED)),
    'GET map': async (given) => {
      const pair = await versions.pair(shownRef(given), againstRef(given));
      return shardMapOf(pair, axesOf(mappedBy(pair)));
    },
    'GET costs': () => costsOf(versions.cell),
    'GET difference': async (given) => {
      const { shown, against } = await versions.pair(shownRef(given), againstRef(given) ?? {});
      return differenceOf(against ?? shown, shown, given.whole('limit', 0, MOST_LISTED) ?? 50);
    },
    'GET document': async (given) => documentOf(await versions.find(shownRef(given)), given.text('id') ?? ''),
    'POST search': async (given) => {
      const pair = await versions.pair(shownRef(given), againstRef(given));
      return findIn(pair.shown, axesOf(mappedBy(pair)), {
        vector: given.vector('vector'),
        like: given.text('like'),
        where: given.object('where') as Filter | undefined,
        k: given.whole('k', 1, MOST_LISTED) ?? 10,
        recall: given.number('recall'),
      });
    },
  };
  const calls = { ...reads, ...(mayWrite ? writesOf(versions) : {}) };
  return new Map(
    Object.entries(calls).map(([name, call]): [string, Call] => [name, (given) => call(new Given(given))]),
  );
}

/** The version that is shown. */
export function shownRef(given: Given): Ref {
  return { branch: given.text('branch'), version: given.whole('version', 0) };
}

/** The version that is compared, where there is one. Like the other one, it is on the store's own branch unless it says which. */
function againstRef(given: Given): Ref | undefined {
  const version = given.whole('against', 0);
  return version === undefined ? undefined : { branch: given.text('againstBranch'), version };
}
