import { show } from '../config.js';
import { InvalidOptionError } from '../errors.js';

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

/** Which side a message is for: the thread that has the cell, or the one that follows it. */
export type Side = 'owner' | 'client';

/** What is around every message: whom it is for, and which of the conversations on the port it belongs to. */
export interface Envelope<Body> {
  readonly shardex: Side;
  readonly channel: string;
  readonly body: Body;
}

/** What a {@link Link} tells its owner. */
export interface LinkListener<In> {
  readonly message: (body: In, channel: string) => void;
  /** The port was closed, or its thread has ended; nothing more will come. */
  readonly gone: () => void;
}

/** Sends and receives the messages of one side on a port. */
export class Link<In, Out> {
  readonly #port: Port;
  readonly #side: Side;
  readonly #listener: LinkListener<In>;
  #open = true;

  constructor(port: Port, side: Side, listener: LinkListener<In>) {
    assertPort(port);
    this.#port = port;
    this.#side = side;
    this.#listener = listener;
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

  get isOpen(): boolean {
    return this.#open;
  }

  /** Throws what the port throws, as where a value cannot be sent. */
  send(channel: string, body: Out): void {
    if (!this.#open) return;
    const envelope: Envelope<Out> = {
      shardex: this.#side === 'owner' ? 'client' : 'owner',
      channel,
      body,
    };
    this.#port.postMessage(envelope);
  }

  /** Lets go of the port, which stays open: it is its maker's to close. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
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
    if (!this.#open || !isEnvelope<In>(data) || data.shardex !== this.#side) return;
    this.#listener.message(data.body, data.channel);
  };

  readonly #end = (): void => {
    if (!this.#open) return;
    this.close();
    this.#listener.gone();
  };
}

function isEnvelope<Body>(data: unknown): data is Envelope<Body> {
  return (
    typeof data === 'object' && data !== null && 'shardex' in data && 'channel' in data && 'body' in data
  );
}

/**
 * Refuses what is given as a port and is none.
 *
 * @throws {@link InvalidOptionError}
 */
export function assertPort(port: unknown): void {
  const is =
    typeof port === 'object' &&
    port !== null &&
    'postMessage' in port &&
    ('on' in port || 'addEventListener' in port);
  if (is) return;
  throw new InvalidOptionError(
    'port',
    `A port must be a MessagePort, a Worker, or what a worker has of its parent, not ${show(port)}.`,
  );
}

/** A name for a conversation that no other one on the port has. */
export function newChannel(): string {
  return Array.from({ length: 4 }, () => Math.floor(Math.random() * 0x1_0000_0000).toString(36)).join('-');
}

/** A timer that does not keep a Node process alive; in browsers it is a number. */
export function quietTimeout(run: () => void, ms: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(run, ms);
  (timer as { readonly unref?: () => void }).unref?.();
  return timer;
}
