// Collects the nearest few of many shards.
import type { ShardId } from './shard.js';

/** A shard with its separation or distance, smaller is nearer. */
export interface Ranked {
  readonly id: ShardId;
  readonly value: number;
}

/** Above this many, sorting once at the end is cheaper than inserting in order. */
const SORT_AT_END = 512;

/** Collects the `most` smallest values, ties to the smaller id. */
export class Nearest {
  /** Values above this one need not be offered. */
  worst: number;
  /** Whether `worst` becomes finite; otherwise all are collected, and cut at the end. */
  readonly bounded: boolean;
  readonly #most: number;
  readonly #found: Ranked[] = [];

  constructor(most: number) {
    this.#most = most;
    this.bounded = most <= SORT_AT_END;
    this.worst = most === 0 ? -Infinity : Infinity;
  }

  /** How many are collected. */
  get size(): number {
    return this.#found.length;
  }

  offer(id: ShardId, value: number): void {
    const found = this.#found;
    if (!this.bounded) {
      found.push({ id, value });
      return;
    }
    let at = found.length;
    while (
      at > 0 &&
      (value < found[at - 1].value || (value === found[at - 1].value && id < found[at - 1].id))
    )
      at--;
    if (at === this.#most) return;
    found.splice(at, 0, { id, value });
    if (found.length > this.#most) found.pop();
    if (found.length === this.#most) this.worst = found[this.#most - 1].value;
  }

  /** The collected shards, nearest first. */
  sorted(): Ranked[] {
    return this.bounded
      ? this.#found
      : this.#found.sort((a, b) => a.value - b.value || a.id - b.id).slice(0, this.#most);
  }
}
