/*
 * How logs of one database tell each other that one of them has written: a broadcast to all pages of the site. A hint only;
 * whoever waits looks now and then, too.
 */

import { onAbort } from '../../checks/abort.js';
import { quietTimeout } from '../../host/quiet-timeout.js';

/** Milliseconds between two looks where hints come, and where they do not. */
const POLL_HINTED_MS = 1000;
const POLL_MS = 50;

/** The hints of one log. */
export class Changes {
  readonly #channel: BroadcastChannel | undefined;
  readonly #waiting = new Set<() => void>();

  constructor(name: string) {
    const { BroadcastChannel: Channel } = globalThis as {
      readonly BroadcastChannel?: typeof BroadcastChannel;
    };
    if (Channel === undefined) return;
    this.#channel = new Channel(`shardex:${name}`);
    this.#channel.onmessage = () => {
      this.#wake();
    };
    // In Node it would keep the process alive.
    (this.#channel as { readonly unref?: () => void }).unref?.();
  }

  /** Tells the others. */
  tell(): void {
    this.#channel?.postMessage('written');
  }

  /** Waits until there is a hint, until it is time to look, or until the signal aborts. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        stay();
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const stay = onAbort(signal, wake);
      const timer = quietTimeout(wake, this.#channel === undefined ? POLL_MS : POLL_HINTED_MS);
      this.#waiting.add(wake);
    });
  }

  close(): void {
    this.#channel?.close();
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
