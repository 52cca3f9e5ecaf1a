/*
 * Listeners on ports: one per port, whatever number of links share it, and the end of a port, which Node and browsers
 * tell in different ways.
 */

import type { Port, PortEvent } from './port.js';

/** A receiver on a port; see {@link receive}. */
export interface Receiver {
  /** A message has come, from any sender. */
  readonly message: (data: unknown) => void;
  /** The port was closed, or its thread has ended: nothing more will come. */
  readonly gone: () => void;
}

/**
 * Receivers of each port. A port gets one listener, however many conversations are on it: Node warns of a leak at the
 * eleventh.
 */
const receivers = new WeakMap<Port, Receivers>();

/**
 * Starts to receive on a port. Returns a function that stops it.
 *
 * The last receiver that stops removes the listeners. On a port that is known to have ended, `gone` is called in the next
 * microtask.
 */
export function receive(port: Port, receiver: Receiver): () => void {
  const all = receivers.get(port) ?? new Receivers(port);
  receivers.set(port, all);
  return all.add(receiver);
}

/** Receivers of one port. */
class Receivers {
  readonly #port: Port;
  readonly #all = new Set<Receiver>();
  #hasEnded = false;

  constructor(port: Port) {
    this.#port = port;
  }

  add(receiver: Receiver): () => void {
    if (this.#all.size === 0) this.#listen();
    this.#all.add(receiver);
    if (this.#hasEnded || hasEnded(this.#port)) queueMicrotask(this.#end);
    return () => {
      if (this.#all.delete(receiver) && this.#all.size === 0) this.#stopListening();
    };
  }

  #listen(): void {
    const port = this.#port;
    if (port.on !== undefined) {
      port.on('message', this.#take);
      port.on('close', this.#end);
      port.on('exit', this.#end);
    } else {
      port.addEventListener?.('message', this.#takeEvent);
      port.addEventListener?.('close', this.#end);
    }
    port.start?.();
  }

  #stopListening(): void {
    const port = this.#port;
    if (port.off !== undefined) {
      port.off('message', this.#take);
      port.off('close', this.#end);
      port.off('exit', this.#end);
    } else {
      port.removeEventListener?.('message', this.#takeEvent);
      port.removeEventListener?.('close', this.#end);
    }
  }

  readonly #takeEvent = ({ data }: PortEvent): void => {
    this.#take(data);
  };

  readonly #take = (data: unknown): void => {
    // A receiver that is added meanwhile gets the messages after this one.
    for (const receiver of [...this.#all]) receiver.message(data);
  };

  readonly #end = (): void => {
    // Remembered for receivers that are added later: the port tells its end only once.
    this.#hasEnded = true;
    for (const receiver of [...this.#all]) receiver.gone();
  };
}

/** Additional members of Node's ports and workers. */
interface NodePort {
  /** Of a worker; −1 once it has ended. */
  readonly threadId?: unknown;
  ref?(): unknown;
  unref?(): unknown;
  /** Of a port. A closed port holds no reference, whatever it is told. */
  hasRef?(): boolean;
}

/** Whether a port ended before anything listened. Only Node tells. */
function hasEnded(port: Port): boolean {
  const node = port as NodePort;
  if (node.threadId === -1) return true;
  if (node.hasRef?.() !== false) return false;
  // Either it has ended, or the program called `unref()`.
  node.ref?.();
  const isOpen = node.hasRef();
  node.unref?.();
  return !isOpen;
}
