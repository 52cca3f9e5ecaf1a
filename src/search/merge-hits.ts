// `mergeHits`: joins what searches of several indexes have found into the results of one search of all of them.
import { takeOptions, fieldOf, iterated } from '../checks/given.js';
import { requireWhole, show } from '../config.js';
import { InvalidOptionError, type PostingKey } from '../errors.js';
import { compareKeys, keyText } from '../version/posting.js';

/** What {@link mergeHits} needs of a hit; those of a search have it. */
export interface DistantHit extends PostingKey {
  /** The metric's own distance, smaller is nearer. */
  readonly distance: number;
}

/** How {@link mergeHits} joins lists. */
export interface MergeHitsOptions {
  /** How many hits to return; 1 or more, also `Infinity`. */
  readonly k: number;
}

/**
 * Merges the results of one query in several indexes, nearest first, as if all had been in one.
 *
 * The lists are of parts of an index that is too large for one machine, or of tenants that are searched together. All must be
 * of one metric, whose distances can be compared; what cannot be, such as of two models, joins by {@link fuse}. Where each part
 * was searched for `k`, the merged hits are the `k` nearest of all. Of a posting that is in several parts the nearest counts.
 *
 * Time: O(hits · log hits).
 *
 * @throws {@link InvalidOptionError}
 *
 * @example
 * ```ts
 * import { createIndex, mergeHits, search } from 'shardex';
 *
 * const parts = [
 *   createIndex({ dimensions: 1, metric: 'euclidean' }, [{ documentId: 'a', vector: [1] }]),
 *   createIndex({ dimensions: 1, metric: 'euclidean' }, [{ documentId: 'b', vector: [2] }]),
 * ];
 * const lists = parts.map((part) => search(part, [1.9], { k: 2 }));
 * mergeHits(lists, { k: 2 }).map(({ documentId }) => documentId); // → ['b', 'a']
 * ```
 */
export function mergeHits<Hit extends DistantHit>(
  lists: Iterable<Iterable<Hit>>,
  options: MergeHitsOptions,
): Hit[] {
  const { k } = takeOptions(options, ['k']);
  if (k !== Infinity) requireWhole('k', k, 1, Number.MAX_SAFE_INTEGER);
  const hits: Hit[] = [];
  let l = 0;
  for (const list of iterated(lists, (what) =>
    wrong(`lists must be an iterable of lists of hits, not ${what}.`),
  )) {
    for (const hit of iterated(list, (what) => wrong(`List ${l} must be an iterable of hits, not ${what}.`)))
      hits.push(checked(hit, l));
    l++;
  }
  const seen = new Set<string>();
  const merged: Hit[] = [];
  for (const hit of hits.sort((a, b) => a.distance - b.distance || compareKeys(a, b))) {
    if (merged.length === k) break;
    const key = keyText(hit.documentId, hit.start, hit.length);
    if (seen.has(key)) continue;
    seen.add(key);
    merged.push(hit);
  }
  return merged;
}

function checked<Hit extends DistantHit>(hit: Hit, list: number): Hit {
  const [id, start, length, distance] = ['documentId', 'start', 'length', 'distance'].map((name) =>
    fieldOf(hit, name),
  );
  const isHit =
    typeof id === 'string' &&
    typeof start === 'number' &&
    typeof length === 'number' &&
    typeof distance === 'number' &&
    !Number.isNaN(distance);
  if (isHit) return hit;
  throw wrong(
    `Each hit of list ${list} must have documentId, start, length and distance, as those of search() have, not ${show(hit)}.`,
  );
}

function wrong(message: string): InvalidOptionError {
  return new InvalidOptionError('lists', message);
}
