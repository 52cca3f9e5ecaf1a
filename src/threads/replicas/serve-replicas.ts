/*
 * Serves a cell on a port: replicas and remote writers at the other end. It routes each message to the `ReplicaFeed`
 * or `WriterSession` of its channel, and sends every commit on.
 */

import { isWhole, requireFlag } from '../../config.js';
import { detachable, findable } from '../../checks/detached.js';
import { InvalidOptionError } from '../../errors.js';
import { takeOptions } from '../../checks/given.js';
import { CowShardexIndex } from '../../cell/cow-shardex-index.js';
import { type ReadableCell, assertCell, cellStateOf } from '../../cell/readable-cell.js';
import { ReplicaFeed } from './replica-feed.js';
import {
  EVERYONE,
  type FromReplica,
  PROTOCOL,
  type ToClient,
  type ToOwner,
  type WriterAnswer,
  type WriterCall,
} from './messages.js';
import { LastNames } from './last-names.js';
import { TO_OWNER } from './message-shapes.js';
import { packError } from '../port/packed-error.js';
import { Link } from '../port/link.js';
import type { Port } from '../port/port.js';
import { read, unreadable } from '../port/shapes.js';
import { WriterSession } from './writer-session.js';

/** Number of replicas that are remembered after leaving, so that a late message does not bring them back. */
const MAX_REMEMBERED_LEAVERS = 64;

/** Options of {@link serveReplicas}. */
export interface ServeOptions {
  /** Lets the other side write too, by {@link openRemoteWriter}. Default `false`. */
  readonly writable?: boolean;
}

/** Status of a replica, in the thread that has the cell. */
export interface ReplicaStatus {
  /** Its name, as given to `openReplica`. */
  readonly name: string;
  /** The number of the version that it was last known to hold; `undefined` before the first. */
  readonly version: number | undefined;
  /** Whether its rows lie in memory shared with the cell. */
  readonly sharesMemory: boolean;
  /** Row blocks that it is known to have. */
  readonly blockCount: number;
}

/**
 * The replicas on one port; see {@link serveReplicas}. It ends with the cell, with the port, or by `close()`.
 */
export class ReplicaService {
  readonly #cell: ReadableCell;
  readonly #writable: boolean;
  readonly #link: Link<ToClient>;
  readonly #feeds = new Map<string, ReplicaFeed>();
  readonly #left = new LastNames(MAX_REMEMBERED_LEAVERS);
  readonly #writers = new Map<string, WriterSession>();
  readonly #unsubscribe: () => void;

