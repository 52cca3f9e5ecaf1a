/*
 * Access to the event loop of the platform: Node, Deno, Bun or a browser. Long work yields to it between slices.
 */

/** Functions of platforms that run a callback after all waiting events; no platform has all of them. */
interface Host {
  /** Node, Deno, Bun. */
  readonly setImmediate?: (callback: () => void) => unknown;
  /** Browsers, the newer ones. */
  readonly scheduler?: { readonly yield?: () => Promise<void> };
  /** Browsers, where timers are delayed by 4 ms. In Node an open port would keep the process alive. */
  readonly MessageChannel?: typeof MessageChannel;
}

/**
 * Waits until the event loop has run: timers, input and output, painting. A promise alone does not do that, since
 * promise callbacks run before the event loop goes on.
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
