// Decides shard by shard whether proving bounds is worth trying (adaptive query execution).

/**
 * Backs off from proving bounds where it was not worth it.
 *
 * After the first failure it skips one shard, after the next two, then four. So little is tried in vain on any data, and
 * later shards that differ get their chance.
 */
export class Trial {
  #left = 0;
  #pause = 1;

  /** Whether to try the next shard. */
  next(): boolean {
    if (this.#left === 0) return true;
    this.#left--;
    return false;
  }

  /** Notes whether a try was worth it. */
  note(wasWorthIt: boolean): void {
    if (wasWorthIt) this.#pause = 1;
    else {
      this.#left = this.#pause;
      this.#pause *= 2;
    }
  }
}
