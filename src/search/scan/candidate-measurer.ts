// Measures candidates in the order of their bounds, until the next bound is beyond the worst result (re-ranking).
import type { Metric } from '../../config.js';
import { PROVEN, type Confidence } from '../confidence.js';
import { fromKernel, thresholdFor } from './estimates.js';
import { type RowMeasurer, TOGETHER } from './row-measurer.js';
import type { Kept } from './top-k.js';
import type { Candidates } from './candidates.js';

/** Candidates that are sorted first; then twice as many, and so on, as most are never reached. */
const FIRST_PART = 32;

/**
 * Candidates measured between shards, as a multiple of k.
 *
 * Enough for a good bound, and few enough not to measure rows that a later bound excludes.
 */
const SOME = 1.2;

/** Rows that are fetched together. */
const AHEAD = 32;

/**
 * Measures candidates.
 *
 * Unless bounds are proven, a row is kept by its distance or by its bound, whichever is more. So what is kept does not
 * depend on when it was measured, or on what was known by then (I10).
 */
export class CandidateMeasurer {
  readonly #metric: Metric;
  readonly #candidates: Candidates;
  readonly #measurer: RowMeasurer;
  readonly #best: Kept;
  readonly #sure: Confidence;

  constructor(metric: Metric, candidates: Candidates, measurer: RowMeasurer, best: Kept, sure: Confidence) {
    this.#metric = metric;
    this.#candidates = candidates;
    this.#measurer = measurer;
    this.#best = best;
    this.#sure = sure;
  }

  /** Measures the most promising candidates, and keeps the others. */
  measureSome(): void {
    const candidates = this.#candidates;
    const count = candidates.order(0, Math.ceil(SOME * this.#best.most), this.#threshold());
    if (this.#measurePart(0, count)) candidates.drop(count);
    else candidates.clear();
  }

  /**
   * Measures all candidates that their bounds do not rule out; then none is left.
   *
   * If more than `mostSorted` are left after the first, all of them are measured unsorted: that costs less. So they are where
   * all are kept.
   */
  measure(mostSorted: number): void {
    const candidates = this.#candidates;
    if (this.#best.most === Infinity) {
      this.#measureRest(0);
      candidates.clear();
      return;
    }
    let goesOn = true;
    const first = this.#best.worst === Infinity ? Math.max(FIRST_PART, this.#best.most) : FIRST_PART;
    for (let done = 0, part = first; done < candidates.count && goesOn; part *= 2) {
      // Most candidates that came before any result are ruled out by now.
      const count = candidates.order(done, part, this.#threshold());
      goesOn = this.#measurePart(done, count);
      done += count;
      if (goesOn && part > first && candidates.count - done > mostSorted) {
        this.#measureRest(done);
        break;
      }
    }
    candidates.clear();
  }

  #threshold(): number {
    return thresholdFor(this.#metric, this.#best.worst, this.#candidates.margin, this.#candidates.limit);
  }

  /** What a candidate is kept by at least. */
  #rankOf(i: number): number {
    return this.#sure === PROVEN ? -Infinity : fromKernel(this.#metric, this.#candidates.valueOf(i));
  }

  /** Measures the candidates behind the first `done`, in no order. */
  #measureRest(done: number): void {
    const [candidates, measurer] = [this.#candidates, this.#measurer];
    let named = 0;
    for (let i = done; i < candidates.count; i++) {
      if (fromKernel(this.#metric, candidates.valueOf(i) - candidates.margin) <= this.#best.worst)
        candidates.name(i, this.#rankOf(i), measurer, named++);
      if (named < AHEAD && i + 1 < candidates.count) continue;
      measurer.fetch(named);
      for (let first = 0; first < named; first += TOGETHER)
        measurer.measure(first, Math.min(TOGETHER, named - first));
      named = 0;
    }
  }

  /** Measures `count` sorted candidates. Returns `false` once the bound of one rules it out, and so all behind it. */
  #measurePart(first: number, count: number): boolean {
    const [metric, candidates, measurer] = [this.#metric, this.#candidates, this.#measurer];
    for (let done = 0; done < count; done += AHEAD) {
      const ahead = Math.min(AHEAD, count - done);
      for (let i = 0; i < ahead; i++) {
        const candidate = first + done + i;
        candidates.name(candidate, this.#rankOf(candidate), measurer, i);
      }
      measurer.fetch(ahead);
      for (let i = 0; i < ahead;) {
        const most = Math.min(TOGETHER, ahead - i);
        let wanted = 0;
        // Until there are enough results no bound rules a row out.
        if (this.#best.worst === Infinity) wanted = Math.min(Math.max(TOGETHER, this.#best.most), ahead - i);
        else {
          while (wanted < most) {
            const bound = candidates.valueOf(first + done + i + wanted) - candidates.margin;
            if (fromKernel(metric, bound) > this.#best.worst) break;
            wanted++;
          }
        }
        measurer.measure(i, wanted);
        if (wanted < most) return false;
        i += wanted;
      }
    }
    return true;
  }
}
