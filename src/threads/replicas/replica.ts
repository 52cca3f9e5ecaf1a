import { onAbort } from '../../abort.js';
import { assertFunction, assertSignal, show } from '../../config.js';
import { detachable } from '../../detached.js';
import { InvalidOptionError, PortClosedError } from '../../errors.js';
import { takeOptions } from '../../given.js';
import type { HeldOptions } from '../../cell/held-warning.js';
import type { HistoryOptions } from '../../cell/history.js';
import { CellState } from '../../cell/cell-state.js';
import { ReadableCell, cellStateOf } from '../../cell/readable-cell.js';
import type { ListenerErrorHandler } from '../../cell/watchers.js';
import { Preparation } from '../../search/preparation.js';
import type { ShardexIndex } from '../../version/shardex-index.js';
import { ReplicaClient } from './replica-client.js';
import { TO_FOLLOWER } from './message-shapes.js';
import { EVERYONE, type FromFollower, type ToFollower } from './messages.js';
import { Link, type Port, newChannel } from '../port/port.js';
import { read, unreadable } from '../port/shapes.js';

/** Options of {@link openReplica}. */
export interface ReplicaOptions {
  /** What the owner's `held()` calls the versions that this replica holds. Default `'replica'`. */
  readonly name?: string;
  /** Refuses to open where rows would have to be copied because there is no `SharedArrayBuffer`. Default `false`. */
  readonly requireSharedMemory?: boolean;
  /** Gives up waiting for the first version. */
  readonly signal?: AbortSignal;
  /** Which superseded versions to keep, as in a cell. */
  readonly history?: HistoryOptions;
  /** Warns of old versions that live too long, as in a cell. */
  readonly held?: HeldOptions;
  /** Is told what a subscribed listener threw, as in a cell. */
  readonly onError?: ListenerErrorHandler;
}

/** Why a replica has ended. */
export interface Ending {
  error: Error | undefined;
}

/** How a replica is made out of a conversation; for this folder only. */
interface ReplicaParts {
  readonly publication: CellState;
  readonly name: string;
  readonly client: ReplicaClient;
  readonly leave: () => void;
  readonly ending: Ending;
}

/** Takes in all versions that have come, without giving anything else its turn. */
export let catchUp: (replica: Replica) => void;

/**
 * A cell that follows one in another thread: its versions are equal to the owner's in number, fingerprint and every
 * answer, and their rows lie in the same memory. Made by {@link openReplica}. It ends when it is closed, when the owner's
 * cell is, or when the port or the owner's thread has gone: what was read stays readable.
 */
