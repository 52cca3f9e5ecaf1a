/*
 * A replica: a readable cell whose versions come from a cell in another thread. `openReplica` starts the
 * conversation, `ReplicaClient` builds the versions, and they are published here as in any cell.
 */

import { onAbort } from '../../checks/abort.js';
import { assertFunction, assertSignal, requireFlag, requireName } from '../../config.js';
import { detachable } from '../../checks/detached.js';
import { printable } from '../../checks/printable.js';
import { InvalidOptionError, PortClosedError } from '../../errors.js';
import { takeOptions } from '../../checks/given.js';
import type { HeldOptions } from '../../cell/held-warning.js';
import type { HistoryOptions } from '../../cell/history.js';
import { CellState } from '../../cell/cell-state.js';
import { ReadableCell, summaryOf, cellStateOf } from '../../cell/readable-cell.js';
import type { ListenerErrorHandler } from '../../cell/watchers.js';
import { Preparation } from '../../search/memory/preparation.js';
import type { ShardexIndex } from '../../version/shardex-index.js';
import { ReplicaClient } from './replica-client.js';
import { TO_REPLICA } from './message-shapes.js';
import { EVERYONE, type FromReplica, type ToReplica } from './messages.js';
import { Link, newChannel } from '../port/link.js';
import type { Port } from '../port/port.js';
import { read, unreadable } from '../port/shapes.js';

/** Options of {@link openReplica}. */
export interface ReplicaOptions {
  /** Name in the owner's `held()` for the versions that this replica holds. Default `'replica'`. */
  readonly name?: string;
  /**
   * Refuses to open if rows would have to be copied because there is no `SharedArrayBuffer`. Default `false`.
   */
  readonly requireSharedMemory?: boolean;
  /** Aborts the wait for the first version. */
  readonly signal?: AbortSignal;
  /** Superseded versions to keep, as in a cell. */
  readonly history?: HistoryOptions;
  /** Warns of old versions that live too long, as in a cell. */
  readonly held?: HeldOptions;
  /** Receives what a subscribed listener threw, as in a cell. */
  readonly onError?: ListenerErrorHandler;
}

/**
 * Works off all versions that have arrived, without a pause. A friend accessor; see docs/internals/design.md.
 */
export let drainMessages: (replica: Replica) => void;

/**
 * A cell that follows one in another thread, made by {@link openReplica}.
 *
 * Its versions equal the owner's in number, fingerprint and every answer, and their rows lie in the same memory. It ends
 * when it or the owner's cell is closed, or when the port or the owner's thread ends. Versions that were read stay readable.
 */
export class Replica<M extends object = object> extends ReadableCell<M> {
  static {
    drainMessages = (replica) => {
      replica.#conversation.client.drainMessages();
    };
    printable<Replica>(this.prototype as Replica, 'Replica', (replica) => ({
      name: replica.name,
      ...summaryOf(replica),
    }));
    detachable(this, (value) => #conversation in value, 'stable');
  }

  /** Its name in the owner's reports. */
  readonly name: string;
  readonly #conversation: ReplicaConversation;

  /** @internal */
  constructor(state: CellState, name: string, conversation: ReplicaConversation) {
    super(state);
    this.name = name;
    this.#conversation = conversation;
  }

  /** The error that ended it; `undefined` while it is open, and if it or the owner's cell was closed. */
  get failure(): Error | undefined {
    return this.#conversation.failure;
  }

  /**
   * Whether its rows lie in memory shared with the owner; otherwise they were copied, and take memory twice.
   */
  get sharesMemory(): boolean {
    return this.#conversation.client.sharesMemory;
  }

  /**
   * The number of the newest version that the owner has sent, read from shared memory.
   *
   * `waitFor(newestVersion)` resolves without anything further from the owner. If memory is not shared, it is the number of
   * the current version.
   */
  get newestVersion(): number {
    return this.#conversation.client.newestVersion;
  }

  /** Closes the replica as a cell, and tells the owner that it holds no version any longer. */
  override close(): void {
    if (this.isClosed) return;
    super.close();
    this.#conversation.leave();
  }
}

/**
 * Opens a replica of the cell at the other end of a port, which {@link serveReplicas} serves.
 *
 * It resolves when the first version has arrived. If both threads have `SharedArrayBuffer`, no vector is copied; in browsers
 * that requires a cross-origin isolated page. See `sharesMemory`.
 *
 * Time: O(shards + segments + postings) for the first version, then what each commit changed. The first look-up by a
 * document's id takes O(postings): it builds the documents map.
 *
 * @throws {@link InvalidOptionError}; it rejects with the signal's reason, with {@link PortClosedError} when the port
 * is closed before, and with the owner's reason for refusing it.
 *
 * @example
 * ```ts
 * import { CowShardexIndex, createIndex, openReplica, search, serveReplicas } from 'shardex';
 *
 * const { port1, port2 } = new MessageChannel(); // one of them goes to the other thread
 * const cell = new CowShardexIndex(createIndex({ dimensions: 1 }));
 * const service = serveReplicas(cell, port1);
 *
 * const replica = await openReplica(port2, { name: 'reader 1' });
 * cell.update((draft) => { draft.addPosting({ documentId: 'a', vector: [1] }); });
 * const index = await replica.waitFor(1);
 * index.fingerprint === cell.read().fingerprint; // → true
 * search(index, [1], { k: 1 }).length; // → 1
 *
 * replica.close();
 * service.close();
 * port1.close();
 * ```
 */
export async function openReplica<M extends object = object>(
  port: Port,
  options: ReplicaOptions = {},
): Promise<Replica<M>> {
  const {
    name = 'replica',
    requireSharedMemory = false,
    signal,
    history,
    held,
    onError,
  } = takeOptions(options, ['name', 'requireSharedMemory', 'signal', 'history', 'held', 'onError']);
  requireName('name', name);
  assertSignal(signal);
  assertFunction('onError', onError);
  requireFlag('requireSharedMemory', requireSharedMemory);
  signal?.throwIfAborted();
  const opening = { name, requireSharedMemory, signal, history, held, onError };
  return new Promise((resolve, reject) => {
    new ReplicaConversation(port, opening, resolve, reject).start();
  });
}

/** Checked options of a replica. */
interface OpeningOptions {
  readonly name: string;
  readonly requireSharedMemory: boolean;
  readonly signal: AbortSignal | undefined;
  readonly history: HistoryOptions | undefined;
  readonly held: HeldOptions | undefined;
  readonly onError: ListenerErrorHandler | undefined;
}

/** The conversation with the owner, from the first request to the end: makes the replica, then feeds it versions. */
class ReplicaConversation {
  readonly client: ReplicaClient;
  /** The error that ended it. */
  failure: Error | undefined;
  readonly #options: OpeningOptions;
  readonly #resolve: (replica: Replica) => void;
  readonly #reject: (error: Error) => void;
  readonly #channel = newChannel();
  readonly #link: Link<FromReplica>;
  readonly #preparation = new Preparation();
  #stopWaiting: () => void = () => undefined;
  #replica: Replica | undefined;

