// Requests at fixed times, and the latencies of their answers.
import { quantile } from 'd3-array';

/** Milliseconds between two requests. */
const EVERY = 2;

/** Requests that fall due at fixed times, however long the ones before took: who answers late has kept them waiting. */
export class Requests {
  readonly latencies: number[] = [];
  #due: number;
  #next = 0;

  constructor(private readonly answer: (nth: number) => unknown) {
    this.#due = performance.now() + EVERY;
  }

  /** Milliseconds until the next one. */
  get untilDue(): number {
    return this.#due - performance.now();
  }

  /** Answers what is due. */
  serve(): void {
    while (performance.now() >= this.#due) {
      this.answer(this.#next++);
      this.latencies.push(performance.now() - this.#due);
      this.#due += EVERY;
    }
  }
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly count: number;
}

export function summary(latencies: readonly number[]): Latency {
  return {
    p50: quantile(latencies, 0.5) ?? Number.NaN,
    p99: quantile(latencies, 0.99) ?? Number.NaN,
    count: latencies.length,
  };
}
