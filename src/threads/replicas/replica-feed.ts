/*
 * The owner's side of one replica: sends it every version, and pins those that it holds or has on its way.
 * `serve-replicas.ts` makes one for each replica on a port; its counterpart is `replica-client.ts`.
 */

import type { Commit } from '../../delta/commit.js';
import type { Pin } from '../../cell/pin.js';
import type { CellState } from '../../cell/cell-state.js';
import type { ShardexIndex } from '../../version/shardex-index.js';
import { differenceBetween } from './difference.js';
import type { FromReplica, KnownBlock, ToReplica } from './messages.js';
import { quietTimeout } from '../../host/quiet-timeout.js';
import { SentBlocks } from './sent-blocks.js';

/**
 * Versions that may be on their way to a replica.
 *
 * Versions would pile up in the port of a replica that takes no messages. Beyond this it gets what it missed in one
 * difference, once it takes messages again.
 */
const MAX_VERSIONS_IN_FLIGHT = 64;

/**
 * Milliseconds without an answer after which a replica is reminded; doubled each time, up to the second number.
 */
const FIRST_REMINDER_MS = 1000;
const LAST_REMINDER_MS = 30_000;

/** Feed of one replica: sends it every version, and knows which one it holds. */
export class ReplicaFeed {
  readonly name: string;
  /** Whether it sees the blocks in shared memory; otherwise rows are copied to it. */
  readonly shares: boolean;
  readonly #state: CellState;
  readonly #send: (message: ToReplica) => void;
  readonly #sent: SentBlocks;
  readonly #counter: BigInt64Array | undefined;
  #round = 0;
  #last: ShardexIndex | undefined;
  /** Pins on the version that it holds, and on those on their way to it, in order. */
  readonly #pins: Pin[] = [];
  /** The version that it last reported to have reached. */
  #reached: number | undefined;
  #reminder: ReturnType<typeof setTimeout> | undefined;
  #reminderMs = FIRST_REMINDER_MS;

  constructor(state: CellState, name: string, shares: boolean, send: (message: ToReplica) => void) {
    this.#state = state;
    this.name = name;
    this.shares = shares;
    this.#send = send;
    this.#sent = new SentBlocks(shares);
    this.#counter = shares ? new BigInt64Array(new SharedArrayBuffer(8)) : undefined;
  }

  /** The number of the version that it is known to hold; `undefined` before the first. */
  get version(): number | undefined {
    return this.#reached;
  }

  /** Number of blocks that it is assumed to have. */
  get blockCount(): number {
    return this.#sent.size;
  }

  take(message: FromReplica): void {
    switch (message.kind) {
      case 'follow':
        // A request that comes late or twice is out of date, also in the blocks that it names.
        if (message.round > this.#round) this.#start(message.round, message.known);
        return;
      case 'reached':
        if (message.round === this.#round) this.#arrived(message.version);
        return;
      case 'forgot':
        this.#sent.forgot(message.blocks);
        return;
      case 'leave':
        this.release();
    }
  }

  /** Sends what was published, unless too much is on its way already. */
  committed({ previous, index }: Commit): void {
    if (this.#last === previous && this.#pins.length <= MAX_VERSIONS_IN_FLIGHT) this.#advance(index);
  }

  release(): void {
    clearTimeout(this.#reminder);
    this.#last = undefined;
    for (const pin of this.#pins.splice(0)) pin.release();
  }

  #start(round: number, known: readonly KnownBlock[]): void {
    this.#round = round;
    this.#sent.reset(known);
    this.#last = undefined;
    // Versions on their way are out of date; the one that it holds stays pinned.
    const held = this.#pins.findIndex(({ version }) => version === this.#reached) + 1;
    for (const pin of this.#pins.splice(held)) pin.release();
    this.#advance(this.#state.current);
  }

  #advance(index: ShardexIndex): void {
    const difference = differenceBetween(this.#last, index, this.#sent);
    this.#last = index;
    // Pinned, as the replica will hold it: so `held()` shows its name (I8).
    this.#pins.push(this.#state.pin(index, this.name));
    this.#send({
      kind: 'version',
      round: this.#round,
      difference,
      // Once is enough: a replica that starts again gets it again.
      counter: difference.base === undefined ? this.#counter : undefined,
      shares: this.shares,
    });
    // Only now: a thread that sees the number may rely on the version being on its way.
    raise(this.#counter, index.version);
    this.#remind();
  }

  #arrived(version: number): void {
    const at = this.#pins.findIndex((pin) => pin.version === version);
    if (at < 0) return;
    this.#reached = version;
    this.#reminderMs = FIRST_REMINDER_MS;
    for (const pin of this.#pins.splice(0, at)) pin.release();
    const { current } = this.#state;
    if (this.#last !== undefined && this.#last !== current && this.#pins.length <= MAX_VERSIONS_IN_FLIGHT)
      this.#advance(current);
    this.#remind();
  }

  /** Reminds a replica that does not answer: only the next message shows that one was lost, and it may be long in coming. */
  #remind(): void {
    clearTimeout(this.#reminder);
    const last = this.#last?.version;
    if (last === undefined || last === this.#reached) return;
    this.#reminder = quietTimeout(() => {
      this.#reminderMs = Math.min(LAST_REMINDER_MS, 2 * this.#reminderMs);
      this.#send({ kind: 'reminder', round: this.#round, version: last });
      this.#remind();
    }, this.#reminderMs);
  }
}

/** Publishes in shared memory which version is on its way. */
function raise(counter: BigInt64Array | undefined, version: number): void {
  if (counter !== undefined) Atomics.store(counter, 0, BigInt(version));
}
