// One page of results: what a search finds behind the first ones, the same for all pages of one size.
import { keyText, keyOfRow } from '../version/posting.js';
import type { Searchable } from '../version/searchable.js';
import type { Engine } from './memory/engine.js';
import type { Query } from './memory/query.js';
import { MOST_RESULTS } from './options.js';
import { aimOf } from './ranking/plan.js';
import { type Outcome, type Sought, run } from './run.js';
import { type FoundRow, compareFound } from './scan/top-k.js';

/**
 * Searches for the page that begins behind the first `offset` results.
 *
 * A search for more results may find a near one that a search for few has missed, and then all behind it would move up by
 * one: the next page would begin with what the last one ended with. So results have fixed places: behind those of the
 * search for the first page come those that a search for twice as many finds beyond them, and so on. They depend on the
 * size of a page, and not on which one is asked for.
 */
export function runPage(
  index: Searchable,
  engine: Engine | undefined,
  query: Query,
  { offset = 0, ...options }: Sought,
): Outcome {
  const { k } = options;
  if (offset === 0) return run(index, engine, query, options);
  const end = offset + k;
  let outcome = run(index, engine, query, isNested(index, options) ? { ...options, k: end } : options);
  const places = [...outcome.found];
  const known = new Set(places.map((candidate) => nameOf(candidate, options)));
  for (let depth = isNested(index, options) ? end : k; depth < end && places.length === depth;) {
    depth = depth < MOST_RESULTS ? Math.min(2 * depth, MOST_RESULTS) : 2 * depth;
    const more = run(index, engine, query, { ...options, k: depth });
    for (const candidate of more.found) {
      if (places.length === depth) break;
      const name = nameOf(candidate, options);
      if (known.has(name)) continue;
      known.add(name);
      places.push(candidate);
    }
    outcome = both(outcome, more);
  }
  return { ...outcome, found: places.slice(offset, end).sort(compareFound) };
}

/** Whether what a search for more finds begins with what one for fewer finds. */
function isNested({ config }: Searchable, options: Sought): boolean {
  const { where, filter, distinct, slopFactor = config.slopFactor } = options;
  const aim = aimOf(options, config);
  if (aim !== undefined) return aim === 1;
  // A number of shards may be too few for a filter, or for so many documents; then others follow.
  return slopFactor === 'all' || (where === undefined && filter === undefined && distinct !== 'document');
}

/** What takes one place only: a search that looks farther may find another posting of a document to stand for it. */
function nameOf({ columns, row }: FoundRow, { distinct }: Sought): string {
  const { documentId, start, length } = keyOfRow(columns, row);
  return distinct === 'document' ? documentId : keyText(documentId, start, length);
}

/** What two searches did together, and what the latter says of what to expect. */
function both(first: Outcome, then: Outcome): Outcome {
  return {
    ...then,
    ranked: first.ranked + then.ranked,
    shards: first.shards + then.shards,
    rows: first.rows + then.rows,
    measured: first.measured + then.measured,
    exact: first.exact && then.exact,
  };
}
