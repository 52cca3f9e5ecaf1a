/** What a browser's port or worker tells. */
export interface PortEvent {
  /** What happened. */
  readonly type: string;
  /** The message, where there is one. */
  readonly data?: unknown;
  /** Of an error. */
  readonly message?: unknown;
}

/**
 * One end of a channel to another thread: a `MessagePort`, a `Worker`, Node's `parentPort`, or `self` in a browser's
 * worker. Messages of others may travel on it as well; they are left alone.
 */
export interface Port {
  /** Sends a message to the other end. */
  postMessage(message: unknown): void;
  /** As of Node's ports and workers; taken where it is there. */
  on?(event: string, listener: (value: unknown) => void): unknown;
  /** Takes such a listener away. */
  off?(event: string, listener: (value: unknown) => void): unknown;
  /** As of the ports and workers of browsers. */
  addEventListener?(type: string, listener: (event: PortEvent) => void): void;
  /** Takes such a listener away. */
  removeEventListener?(type: string, listener: (event: PortEvent) => void): void;
  /** Begins to receive, where that has to be asked for. */
  start?(): void;
}
