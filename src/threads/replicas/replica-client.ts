/*
 * The replica's side of the conversation: asks for versions, turns each difference into the next version, and asks
 * again if one does not fit. `replica.ts` connects it to a port and publishes what it builds. Its counterpart is
 * `replica-feed.ts`.
 */

import { type ShardexConfig, resolveConfig } from '../../config.js';
import { sameVersion } from '../../delta/delta.js';
import { InvalidDeltaError, ShardexError } from '../../errors.js';
import { yieldToEventLoop } from '../../host/event-loop.js';
import { type ShardexIndex, emptyIndex } from '../../version/shardex-index.js';
import { assembleVersion } from './assemble.js';
import { type Difference, PROTOCOL, type FromReplica, type ToReplica } from './messages.js';
import { type PackedError, unpackError } from '../port/packed-error.js';
import { unpackShards } from './packed-shards.js';
import { quietTimeout } from '../../host/quiet-timeout.js';
import { ReceivedBlocks } from './received-blocks.js';
import { SharedGarbage } from './shared-garbage.js';

/** Milliseconds after which an unanswered request is repeated; doubled each time, up to the second number. */
const FIRST_TIMEOUT_MS = 2000;
const LAST_TIMEOUT_MS = 60_000;

/**
 * Milliseconds of work on versions before the event loop runs again, about as long as a search.
 *
 * A thread that was busy may find many versions in its port, and must not block for all of them.
 */
const SLICE_MS = 1;

/** Receiver of what a {@link ReplicaClient} produces. */
export interface ReplicaClientListener {
  readonly send: (message: FromReplica) => void;
  /** Called with the first version and each one after it. */
  readonly version: (index: ShardexIndex) => void;
  /**
   * Called when no message waits, with the milliseconds to spare; returns whether more time would be of use.
   */
  readonly idle: (milliseconds: number) => boolean;
  /** Called at the end; with an error if it was not meant to end. */
  readonly ended: (error: Error | undefined) => void;
}

/**
 * Client of one conversation: requests the current version, builds each following one, and starts again if a
 * difference does not fit the version that it has.
 */
export class ReplicaClient {
  readonly #name: string;
  readonly #shares: boolean;
  readonly #listener: ReplicaClientListener;
  readonly #blocks: ReceivedBlocks;
  readonly #garbage = new SharedGarbage();
  #round = 0;
  #current: ShardexIndex | undefined;
  /** The empty version, from which a first difference starts and all versions have their configuration. */
  #root: ShardexIndex | undefined;
  #counter: BigInt64Array | undefined;
  #sharesMemory = false;
  /** Holds the blocks that the last request named, until the owner has answered. */
  #promised: ReturnType<ReceivedBlocks['list']> = [];
  #asking: ReturnType<typeof setTimeout> | undefined;
  #timeoutMs = FIRST_TIMEOUT_MS;
  #ended = false;
  readonly #waiting: ToReplica[] = [];
  /** Milliseconds spent on messages since the event loop last ran; `undefined` if none. */
  #spent: number | undefined;

