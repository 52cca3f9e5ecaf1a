/*
 * One side of the conversations on a port. Each message travels in an envelope with its side and channel, so that
 * several replicas, writers and pools, and the program's own messages, can share the port.
 */

import { show } from '../../config.js';
import { InvalidOptionError } from '../../errors.js';
import { fieldOf } from '../../checks/given.js';
import type { Port } from './port.js';
import { type Receiver, receive } from './receiving.js';

/** The side a message is for: the thread that has the cell, or the one that follows it. */
export type Side = 'owner' | 'client';

/** The wrapping of every message: its side, and its conversation on the port. */
interface Envelope<Body> {
  readonly shardex: Side;
  readonly channel: string;
  readonly body: Body;
}

/** Receiver of what a {@link Link} takes off the port. */
export interface LinkListener {
  /** A message for this side has come. Its content is not checked yet. */
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

  /** Starts to receive. On a port that is closed already, `gone` is called in the next microtask. */
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

  /** Sends a message. Throws what the port throws, as for a value that cannot be cloned. */
  send(channel: string, body: Out): void {
    if (!this.#open) return;
    const envelope: Envelope<Out> = {
      shardex: this.#side === 'owner' ? 'client' : 'owner',
      channel,
      body,
    };
    this.#port.postMessage(envelope);
  }

  /** Stops receiving. The port itself stays open: its maker closes it. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#leave();
  }

  /** Takes a message off the port, if it is for this side. */
  message(data: unknown): void {
    if (!this.#open || !isEnvelope(data) || data.shardex !== this.#side) return;
    this.#listener.message(data.body, data.channel);
  }

  /** Called when the port has ended. */
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
 * Refuses a value that is not a port.
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

/** Makes a channel name that no other conversation on the port has. */
export function newChannel(): string {
  return Array.from({ length: 4 }, () => Math.floor(Math.random() * 0x1_0000_0000).toString(36)).join('-');
}
