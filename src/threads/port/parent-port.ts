/**
 * A worker's port to its parent. Apart from what starts workers: a script that imported that would lead to itself, which
 * some bundlers do not survive.
 */
import { nodeModule } from '../../host/node-module.js';
import type { Port } from './port.js';

/** In a worker, the port to the thread that started it. */
export async function parentPort(): Promise<Port | undefined> {
  const node = (await nodeModule('worker_threads')) as { readonly parentPort: Port | null } | undefined;
  return node === undefined ? globalThis : (node.parentPort ?? undefined);
}
