import { type ReusableProbe, reusableProbe } from '../geometry/metric.js';
import { RankingRoom } from '../version/centroid-table.js';

/** What a draft needs to find the shards that postings belong to, one after another. */
export class Routing {
  readonly probe: ReusableProbe;
  readonly room = new RankingRoom();

  constructor(dimensions: number) {
    this.probe = reusableProbe(dimensions);
  }
}
