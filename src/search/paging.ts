// Pages of results: the results behind the first `offset`, so that pages of one size never overlap.
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
 * A search for more results may find a near one that a search for few has missed. All behind it would move back by one,
 * and the next page would begin with the last result of this one. So each result has a fixed rank: behind the results of
 * the first page come those that a search for twice as many adds, and so on. Ranks depend on the size of a page, not on
 * which page is asked for.
 */
export function runPage(
  index: Searchable,
  engine: Engine | undefined,
  query: Query,
  sought: Sought,
): Outcome {
  if ((sought.offset ?? 0) === 0) return run(index, engine, query, sought);
  const { offset = 0, ...options } = sought;
  const { k } = options;
  const end = offset + k;
  let outcome = run(index, engine, query, isNested(index, options) ? { ...options, k: end } : options);
  const ranked = [...outcome.found];
  const known = new Set(ranked.map((row) => keyOf(row, options)));
  for (let depth = isNested(index, options) ? end : k; depth < end && ranked.length === depth;) {
    depth = depth < MOST_RESULTS ? Math.min(2 * depth, MOST_RESULTS) : 2 * depth;
    const more = run(index, engine, query, { ...options, k: depth });
    for (const row of more.found) {
      if (ranked.length === depth) break;
      const key = keyOf(row, options);
      if (known.has(key)) continue;
      known.add(key);
      ranked.push(row);
    }
    outcome = both(outcome, more);
  }
  return { ...outcome, found: ranked.slice(offset, end).sort(compareFound) };
}

/** Whether the results of a search for more begin with those of one for fewer. */
function isNested({ config }: Searchable, options: Sought): boolean {
  const { where, filter, distinct, slopFactor = config.slopFactor } = options;
  const aim = aimOf(options, config);
  if (aim !== undefined) return aim === 1;
  // With a filter or distinct documents, a number of shards may be too few; then others are scanned.
  return slopFactor === 'all' || (where === undefined && filter === undefined && distinct !== 'document');
}

/** What has one rank: a search that looks farther may find another posting to stand for a document. */
function keyOf({ columns, row }: FoundRow, { distinct }: Sought): string {
  const { documentId, start, length } = keyOfRow(columns, row);
  return distinct === 'document' ? documentId : keyText(documentId, start, length);
}

/** Adds up what two searches did; the second says what to expect. */
function both(first: Outcome, then: Outcome): Outcome {
  return {
    ...then,
    ranked: first.ranked + then.ranked,
    shards: first.shards + then.shards,
    rows: first.rows + then.rows,
    measured: first.measured + then.measured,
    exact: first.exact && then.exact,
    scanned: () => [...first.scanned(), ...then.scanned()],
  };
}
