/**
 * Decides shard by shard whether to try bounds that are proven, by what they were worth so far: after one that they were
 * not worth it for the next shard is not tried, after another one the next two, and so on. So whatever the data are, little is
 * tried in vain, and nothing is lost for long where later shards are another matter.
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

  /** Takes down whether it was worth it. */
  note(wasWorthIt: boolean): void {
    if (wasWorthIt) this.#pause = 1;
    else {
      this.#left = this.#pause;
      this.#pause *= 2;
    }
  }
}