  constructor(name: string, shares: boolean, listener: ReplicaClientListener) {
    this.#name = name;
    this.#shares = shares;
    this.#listener = listener;
    this.#blocks = new ReceivedBlocks((blocks) => {
      if (!this.#ended) listener.send({ kind: 'forgot', blocks });
    });
  }

  get sharesMemory(): boolean {
    return this.#sharesMemory;
  }

  /** The number of the newest version that has been sent or is here. */
  get newestVersion(): number {
    const here = this.#current?.version ?? 0;
    return this.#counter === undefined ? here : Math.max(here, Number(Atomics.load(this.#counter, 0)));
  }

  /** Asks for the current version. */
  ask(): void {
    this.#promised = this.#blocks.list();
    this.#round++;
    this.#listener.send({
      kind: 'follow',
      protocol: PROTOCOL,
      name: this.#name,
      shares: this.#shares,
      round: this.#round,
      known: this.#promised.map(({ handle, generation, rows }) => [handle, generation, rows]),
    });
    clearTimeout(this.#asking);
    this.#asking = quietTimeout(() => {
      this.#timeoutMs = Math.min(LAST_TIMEOUT_MS, 2 * this.#timeoutMs);
      this.ask();
    }, this.#timeoutMs);
  }

  /** Queues a message and works for up to {@link SLICE_MS}. An error in one ends the conversation. */
  take(message: ToReplica): void {
    this.#waiting.push(message);
    this.#takeMessages(SLICE_MS);
  }

  /** Works off all queued messages at once. */
  drainMessages(): void {
    this.#takeMessages(Infinity);
  }

  #takeMessages(slice: number): void {
    while (!this.#ended && (this.#spent ?? 0) < slice) {
      const message = this.#waiting.shift();
      if (message === undefined) return;
      const startedAt = performance.now();
      this.#continueLater();
      try {
        this.#handle(message);
      } catch (error) {
        this.#ended = true;
        this.#listener.ended(asShardexError(error));
      }
      this.#spent = (this.#spent ?? 0) + performance.now() - startedAt;
    }
  }

  #continueLater(): void {
    if (this.#spent !== undefined) return;
    this.#spent = 0;
    void yieldToEventLoop().then(() => {
      this.#spent = undefined;
      this.#takeMessages(SLICE_MS);
      this.#useIdleTime();
    });
  }

  /**
   * Offers the rest of a slice to the listener; once per slice rather than per message, as messages often come in
   * groups.
   */
  #useIdleTime(): void {
    if (this.#ended || this.#waiting.length > 0) return;
    if (this.#listener.idle(SLICE_MS - (this.#spent ?? 0))) this.#continueLater();
  }

  #handle(message: ToReplica): void {
    switch (message.kind) {
      case 'version':
        this.#sharesMemory = message.shares;
        this.#counter = message.counter ?? this.#counter;
        if (message.round === this.#round) this.#takeVersion(message.difference);
        return;
      case 'reminder':
        if (message.round !== this.#round) return;
        if (message.version === this.#current?.version) this.#reached(message.version);
        else this.#askAgain();
        return;
      case 'end':
        this.#end(message.error);
    }
  }

  /** Stops: messages are ignored from now on. */
  stop(): void {
    this.#ended = true;
    clearTimeout(this.#asking);
  }

  #takeVersion(difference: Difference): void {
    const { base, header } = difference;
    const current = this.#current;
    // The message came twice.
    if (base !== undefined && current !== undefined && sameVersion(current, header)) {
      this.#reached(current.version);
      return;
    }
    if (base !== undefined && (current === undefined || !sameVersion(current, base))) {
      this.#askAgain();
      return;
    }
    const root = (this.#root ??= rootOf(difference.config));
    const from = base === undefined ? root : (current ?? root);
    const shards = unpackShards(difference.shards);
    const blocks = this.#blocks.take(difference, shards, root.config.dimensions);
    if (blocks === undefined) {
      this.#askAgain();
      return;
    }
    const next = assembleVersion(from, difference, shards, blocks, current ?? root);
    this.#answered();
    if (current === undefined || !sameVersion(current, next)) {
      this.#current = next;
      this.#listener.version(next);
      if (this.#sharesMemory) this.#garbage.weigh(this.#blocks.byteLength, next.byteLength);
    }
    this.#reached(next.version);
  }

  #reached(version: number): void {
    if (!this.#ended) this.#listener.send({ kind: 'reached', round: this.#round, version });
  }

  #answered(): void {
    clearTimeout(this.#asking);
    this.#asking = undefined;
    this.#timeoutMs = FIRST_TIMEOUT_MS;
    this.#promised = [];
  }

  /** Repeats the request, unless one is still unanswered. */
  #askAgain(): void {
    if (this.#asking === undefined) this.ask();
  }

  #end(error: PackedError | undefined): void {
    this.stop();
    this.#listener.ended(error === undefined ? undefined : unpackError(error));
  }
}

/** Wraps an error that a well-formed message caused: its contents may be anything. */
function asShardexError(error: unknown): ShardexError {
  if (error instanceof ShardexError) return error;
  const ours = new InvalidDeltaError(
    `A version that was sent cannot be put together (${String(error)}). Open another replica.`,
  );
  ours.cause = error;
  return ours;
}

function rootOf(config: ShardexConfig | undefined): ShardexIndex {
  if (config === undefined) throw new InvalidDeltaError('A first version comes with its configuration.');
  return emptyIndex(resolveConfig(config));
}
