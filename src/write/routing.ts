// What adding rows to their nearest shards keeps from row to row.
import type { ShardexConfig } from '../config.js';
import { type ReusableProbe, reusableProbe } from '../geometry/metric.js';
import { type ShardFinder, shardFinder } from './shard-finder.js';

/** What a draft needs to find the shards that postings belong to, one after another. */
export class Routing {
  readonly probe: ReusableProbe;
  readonly finder: ShardFinder;

  constructor(config: ShardexConfig) {
    this.probe = reusableProbe(config.dimensions);
    this.finder = shardFinder(config);
  }
}
