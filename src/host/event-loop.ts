/** What hosts offer to come back after everything else that waits; none has all of them. */
interface Host {
  /** Node, Deno, Bun. */
  readonly setImmediate?: (callback: () => void) => unknown;
  /** Browsers, the newer ones. */
  readonly scheduler?: { readonly yield?: () => Promise<void> };
  /** Browsers, where timers are held back by 4 ms. In Node an open port would keep the process alive. */
  readonly MessageChannel?: typeof MessageChannel;
}

/**
 * Lets everything that waits have its turn: timers, input and output, painting. A promise alone does not, since those
 * run before the event loop goes on.
 */
export function yieldToEventLoop(): Promise<void> {
  const host = globalThis as Host;
  if (typeof host.setImmediate === 'function') {
    const { setImmediate } = host;
    return new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  if (typeof host.scheduler?.yield === 'function') return host.scheduler.yield();
  if (typeof host.MessageChannel === 'function') {
    const { port1, port2 } = new host.MessageChannel();
    return new Promise((resolve) => {
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(undefined);
    });
  }
  return new Promise((resolve) => {
    setTimeout(resolve);
  });
}
