// The public side of the search cache: sets its budget, tells its size, drops it.
import { isWhole, show } from '../../config.js';
import { InvalidOptionError } from '../../errors.js';
import { takeOptions } from '../../checks/given.js';
import { type ShardexIndex, assertIndex } from '../../version/shardex-index.js';
import { dropFilters, filterBytes } from '../filters/filter-memory.js';
import { knownEngine, lineageEngine } from './engine.js';

/** Limits of the search cache. */
export interface CacheOptions {
  /** Bytes of codes, centroids and copies of rows in memory at most, 0 to 2³¹. Default 256 MiB. */
  readonly maxBytes: number;
}

/**
 * Sets how much memory the search cache of a lineage may take in this thread.
 *
 * A lineage is all versions and forks with the same `config` object. Beyond the budget, entries that were not used for a
 * while are evicted. Results never depend on it.
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
 * Empties the search cache of a lineage; searches fill it again.
 *
 * The memory itself is used again. It goes back to the platform when the last version of the lineage is collected.
 *
 * @throws {@link InvalidIndexError}
 */
export function dropCaches(index: ShardexIndex): void {
  assertIndex(index);
  knownEngine(index.config)?.slots.clear();
  dropFilters(index.config);
}

/**
 * The size of a lineage's search cache in this thread, in bytes.
 *
 * Codes take about `dimensions / 4` bytes a posting for searches by recall, twice that for exact ones. Copies of rows that
 * were measured take `4 · dimensions` bytes a posting, for whole blocks, as long as half of the budget is free. Filters take
 * about 50 bytes a document and 4 a posting, and copies of the rows that pass, up to 32 MiB for a version. A fixed amount
 * of scratch memory does not count.
 *
 * @throws {@link InvalidIndexError}
 */
export function cacheBytes(index: ShardexIndex): number {
  assertIndex(index);
  return (knownEngine(index.config)?.slots.byteLength ?? 0) + filterBytes(index.config);
}
