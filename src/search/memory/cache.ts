// The public side of the search cache: its budget, its size, and dropping it.
import { isWhole, show } from '../../config.js';
import { InvalidOptionError } from '../../errors.js';
import { takeOptions } from '../../checks/given.js';
import { type ShardexIndex, assertIndex } from '../../version/shardex-index.js';
import { dropFilters, filterBytes } from '../filters/filter-memory.js';
import { knownEngine, lineageEngine } from './engine.js';

/** What searching may keep beside the versions. */
export interface CacheOptions {
  /** Bytes of codes, centroids and copies of rows in memory at most, 0 to 2³¹. Default 256 MiB. */
  readonly maxBytes: number;
}

/**
 * Says how much memory the searches of a lineage, that is of all versions and forks with the same `config` object, may
 * use in this thread for what makes them fast. Beyond that, what was not used for longest goes first. Results never
 * depend on it.
 *
 * @throws {@link InvalidOptionError}, {@link InvalidIndexError}
 *
 * @example
 * ```ts
 * import { cacheBytes, configureCache, createIndex, dropCaches, search } from 'shardex';
 *
 * const index = createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }]);
 * configureCache(index, { maxBytes: 1_000_000 });
 * search(index, [1], { k: 1 }).length; // → 1
 * dropCaches(index);
 * cacheBytes(index); // → 0
 * ```
 */
export function configureCache(index: ShardexIndex, options: CacheOptions): void {
  assertIndex(index);
  const { maxBytes }: { readonly maxBytes: unknown } = takeOptions(options, ['maxBytes']);
  if (!isWhole(maxBytes, 0, 2 ** 31)) {
    throw new InvalidOptionError(
      'maxBytes',
      `maxBytes must be an integer from 0 to 2147483648, not ${show(maxBytes)}.`,
    );
  }
  lineageEngine(index.config).slots.most = maxBytes;
}

/**
 * Forgets what the searches of a lineage keep; they make it again when they need it. The memory itself goes back to the
 * platform when the last version of the lineage is collected, until then it is used again.
 *
 * @throws {@link InvalidIndexError}
 */
export function dropCaches(index: ShardexIndex): void {
  assertIndex(index);
  knownEngine(index.config)?.slots.clear();
  dropFilters(index.config);
}

/**
 * Bytes that the searches of a lineage keep in this thread, beside a fixed amount of scratch memory. Codes take about
 * `dimensions / 4` bytes a posting where `recall` is asked for, twice that where results are exact. Rows that were measured
 * are kept in copies, of `4 · dimensions` bytes a posting for whole blocks, as long as half of the budget is free. Filters
 * take about 50 bytes a document and 4 a posting, and copies of the rows that pass, up to 32 MiB for a version.
 *
 * @throws {@link InvalidIndexError}
 */
export function cacheBytes(index: ShardexIndex): number {
  assertIndex(index);
  return (knownEngine(index.config)?.slots.byteLength ?? 0) + filterBytes(index.config);
}
