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

/**
 * Does rounds from 0 to `count` in steps, for loops that cost so many multiplications a round. The loop itself is better a
 * function of its own than part of a generator: engines compile what runs long, and of a generator with several loops
 * they would compile the whole for each of them.
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