  static {
    detachable(this, (value) => #cell in value, 'stable');
  }

  /** @internal */
  constructor(cell: ReadableCell, port: Port, writable: boolean) {
    this.#cell = cell;
    findable(this);
    this.#writable = writable;
    const state = cellStateOf(cell);
    state.assertOpen();
    this.#link = new Link(port, 'owner', {
      message: (message, channel) => {
        this.#take(message, channel);
      },
      gone: () => {
        this.#release();
      },
    });
    this.#unsubscribe = state.watchers.add(
      (commit) => {
        for (const [channel, feed] of this.#feeds) {
          this.#guarded(channel, () => {
            feed.committed(commit);
          });
        }
      },
      cell.version,
      [],
      () => {
        this.close();
      },
    );
  }

  /** The replicas that follow the cell through this port. */
  get replicas(): readonly ReplicaStatus[] {
    return Object.freeze(
      [...this.#feeds.values()].map(({ name, version, shares, blockCount }) =>
        Object.freeze({ name, version, sharesMemory: shares, blockCount }),
      ),
    );
  }

  /** Whether it has ended. */
  get isClosed(): boolean {
    return !this.#link.isOpen;
  }

  /**
   * Ends the replicas on this port, and discards what remote writers have not committed. The port stays open.
   */
  close(): void {
    if (this.isClosed) return;
    // To all channels, also those whose first message is still on its way.
    this.#link.send(EVERYONE, { kind: 'end', error: undefined });
    this.#link.close();
    this.#release();
  }

  /** Calls `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #take(body: unknown, channel: string): void {
    const message = read<ToOwner>(TO_OWNER, body);
    // Only this side sends messages for everyone.
    if (message === undefined || channel === EVERYONE) return;
    if (message === 'damaged') this.#refuse(body, channel);
    else if (message.kind === 'write') this.#write(message, channel);
    else
      this.#guarded(channel, () => {
        this.#follow(message, channel);
      });
  }

  /** Refuses a damaged message, if something at the other end waits for an answer. */
  #refuse(body: unknown, channel: string): void {
    const { kind, call } = body as { readonly kind: unknown; readonly call?: unknown };
    if (kind === 'write') {
      if (isWhole(call, 0, Number.MAX_SAFE_INTEGER)) this.#answer(channel, refusal(call, unreadable()));
    } else if (kind === 'follow' || this.#feeds.has(channel))
      this.#guarded(channel, () => {
        throw unreadable();
      });
  }

  #follow(message: FromReplica, channel: string): void {
    if (message.kind === 'follow' && message.protocol !== PROTOCOL) {
      throw new InvalidOptionError(
        'port',
        'The two threads have different versions of the library; they must have the same one.',
      );
    }
    let feed = this.#feeds.get(channel);
    if (feed === undefined) {
      if (message.kind !== 'follow' || this.#left.has(channel)) return;
      const shares = message.shares && typeof SharedArrayBuffer === 'function';
      feed = new ReplicaFeed(cellStateOf(this.#cell), message.name, shares, (answer) => {
        this.#link.send(channel, answer);
      });
      this.#feeds.set(channel, feed);
    }
    feed.take(message);
    if (message.kind === 'leave') this.#remove(channel);
  }

  #write(message: WriterCall, channel: string): void {
    const cell: CowShardexIndex | undefined = this.#cell instanceof CowShardexIndex ? this.#cell : undefined;
    if (!this.#writable || cell === undefined) {
      const error = new InvalidOptionError(
        'writable',
        'This port serves readers only; serve it with writable: true, in the thread that has the cell.',
      );
      this.#answer(channel, refusal(message.call, error));
      return;
    }
    const session = this.#writers.get(channel) ?? new WriterSession(cell);
    const answer = session.answer(message);
    // A session that is not open is done; one whose commit failed stays open.
    if (session.isOpen) this.#writers.set(channel, session);
    else this.#writers.delete(channel);
    this.#answer(channel, answer);
  }

  #answer(channel: string, answer: WriterAnswer & { readonly call: number }): void {
    try {
      this.#link.send(channel, answer);
    } catch (error) {
      // An error of a validator may have fields that cannot be sent.
      this.#link.send(channel, refusal(answer.call, error));
    }
  }

  /**
   * Runs something for one replica. If it fails, that replica is told and removed; the others, and the cell, go on.
   */
  #guarded(channel: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#remove(channel);
      this.#link.send(channel, { kind: 'end', error: packError(error) });
    }
  }

  #remove(channel: string): void {
    this.#feeds.get(channel)?.release();
    this.#feeds.delete(channel);
    this.#left.add(channel);
  }

  #release(): void {
    this.#unsubscribe();
    for (const feed of this.#feeds.values()) feed.release();
    for (const writer of this.#writers.values()) writer.release();
    this.#feeds.clear();
    this.#writers.clear();
  }
}

function refusal(call: number, error: unknown): WriterAnswer & { readonly call: number } {
  return { kind: 'refused', call, error: packError(error) };
}

/**
 * Serves a cell on a port, to the replicas that {@link openReplica} opens at the other end.
 *
 * Call it once for each port. A commit sends its changes before the call that made it returns; the rows themselves stay in
 * memory that all threads share.
 *
 * A replica that takes no messages for a while keeps its version: `held()` lists that version, with a pin of the replica's
 * name. It is brought up to date in one step once it takes messages again.
 *
 * Time: for each commit O(segments of the shards that it changed), for each replica.
 *
 * @throws {@link InvalidOptionError}, {@link CellClosedError}
 *
 * @example
 * ```ts
 * import { CowShardexIndex, createIndex, openReplica, serveReplicas } from 'shardex';
 *
 * const { port1, port2 } = new MessageChannel();
 * const cell = new CowShardexIndex(createIndex({ dimensions: 1 }));
 * const service = serveReplicas(cell, port1);
 * const replica = await openReplica(port2, { name: 'reader 1' });
 * service.replicas.map(({ name, sharesMemory }) => [name, sharesMemory]); // → [['reader 1', true]]
 * cell.close();
 * replica.close();
 * port1.close();
 * ```
 */
export function serveReplicas(cell: ReadableCell, port: Port, options: ServeOptions = {}): ReplicaService {
  const { writable = false } = takeOptions(options, ['writable']);
  requireFlag('writable', writable);
  assertCell(cell, 'served');
  return new ReplicaService(cell, port, writable);
}
