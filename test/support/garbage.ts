import { setImmediate } from 'node:timers/promises';

/**
 * Collects all garbage. What a job has looked at through a WeakRef stays until that job ends, and finalisers run as
 * jobs of their own: so a few turns of the event loop pass before, between and after.
 */
export async function collectGarbage(): Promise<void> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('These tests need node --expose-gc; vitest.config.ts passes it.');
  for (let round = 0; round < 4; round++) {
    await setImmediate();
    gc();
  }
  await setImmediate();
}

/** How many of these are still there. */
export async function survivors(refs: readonly WeakRef<object>[]): Promise<number> {
  await collectGarbage();
  return refs.filter((ref) => ref.deref() !== undefined).length;
}
