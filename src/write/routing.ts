// Scratch memory and the finder with which a draft routes rows to their nearest shards.
import type { ShardexConfig } from '../config.js';
import { type ReusableProbe, reusableProbe } from '../geometry/metric.js';
import { type ShardFinder, shardFinder } from './shard-finder.js';

/** Finds the nearest shards of rows, one after another: a probe to fill, and a shard finder. */
export class Routing {
  readonly probe: ReusableProbe;
  readonly finder: ShardFinder;

  constructor(config: ShardexConfig) {
    this.probe = reusableProbe(config.dimensions);
    this.finder = shardFinder(config);
  }
}
