// Long computations that can pause: ingest runs them in slices, everything else at once.

/**
 * A long computation as a generator that yields where it may pause.
 *
 * Its driver decides whether to go on at once ({@link runSteps}) or after a turn of the event loop. The same code runs
 * either way, so the result is the same to the bit (I10). During a pause its data are half done, and nothing else may use
 * them.
 */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Multiplications of a step: about a tenth of a millisecond, so that a slice of several steps ends on time. */
const STEP = 100_000;

/** How many rounds of a loop make a step, at `cost` multiplications each. */
export function roundsPerStep(cost: number): number {
  return Math.max(1, Math.floor(STEP / Math.max(1, cost)));
}

/** Runs a computation to its end, without a pause. */
export function runSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/**
 * Runs rounds 0 to `count` − 1 in steps, at `cost` multiplications each.
 *
 * The loop is a function of its own rather than part of a generator: V8 compiles what runs long, and it would compile a
 * generator with several loops again for each of them.
 */
export function* inSteps(
  count: number,
  cost: number,
  rounds: (from: number, to: number) => void,
): Steps<void> {
  const most = roundsPerStep(cost);
  for (let from = 0; from < count; from += most) {
    yield;
    rounds(from, Math.min(count, from + most));
  }
}
