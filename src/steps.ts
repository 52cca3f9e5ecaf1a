/**
 * A long computation that can pause: it yields wherever that is safe, and whoever drives it decides whether to go on at
 * once ({@link runSteps}) or to let others have their turn first. Either way the same code runs, and so the result is
 * the same to the bit (I10). In between, what it works on is half done and nobody else's to use.
 */
export type Steps<T> = Generator<undefined, T, undefined>;

/** About how many multiplications a step does: a tenth of a millisecond, so that a slice of a few of them can end on time. */
const STEP = 100_000;

/** How many rounds of a loop make a step, if each of them costs so many multiplications. */
export function roundsPerStep(cost: number): number {
  return Math.max(1, Math.floor(STEP / Math.max(1, cost)));
}

/** Runs to the end, without a pause. */
export function runSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
