import { nodeModule } from '../../host/node-module.js';
import type { Port } from './port.js';

/** A worker thread, as Node and browsers have it: its port, and a way to end it. */
export interface Thread extends Port {
  /** Ends it, whatever it is doing. */
  terminate(): unknown;
}

/** What Node has for threads; typed here, since nothing of Node's may be needed to compile this. */
interface NodeThreads {
  readonly Worker: new (script: URL, options: { readonly execArgv: readonly string[] }) => Thread;
}

/** Starts a thread that runs {@link answerSearches}, from the script that lies beside this module. */
export async function newSearchThread(): Promise<Thread> {
  const node = (await nodeModule('worker_threads')) as NodeThreads | undefined;
  // It would inherit the flags of this process, and some, as `--input-type` or `--eval`, are for the main script alone.
  if (node !== undefined)
    return new node.Worker(new URL('../pool/pool-worker.js', import.meta.url), { execArgv: [] });
  return new Worker(new URL('../pool/pool-worker.js', import.meta.url), { type: 'module' });
}

/** How many threads can run at once beside this one, at least one. */
export async function spareThreads(): Promise<number> {
  const os = (await nodeModule('os')) as { readonly availableParallelism?: () => number } | undefined;
  const all = os?.availableParallelism?.() ?? globalThis.navigator.hardwareConcurrency;
  return Math.max(1, all - 1);
}
