/*
 * A worker thread as Node and browsers have it. `SearchPool` takes a function that starts one; see `start-thread.ts` in pool/.
 */

import type { Port } from './port.js';

/** A worker thread: its port, and a way to end it. */
export interface Thread extends Port {
  /** Ends the thread at once, whatever it is doing. */
  terminate(): unknown;
}
