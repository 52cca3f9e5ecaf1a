import type { Port, PortEvent } from './port.js';

/** Who receives on a port; see {@link receive}. */
export interface Receiver {
  /** Something has come, from whomever. */
  readonly message: (data: unknown) => void;
  /** The port was closed, or its thread has ended: nothing more will come. */
  readonly gone: () => void;
}

/**
 * Those who receive on each port. A port gets one listener, however many conversations are on it: Node warns of a leak at
 * the eleventh.
 */
const receivers = new WeakMap<Port, Receivers>();

/**
 * Receives on a port, from now on; returns what ends that. With the last one who receives, the listeners go. On a port
 * that has ended before, as far as that can be told, `gone` is called once the running job is done.
 */
export function receive(port: Port, receiver: Receiver): () => void {
  const all = receivers.get(port) ?? new Receivers(port);
  receivers.set(port, all);
  return all.add(receiver);
}

/** Those who receive on one port. */
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
    // One that comes meanwhile receives what comes after this.
    for (const receiver of [...this.#all]) receiver.message(data);
  };

  readonly #end = (): void => {
    // Kept, as whoever comes later hears of no end: it is told once.
    this.#hasEnded = true;
    for (const receiver of [...this.#all]) receiver.gone();
  };
}

/** What Node's ports and workers have beside. */
interface NodePort {
  /** Of a worker; −1 once it has ended. */
  readonly threadId?: unknown;
  ref?(): unknown;
  unref?(): unknown;
  /** Of a port. One that was closed keeps no process alive, whatever it is told. */
  hasRef?(): boolean;
}

/** Whether a port ended before anybody listened. Only Node tells. */
function hasEnded(port: Port): boolean {
  const node = port as NodePort;
  if (node.threadId === -1) return true;
  if (node.hasRef?.() !== false) return false;
  // Either it has ended, or somebody told it to keep no process alive.
  node.ref?.();
  const isOpen = node.hasRef();
  node.unref?.();
  return !isOpen;
}
