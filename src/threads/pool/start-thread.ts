/*
 * Starts the threads of a search pool, and counts how many can run. It must stay in the folder of `pool-worker.ts`: the
 * script is found beside this module, also in a bundle.
 */

import { nodeModule } from '../../host/node-module.js';
import type { Thread } from '../port/thread.js';

/**
 * The part of Node's API for threads that is used; typed here, since the library compiles without Node's types.
 */
interface NodeThreads {
  readonly Worker: new (script: URL, options: { readonly execArgv: readonly string[] }) => Thread;
}

/** Starts a thread that runs {@link answerSearches}. */
export async function newSearchThread(): Promise<Thread> {
  const node = (await nodeModule('worker_threads')) as NodeThreads | undefined;
  // A worker would inherit the flags of the process, some of which, as `--eval`, are for the main script alone.
  if (node !== undefined)
    return new node.Worker(new URL('./pool-worker.js', import.meta.url), { execArgv: [] });
  return new Worker(new URL('./pool-worker.js', import.meta.url), { type: 'module' });
}

/** Counts the threads that can run beside this one, at least one. */
export async function spareThreads(): Promise<number> {
  const os = (await nodeModule('os')) as { readonly availableParallelism?: () => number } | undefined;
  const all = os?.availableParallelism?.() ?? globalThis.navigator.hardwareConcurrency;
  return Math.max(1, all - 1);
}
