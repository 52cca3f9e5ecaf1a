import { setTimeout } from 'node:timers/promises';

/** Rounds of collection after which what is still there is taken to stay. */
const MOST_ROUNDS = 10;

/**
 * Collects all garbage, or until what is waited for has happened. One round is not enough: what a job has looked at
 * through a WeakRef stays until that job ends, finalisers run as jobs of their own, and the compiler, which works in
 * the background, may hold on to what the code it compiles has seen.
 */
export async function collectGarbage(until: () => boolean = () => false): Promise<void> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('These tests need node --expose-gc; vitest.config.ts passes it.');
  for (let round = 0; round < MOST_ROUNDS && !until(); round++) {
    await setTimeout(1);
    gc();
    await setTimeout(1);
  }
}

/** How many of these are still there. */
export async function survivors(refs: readonly WeakRef<object>[]): Promise<number> {
  let left = refs.length;
  // In a function of its own, so that nothing that was looked at is left in a variable here.
  const count = (): number => refs.filter((ref) => ref.deref() !== undefined).length;
  await collectGarbage(() => (left = count()) === 0);
  return Math.min(left, count());
}