export class Replica extends ReadableCell {
  static {
    catchUp = (replica) => {
      replica.#client.catchUp();
    };
    detachable(this, (value) => #client in value, 'stable');
  }

  /** What the owner calls it. */
  readonly name: string;
  readonly #client: ReplicaClient;
  readonly #leave: () => void;
  readonly #ending: Ending;

  /** @internal */
  constructor({ publication, name, client, leave, ending }: ReplicaParts) {
    super(publication);
    this.name = name;
    this.#client = client;
    this.#leave = leave;
    this.#ending = ending;
  }

  /** What ended it; `undefined` while it is open, and where it or the owner's cell was closed. */
  get failure(): Error | undefined {
    return this.#ending.error;
  }

  /** Whether its rows lie in memory that it shares with the owner; otherwise they were copied, and take memory twice. */
  get sharesMemory(): boolean {
    return this.#client.sharesMemory;
  }

  /**
   * The number of the newest version that the owner has sent, read from shared memory: `waitFor(newestVersion)` comes
   * without any further help of the owner. Where memory is not shared, the number of the current version.
   */
  get newestVersion(): number {
    return this.#client.newestVersion;
  }

  /** As a cell's; tells the owner that this replica holds nothing any more. */
  override close(): void {
    if (this.isClosed) return;
    super.close();
    this.#leave();
  }
}

/**
 * Follows the cell that is served on the other end of a port, by {@link serveReplicas}, as a replica: resolves when the
 * first version is here. No vector is copied where both threads have `SharedArrayBuffer`, which in browsers only pages
 * have that are cross-origin isolated; see `sharesMemory`.
 *
 * Time: O(shards + segments + postings) for the first version, and then what each commit changed. The first question by a
 * document's id takes O(postings) once more: until then it is not known which shards hold it.
 *
 * @throws {@link InvalidOptionError}; it rejects with the signal's reason, with {@link PortClosedError} when the port is
 * closed before, and with what the owner refused it for.
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
export async function openReplica(port: Port, options: ReplicaOptions = {}): Promise<Replica> {
  const {
    name = 'replica',
    requireSharedMemory = false,
    signal,
    history,
    held,
    onError,
  } = takeOptions(options, ['name', 'requireSharedMemory', 'signal', 'history', 'held', 'onError']);
  assertName(name);
  assertSignal(signal);
  assertFunction('onError', onError);
  if (typeof requireSharedMemory !== 'boolean') {
    throw new InvalidOptionError(
      'requireSharedMemory',
      `requireSharedMemory must be true or false, not ${show(requireSharedMemory)}.`,
    );
  }
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const channel = newChannel();
    let replica: Replica | undefined;
    const ending: Ending = { error: undefined };
    const preparation = new Preparation();
    const leave = (): void => {
      client.stop();
      link.send(channel, { kind: 'leave' });
      link.close();
      stopWaiting();
    };
    const ended = (error: Error | undefined): void => {
      leave();
      ending.error = error;
      replica?.close();
      reject(
        error ?? new PortClosedError('The owner stopped serving replicas before the first version came.'),
      );
    };
    const first = (index: ShardexIndex): void => {
      if (requireSharedMemory && !client.sharesMemory) {
        ended(
          new InvalidOptionError(
            'requireSharedMemory',
            'One of the threads has no SharedArrayBuffer, so rows would have to be copied. In a browser the page must be cross-origin isolated.',
          ),
        );
        return;
      }
      stopWaiting();
      replica = new Replica({
        publication: new CellState(index, { history, held, onError }),
        name,
        client,
        leave,
        ending,
      });
      resolve(replica);
    };
    const link = new Link<FromFollower>(port, 'client', {
      message: (body, to) => {
        if (to !== channel && to !== EVERYONE) return;
        const message = read<ToFollower>(TO_FOLLOWER, body);
        if (message === 'damaged' && to === channel) ended(unreadable());
        else if (message === undefined || message === 'damaged') return;
        // What is for everyone is the end, and nothing else.
        else if (to === channel || message.kind === 'end') client.take(message);
      },
      gone: () => {
        client.catchUp();
        ended(new PortClosedError('The port was closed, or the thread of the owner has ended.'));
      },
    });
    const client = new ReplicaClient(name, typeof SharedArrayBuffer === 'function', {
      send: (message) => {
        link.send(channel, message);
      },
      version: (index) => {
        if (replica === undefined) first(index);
        else publish(replica, index);
      },
      idle: (milliseconds) => replica !== undefined && preparation.advance(replica.read(), milliseconds),
      ended,
    });
    const stopWaiting = onAbort(signal, () => {
      leave();
      // Whatever it is, it comes out as it was given, also where that is nothing.
      reject(signal?.reason as Error);
    });
    client.ask();
  });
}

/** A replica has one writer, the messages of its owner, so that what it expects is always current. */
function publish(replica: Replica, index: ShardexIndex): void {
  const publication = cellStateOf(replica);
  publication.publish(publication.current, index, performance.now());
}

/** @throws {@link InvalidOptionError} */
function assertName(name: unknown): void {
  if (typeof name === 'string' && name !== '') return;
  throw new InvalidOptionError('name', `name must be a non-empty string, not ${show(name)}.`);
}
