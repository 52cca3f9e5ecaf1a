import { show } from '../../config.js';
import { InvalidOptionError } from '../../errors.js';
import { fieldOf } from '../../given.js';
import type { Port } from './port.js';
import { type Receiver, receive } from './receiving.js';

/** Which side a message is for: the thread that has the cell, or the one that follows it. */
export type Side = 'owner' | 'client';

/** What is around every message: whom it is for, and which of the conversations on the port it belongs to. */
export interface Envelope<Body> {
  readonly shardex: Side;
  readonly channel: string;
  readonly body: Body;
}

/** What a {@link Link} tells its owner. */
export interface LinkListener {
  /** Something has come for this side; whether it is what it seems to be is to be looked at. */
  readonly message: (body: unknown, channel: string) => void;
  /** The port was closed, or its thread has ended; nothing more will come. */
  readonly gone: () => void;
}

/** Sends and receives the messages of one side on a port. */
export class Link<Out> implements Receiver {
  readonly #port: Port;
  readonly #side: Side;
  readonly #listener: LinkListener;
  readonly #leave: () => void;
  #open = true;

  /** On a port that was closed before, `gone` is called as soon as this job is done. */
  constructor(port: Port, side: Side, listener: LinkListener) {
    assertPort(port);
    this.#port = port;
    this.#side = side;
    this.#listener = listener;
    this.#leave = receive(port, this);
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
    this.#leave();
  }

  /** Takes what has come on the port, if it is for this side. */
  message(data: unknown): void {
    if (!this.#open || !isEnvelope(data) || data.shardex !== this.#side) return;
    this.#listener.message(data.body, data.channel);
  }

  /** The port has ended. */
  gone(): void {
    if (!this.#open) return;
    this.close();
    this.#listener.gone();
  }
}

function isEnvelope(data: unknown): data is Envelope<unknown> {
  if (typeof data !== 'object' || data === null) return false;
  return 'shardex' in data && 'channel' in data && 'body' in data && typeof data.channel === 'string';
}

/**
 * Refuses what is given as a port and is none.
 *
 * @throws {@link InvalidOptionError}
 */
function assertPort(port: unknown): void {
  const has = (method: string): boolean => typeof fieldOf(port, method) === 'function';
  if (has('postMessage') && (has('on') || has('addEventListener'))) return;
  throw new InvalidOptionError(
    'port',
    `A port must be a MessagePort, a Worker, or what a worker has of its parent, not ${show(port)}.`,
  );
}

/** A name for a conversation that no other one on the port has. */
export function newChannel(): string {
  return Array.from({ length: 4 }, () => Math.floor(Math.random() * 0x1_0000_0000).toString(36)).join('-');
}
