import { afterEach, expect, test, vi } from 'vitest';
import { CheckFailed } from './checks/check-that.js';
import type { Library } from './library.js';

type Check = (lib: Library) => void | Promise<void>;

/**
 * A negative control: a check that passes on the library must fail on one where `module` was sabotaged; else it does
 * not check what it says. Fails by what it looks for, that is, and not by an accident on the way.
 */
export function control<M extends object>(
  what: string,
  module: string,
  sabotage: (original: M) => Partial<M>,
  check: Check,
): void {
  test(what, async () => {
    await check(await freshLibrary());
    sabotaged(module, sabotage);
    const broken = await freshLibrary();
    const failure = await failureOf(() => check(broken));
    expect(failure).toBeInstanceOf(CheckFailed);
  });
}

/** Replaces some exports of a module, named as `src/…`, for whoever loads it until the test ends. */
export function sabotaged<M extends object>(module: string, sabotage: (original: M) => Partial<M>): void {
  const path = `../../${module}`;
  vi.doMock(path, async (importOriginal) => {
    const original = await importOriginal<M>();
    return { ...original, ...sabotage(original) };
  });
  mocked.push(path);
}

const mocked: string[] = [];

afterEach(() => {
  for (const path of mocked.splice(0)) vi.doUnmock(path);
  vi.resetModules();
});

/** The library, loaded anew: with what is sabotaged just now. */
export async function freshLibrary(): Promise<Library> {
  vi.resetModules();
  return import('shardex');
}

/** What it fails with; a property that fails says why in its cause. */
async function failureOf(run: () => void | Promise<void>): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error instanceof Error && error.cause instanceof Error ? error.cause : error;
  }
  return undefined;
}