  constructor(
    port: Port,
    options: OpeningOptions,
    resolve: (replica: Replica) => void,
    reject: (error: Error) => void,
  ) {
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#link = new Link<FromReplica>(port, 'client', {
      message: (body, to) => {
        this.#take(body, to);
      },
      gone: () => {
        this.client.drainMessages();
        this.#end(new PortClosedError('The port was closed, or the thread of the owner has ended.'));
      },
    });
    this.client = new ReplicaClient(options.name, typeof SharedArrayBuffer === 'function', {
      send: (message) => {
        this.#link.send(this.#channel, message);
      },
      version: (index) => {
        if (this.#replica === undefined) this.#open(index);
        else publishReplicaVersion(this.#replica, index);
      },
      idle: (milliseconds) =>
        this.#replica !== undefined && this.#preparation.advance(this.#replica.read(), milliseconds),
      ended: (error) => {
        this.#end(error);
      },
    });
  }

  start(): void {
    const { signal } = this.#options;
    this.#stopWaiting = onAbort(signal, () => {
      this.leave();
      // The reason is passed on unchanged, whatever its type.
      this.#reject(signal?.reason as Error);
    });
    this.client.ask();
  }

  /** Tells the owner that no version is held here any longer, and stops receiving. */
  leave(): void {
    this.client.stop();
    this.#link.send(this.#channel, { kind: 'leave' });
    this.#link.close();
    this.#stopWaiting();
  }

  #take(body: unknown, to: string): void {
    const isMine = to === this.#channel;
    if (!isMine && to !== EVERYONE) return;
    const message = read<ToReplica>(TO_REPLICA, body);
    if (message === 'damaged' && isMine) this.#end(unreadable());
    else if (message === undefined || message === 'damaged') return;
    // A message for everyone can only be the end.
    else if (isMine || message.kind === 'end') this.client.take(message);
  }

  #end(error: Error | undefined): void {
    this.leave();
    this.failure = error;
    this.#replica?.close();
    this.#reject(
      error ?? new PortClosedError('The owner stopped serving replicas before the first version came.'),
    );
  }

  /** Makes the replica of its first version. */
  #open(index: ShardexIndex): void {
    const { name, requireSharedMemory, history, held, onError } = this.#options;
    if (requireSharedMemory && !this.client.sharesMemory) {
      this.#end(
        new InvalidOptionError(
          'requireSharedMemory',
          'One of the threads has no SharedArrayBuffer, so rows would have to be copied. In a browser the page must be cross-origin isolated.',
        ),
      );
      return;
    }
    this.#stopWaiting();
    this.#replica = new Replica(new CellState(index, { history, held, onError }), name, this);
    this.#resolve(this.#replica);
  }
}

/**
 * Publishes a version in a replica. Its only writer is its owner, so the expected version is always current.
 */
function publishReplicaVersion(replica: Replica, index: ShardexIndex): void {
  const state = cellStateOf(replica);
  state.publish(state.current, index, performance.now());
}
