/*
 * The calls of a remote writer on their way: numbers them, sends them to the owner, and gives each answer to whoever waits for it.
 */

import { InvalidPostingError, PortClosedError, WriterClosedError } from '../../errors.js';
import { unpackError } from '../port/packed-error.js';
import { Link, newChannel } from '../port/link.js';
import type { Port } from '../port/port.js';
import { read, unreadable } from '../port/shapes.js';
import { TO_WRITER, WRITTEN } from './message-shapes.js';
import { EVERYONE, type WriterAnswer, type WriterCall } from './messages.js';

/** A call without its number. */
export type CallWithoutNumber = WriterCall extends infer Call
  ? Call extends WriterCall
    ? Omit<Call, 'call' | 'kind'>
    : never
  : never;

interface PendingCall {
  readonly method: WriterCall['method'];
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Sends calls and matches the answers. */
export class Conversation {
  readonly #channel = newChannel();
  readonly #link: Link<WriterCall>;
  readonly #waiting = new Map<number, PendingCall>();
  #calls = 0;
  #ended: Error | undefined;

  constructor(port: Port) {
    this.#link = new Link(port, 'client', {
      message: (body, channel) => {
        const answer = read<WriterAnswer>(TO_WRITER, body);
        // An answer that does not say to which call is of no use.
        if (answer === undefined || answer === 'damaged') return;
        // A message for everyone can only be the end.
        if (channel === this.#channel || (channel === EVERYONE && answer.kind === 'end')) this.#take(answer);
      },
      gone: () => {
        this.#end(new PortClosedError('The port was closed, or the thread that has the cell has ended.'));
      },
    });
  }

  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /** Throws the error that ended the conversation. */
  assertOpen(): void {
    if (this.#ended !== undefined) throw this.#ended;
  }

  ask(asked: CallWithoutNumber): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const call = this.#calls++;
    return new Promise((resolve, reject) => {
      try {
        this.#link.send(this.#channel, { kind: 'write', call, ...asked });
      } catch (error) {
        reject(new InvalidPostingError(`This cannot be sent to another thread: ${String(error)}`));
        return;
      }
      this.#waiting.set(call, { method: asked.method, resolve, reject });
    });
  }

  close(how: string): void {
    this.#end(new WriterClosedError(`This writer was ${how} already; open another one.`));
  }

  #take(answer: WriterAnswer): void {
    if (answer.kind === 'end') {
      this.#end(new PortClosedError('The thread that has the cell stopped serving this port.'));
      return;
    }
    const waiting = this.#waiting.get(answer.call);
    if (waiting === undefined) return;
    this.#waiting.delete(answer.call);
    if (answer.kind === 'refused') waiting.reject(unpackError(answer.error));
    else if (WRITTEN[waiting.method](answer.value)) waiting.resolve(answer.value);
    else waiting.reject(unreadable());
  }

  #end(error: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#link.close();
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
