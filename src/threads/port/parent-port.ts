/*
 * A worker's port to its parent. Not in `start-thread.ts`, which starts workers: a worker's script that imported that file
 * would refer to itself, and some bundlers fail on that.
 */

import { nodeModule } from '../../host/node-module.js';
import type { Port } from './port.js';

/** Returns, in a worker, the port to the thread that started it. */
export async function parentPort(): Promise<Port | undefined> {
  const node = (await nodeModule('worker_threads')) as { readonly parentPort: Port | null } | undefined;
  return node === undefined ? globalThis : (node.parentPort ?? undefined);
}
