/*
 * Finds the shard that a row belongs to (I6). Of few shards it measures all centroids; of many, those that their shadows do
 * not prove too far. The result is the same, to the bit and in the order of ties.
 */
import type { ShardexConfig } from '../config.js';
import { type Probe, separations } from '../geometry/metric.js';
import { createKernels } from '../kernels/create-kernels.js';
import type { Kernels } from '../kernels/kernels.js';
import { codable } from '../search/memory/block-codes.js';
import {
  type CentroidTable,
  MOST_IN_CHUNK,
  RankingScratch,
  matrixOfChunk,
  rankShards,
} from '../version/centroid-table.js';
import type { Ranked } from '../version/nearest.js';
import { CentroidShadows, type CentroidPosition } from './centroid-shadows.js';

/** Fewer centroids than this are all measured. */
export const LEAST_SHARDS = 128;

/** With fewer dimensions than this, shadows do not pay. */
const LEAST_DIMENSIONS = 16;

/** Finders by lineage, whose versions share one configuration. */
const finders = new WeakMap<ShardexConfig, ShardFinder>();

/** Returns the shard finder of a lineage; makes it on first use. */
export function shardFinder(config: ShardexConfig): ShardFinder {
  let finder = finders.get(config);
  if (finder === undefined) finders.set(config, (finder = new ShardFinder(config)));
  return finder;
}

/** Finds the nearest shards of rows, one after another. */
export class ShardFinder {
  /** How many centroids were measured so far. */
  compared = 0;
  readonly #config: ShardexConfig;
  readonly #scratch = new RankingScratch();
  readonly #out = new Float64Array(MOST_IN_CHUNK);
  #kernels: Kernels | undefined;
  #shadows: CentroidShadows | undefined;

  constructor(config: ShardexConfig) {
    this.#config = config;
  }

  /** Returns the shard nearest to a row; of equally near ones that of the smallest id. The table must not be empty. */
  find(table: CentroidTable, probe: Probe): Ranked {
    const shadows = this.#shadowsFor(table, probe);
    const found = shadows && this.#among(shadows, table, probe);
    if (found !== undefined) return found;
    this.compared += table.size;
    const [nearest] = rankShards(table, this.#config.metric, probe, 1, 'separation', Infinity, this.#scratch);
    return nearest;
  }

  /** Returns the shadows to use; `undefined` if they would not pay or their error bounds do not hold. */
  #shadowsFor(table: CentroidTable, { squaredNorm }: Probe): CentroidShadows | undefined {
    const { dimensions } = this.#config;
    if (table.size < LEAST_SHARDS || dimensions < LEAST_DIMENSIONS) return undefined;
    if (!codable(squaredNorm) || !codable(table.shortest) || !codable(table.longest)) return undefined;
    const kernels = (this.#kernels ??= createKernels());
    // Without SIMD, measuring shadows takes longer than measuring all centroids.
    if (!kernels.simd) return undefined;
    if (this.#shadows === undefined) this.#shadows = new CentroidShadows(this.#config, kernels);
    else if (this.#shadows.isVague) this.#shadows = new CentroidShadows(this.#config, kernels, true);
    return this.#shadows;
  }

  /** Finds the nearest shard by shadows; `undefined` if no centroid has one yet. */
  #among(shadows: CentroidShadows, table: CentroidTable, probe: Probe): Ranked | undefined {
    const missing = shadows.follow(table);
    const first = shadows.measure(table, probe);
    if (first === undefined) return undefined;
    const best = { id: Infinity, value: Infinity };
    this.#offer(best, table, probe, first, 1);
    for (const chunk of missing)
      this.#offer(best, table, probe, { chunk, member: 0 }, table.chunks[chunk].ids.length);
    const count = shadows.within(best.value);
    for (let i = 0; i < count; i++) this.#offer(best, table, probe, shadows.at(i), 1);
    return best;
  }

  /** Measures `count` centroids of a chunk from a position on, and keeps the best. */
  #offer(
    best: { -readonly [K in keyof Ranked]: Ranked[K] },
    { chunks }: CentroidTable,
    probe: Probe,
    { chunk, member }: CentroidPosition,
    count: number,
  ): void {
    const { ids } = chunks[chunk];
    const out = this.#out;
    separations(this.#config.metric, probe, matrixOfChunk(chunks[chunk]), member, count, out);
    this.compared += count;
    for (let i = 0; i < count; i++) {
      const id = ids[member + i];
      if (out[i] > best.value || (out[i] === best.value && id > best.id)) continue;
      best.id = id;
      best.value = out[i];
    }
  }
}
