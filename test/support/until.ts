import { vi } from 'vitest';

/** Nearly as long as a test may take, so that it is told what was waited for in vain. */
const LONGEST = 55_000;

/** Waits until a check passes. How long that takes says nothing: the machine may be busy with anything. */
export async function eventually(check: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(check, { timeout: LONGEST, interval: 5 });
}

/** Waits until something is so; likewise. */
export async function until(isSo: () => boolean): Promise<void> {
  await eventually(() => {
    if (!isSo()) throw new Error(`Still not so: ${String(isSo)}`);
  });
}
