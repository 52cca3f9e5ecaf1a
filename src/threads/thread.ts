import type { Port } from './port.js';

/** A worker thread, as Node and browsers have it: its port, and a way to end it. */
export interface Thread extends Port {
  /** Ends it, whatever it is doing. */
  terminate(): unknown;
}

/** What Node has for threads; typed here, since nothing of Node's may be needed to compile this. */
interface NodeThreads {
  readonly Worker: new (script: URL) => Thread;
  readonly parentPort: Port | null;
}

/** Node's module of that name, or `undefined` elsewhere. By a name in a variable, so that bundlers for browsers pass over it. */
async function nodeModule(name: string): Promise<unknown> {
  const { process } = globalThis as { readonly process?: { readonly versions?: { readonly node?: string } } };
  if (process?.versions?.node === undefined) return undefined;
  const specifier = `node:${name}`;
  const loaded: unknown = await import(/* @vite-ignore */ /* webpackIgnore: true */ specifier);
  return loaded;
}

/** Starts a thread that runs {@link answerSearches}, from the script that lies beside this module. */
export async function newSearchThread(): Promise<Thread> {
  const node = (await nodeModule('worker_threads')) as NodeThreads | undefined;
  if (node !== undefined) return new node.Worker(new URL('./pool-worker.js', import.meta.url));
  return new Worker(new URL('./pool-worker.js', import.meta.url), { type: 'module' });
}

/** In a worker, the port to the thread that started it. */
export async function parentPort(): Promise<Port | undefined> {
  const node = (await nodeModule('worker_threads')) as NodeThreads | undefined;
  return node === undefined ? globalThis : (node.parentPort ?? undefined);
}

/** How many threads can run at once beside this one, at least one. */
export async function spareThreads(): Promise<number> {
  const os = (await nodeModule('os')) as { readonly availableParallelism?: () => number } | undefined;
  const all = os?.availableParallelism?.() ?? globalThis.navigator.hardwareConcurrency;
  return Math.max(1, all - 1);
}
