/*
 * The interface of a port: what the library needs of the channels of Node and browsers. `link.ts` sends and receives
 * on one.
 */

/** An event of a browser's port or worker. */
export interface PortEvent {
  /** Type of the event. */
  readonly type: string;
  /** The message, if there is one. */
  readonly data?: unknown;
  /** The text of an error. */
  readonly message?: unknown;
}

/**
 * One end of a channel to another thread: a `MessagePort`, a `Worker`, Node's `parentPort`, or `self` in a browser's
 * worker. Other messages may travel on it as well; the library ignores them.
 */
export interface Port {
  /** Sends a message to the other end. */
  postMessage(message: unknown): void;
  /** Adds a listener, in Node; preferred where it exists. */
  on?(event: string, listener: (value: unknown) => void): unknown;
  /** Removes such a listener. */
  off?(event: string, listener: (value: unknown) => void): unknown;
  /** Adds a listener, in browsers. */
  addEventListener?(type: string, listener: (event: PortEvent) => void): void;
  /** Removes such a listener. */
  removeEventListener?(type: string, listener: (event: PortEvent) => void): void;
  /** Begins to receive, where a port waits to be started. */
  start?(): void;
}
