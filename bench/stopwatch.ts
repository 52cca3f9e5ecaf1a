// Times operations, and tells when figures are too noisy.
import Benchmark from 'benchmark';
import { rounded, time } from '../demo/units.js';

/** Something to be timed, which can be repeated as it is. */
export interface Way {
  readonly name: string;
  readonly run: () => unknown;
}

/** How long an operation takes, as benchmark.js finds it: the mean, with its relative margin of error in percent. */
export interface Timed {
  readonly seconds: number;
  readonly rme: number;
  readonly samples: number;
}

/**
 * Times an operation that can be repeated as it is, for about `maxTime` seconds and at least five samples, after it was
 * run for a while unmeasured, until it is compiled.
 *
 * It runs asynchronously, with a turn of the event loop between two samples, as a server would.
 */
export function timed(operation: () => unknown, maxTime: number): Promise<Timed> {
  const warmUntil = performance.now() + 250 * maxTime;
  do operation();
  while (performance.now() < warmUntil);
  return new Promise((resolve, reject) => {
    // benchmark.js keeps results alive no further than this; without a use the operation could be optimised away.
    const sink = { last: undefined as unknown };
    const bench = new Benchmark({
      async: true,
      maxTime,
      fn: () => {
        sink.last = operation();
      },
      onError: () => {
        reject(new Error('An operation that was to be measured threw.', { cause: bench.error }));
      },
      onComplete: () => {
        resolve({ seconds: bench.stats.mean, rme: bench.stats.rme, samples: bench.stats.sample.length });
      },
    });
    bench.run();
  });
}

/** Above this margin of error, in percent, a mean says too little to be printed. */
const MOST_NOISE = 20;
export const TOO_NOISY = 'too noisy';

/** A measured time as a cell of a table. */
export function cell({ seconds, rme }: Timed): string {
  return isNoisy(rme) ? TOO_NOISY : `${time(seconds * 1000)} ± ${rounded(rme)} %`;
}

/** Whether the margin of error is so wide that a mean is not printed, compared or drawn. */
export function isNoisy(rme: number): boolean {
  return rme > MOST_NOISE;
}

/** How many times as long one takes as another, as a cell of a table. */
export function ratio(one: Timed, other: Timed): string {
  return isNoisy(one.rme) || isNoisy(other.rme) ? TOO_NOISY : rounded(one.seconds / other.seconds);
}
