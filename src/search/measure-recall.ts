/*
 * `measureRecall`: searches twice, by recall and exactly, and compares. The sample that searches by recall go by is made of
 * the index's own postings; this shows what recall real queries get.
 */
import type { Filter } from '../documents/filter/filter.js';
import { parseFilter } from '../documents/filter/parse.js';
import { filteredRows } from './filters/filter-memory.js';
import { isThenable } from '../checks/callbacks.js';
import { assertFunction, isWhole, show } from '../config.js';
import { InvalidOptionError, type PostingKey } from '../errors.js';
import { takeOptions } from '../checks/given.js';
import { seededRandom } from '../geometry/random.js';
import { postingOfRow, type VectorInput, writeVector } from '../version/posting.js';
import { type ShardexIndex, assertIndex } from '../version/shardex-index.js';
import { eachLive } from '../version/shard-rows.js';
import { takeSearchOptions } from './options.js';
import { eachQuery, search } from './search.js';

/** What {@link measureRecall} measures. */
export interface MeasureOptions<M extends object = object> {
  /** How many results each search asks for, 1 to 10,000. */
  readonly k: number;
  /** The recall that is asked for, above 0 to 1. Default 0.95. */
  readonly recall?: number;
  /** Default `'posting'`; see `SearchOptions.distinct`. */
  readonly distinct?: 'posting' | 'document';
  /** Measures searches with this filter; see `SearchOptions.where`. */
  readonly where?: Filter<M>;
  /** Queries to search for. Without them, postings that pass are drawn, each looked for as if it were not there. */
  readonly queries?: Iterable<VectorInput>;
  /** How many postings to draw, 1 to 100,000; default 200. Not together with `queries`. */
  readonly count?: number;
  /** Called after each query with how many are done, of how many; a promise is waited for. */
  readonly onProgress?: (done: number, all: number) => unknown;
}

/** What {@link measureRecall} found. */
export interface MeasuredRecall {
  /** The share of the true nearest that was found, on average over the queries. */
  readonly recall: number;
  /** Standard error of that. */
  readonly standardError: number;
  /** How many queries there were. */
  readonly queries: number;
}

const OPTIONS = ['k', 'recall', 'distinct', 'where', 'queries', 'count', 'onProgress'] as const;

/**
 * Measures the recall of searches against exact ones, on an index's own data or on given queries.
 *
 * A result counts if it is no farther than the last of the true nearest, so any of several tied ones counts. The event loop
 * runs between two queries.
 *
 * Time: O(postings · dimensions) for each query, as exact searches take.
 *
 * @throws {@link InvalidOptionError}, {@link InvalidVectorError}, {@link InvalidIndexError}; the promise rejects with
 * them, and with what `onProgress` throws or rejects with.
 *
 * @example
 * ```ts
 * import { createIndex, measureRecall } from 'shardex';
 *
 * const postings = Array.from({ length: 100 }, (_, i) => ({ documentId: `d${i}`, vector: [Math.cos(i), Math.sin(i)] }));
 * const { recall, queries } = await measureRecall(createIndex({ dimensions: 2 }, postings), { k: 3, count: 20 });
 * recall; // → 1
 * queries; // → 20
 * ```
 */
export async function measureRecall<M extends object>(
  index: ShardexIndex<M>,
  options: MeasureOptions<M>,
): Promise<MeasuredRecall> {
  assertIndex(index);
  const taken = takeMeasureOptions(options);
  const { k, recall = 0.95, distinct, where, onProgress } = taken;
  const queries = queriesFor(index, taken);
  const shares: number[] = [];
  for (const { vector, without } of queries) {
    const filter = without === undefined ? {} : { filter: without };
    const way = {
      k,
      ...filter,
      ...(distinct !== undefined && { distinct }),
      ...(where !== undefined && { where }),
    };
    const truth = search(index, vector, { ...way, slopFactor: 'all' });
    const farthest = truth.at(-1)?.distance ?? 0;
    const found = search(index, vector, { ...way, recall }).filter(({ distance }) => distance <= farthest);
    shares.push(truth.length === 0 ? 1 : Math.min(1, found.length / truth.length));
    const reported = onProgress?.(shares.length, queries.length);
    if (isThenable(reported)) await reported;
    await new Promise((resolve) => setTimeout(resolve));
  }
  const mean = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
  const squares = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0);
  return Object.freeze({
    recall: shares.length === 0 ? 1 : mean,
    standardError: Math.sqrt(squares) / Math.max(1, shares.length),
    queries: shares.length,
  });
}

const DEFAULT_COUNT = 200;

interface TestQuery {
  readonly vector: VectorInput;
  /** Refuses the posting that is the query. */
  readonly without?: (posting: PostingKey) => boolean;
}

/** The given queries, copied one by one, or else drawn postings. */
function queriesFor<M extends object>(
  index: ShardexIndex<M>,
  { queries, count, where }: MeasureOptions<M>,
): readonly TestQuery[] {
  if (queries === undefined) return drawnFrom(index, where, count ?? DEFAULT_COUNT);
  const { dimensions } = index.config;
  // Copied one by one: a generator may yield one buffer again and again.
  return Array.from(eachQuery(queries), (query) => {
    const vector = new Float64Array(dimensions);
    writeVector(query, dimensions, vector, 0);
    return { vector: [...vector] };
  });
}

/** Draws postings from equal parts of what passes, in the order of the shards; the same ones each time. */
function drawnFrom(index: ShardexIndex, where: object | undefined, count: number): TestQuery[] {
  const { config } = index;
  const { shards, rowCount } =
    where === undefined
      ? { shards: index.shards, rowCount: index.postingCount }
      : filteredRows(index, parseFilter(where)).rows;
  const random = seededRandom(config.seed);
  const wanted = Math.min(count, rowCount);
  const positions = Array.from({ length: wanted }, (_, i) =>
    Math.floor(((i + random()) * rowCount) / wanted),
  );
  const drawn: TestQuery[] = [];
  let position = 0;
  for (const { rows } of shards.values()) {
    eachLive(rows, (columns, row) => {
      if (position++ !== positions[drawn.length]) return false;
      const { vector, documentId, start, length } = postingOfRow(columns, row, config.dimensions);
      drawn.push({
        vector,
        without: (other) =>
          other.documentId !== documentId || other.start !== start || other.length !== length,
      });
      return drawn.length === wanted;
    });
  }
  return drawn;
}

function takeMeasureOptions<M extends object>(options: MeasureOptions<M>): MeasureOptions<M> {
  const taken = takeOptions(options, OPTIONS);
  const { queries, count, onProgress }: Partial<Record<keyof MeasureOptions, unknown>> = taken;
  const { k, recall, distinct, where } = taken;
  takeSearchOptions({
    k,
    ...(recall !== undefined && { recall }),
    ...(distinct !== undefined && { distinct }),
    ...(where !== undefined && { where: where }),
  });
  assertFunction('onProgress', onProgress);
  if (count !== undefined && !isWhole(count, 1, MOST_COUNT)) {
    throw new InvalidOptionError('count', `count must be an integer from 1 to 100,000, not ${show(count)}.`);
  }
  if (queries !== undefined && count !== undefined) {
    throw new InvalidOptionError(
      'count',
      'count is of postings to draw; leave it out where queries are given.',
    );
  }
  return taken;
}

const MOST_COUNT = 100_000;
