/*
 * The thread's side of a search pool: opens a replica of the pool's cell and answers searches with its versions. The
 * script `pool-worker.ts` calls it; its counterpart is `pool-thread.ts`.
 */

import { isWhole } from '../../config.js';
import { InvalidOptionError, WorkerFailedError } from '../../errors.js';
import { searchIn } from '../../search/search.js';
import type { Searchable } from '../../version/searchable.js';
import type { ShardexIndex } from '../../version/shardex-index.js';
import { packError } from '../port/packed-error.js';
import { packResults } from './packed-results.js';
import { parentPort } from '../port/parent-port.js';
import { type PartNumber, partOf } from './part.js';
import { Link } from '../port/link.js';
import type { Port } from '../port/port.js';
import { type Replica, drainMessages, openReplica } from '../replicas/replica.js';
import { type FromSearcher, SEARCHES, type ToSearcher, slotOf } from './search-messages.js';
import { TO_SEARCHER } from './search-shapes.js';
import { read, unreadable } from '../port/shapes.js';

/**
 * Makes the calling worker a thread of the {@link SearchPool} that started it.
 *
 * You need it only if the pool cannot find the script of the package, which is also `shardex/pool-worker`. Then call this in
 * your own worker, and pass the pool a `spawn` that starts it. Do not await it at the top level of a bundled script: bundlers
 * do not allow that in every kind of worker.
 *
 * @throws {@link InvalidOptionError} if there is no port to the thread that started this one.
 *
 * @example
 * ```ts no-run
 * // search-worker.ts
 * import { answerSearches } from 'shardex';
 *
 * void answerSearches();
 *
 * // elsewhere
 * const spawn = () => new Worker(new URL('./search-worker.ts', import.meta.url), { type: 'module' });
 * const pool = await SearchPool.open(cell, { spawn });
 * ```
 */
export async function answerSearches(port?: Port): Promise<void> {
  const parent = port ?? (await parentPort());
  if (parent === undefined) {
    throw new InvalidOptionError('port', 'There is no port to the thread that started this one; pass one.');
  }
  const answer = (message: FromSearcher): void => {
    link.send(SEARCHES, message);
  };
  let searcher: Searcher | undefined;
  const start = async ({ name, givenUp }: StartMessage): Promise<void> => {
    try {
      const replica = await openReplica(parent, { name });
      searcher?.close();
      searcher = new Searcher(replica, givenUp, answer);
      answer({ kind: 'ready' });
    } catch (error) {
      // The port was closed meanwhile: this thread is not needed.
      link.close();
      throw error;
    }
  };
  const link = new Link<FromSearcher>(parent, 'client', {
    message: (body, channel) => {
      if (channel !== SEARCHES) return;
      const message = read<ToSearcher>(TO_SEARCHER, body);
      if (message === undefined) return;
      if (message === 'damaged') refuse(body, answer);
      else if (message.kind === 'start') void start(message);
      else if (searcher === undefined) refuse(message, answer, notReady());
      else searcher.take(message);
    },
    gone: () => undefined,
  });
}

/** Reports a failure, if the message has an id that the pool waits for. */
function refuse(asked: unknown, answer: (message: FromSearcher) => void, error: Error = unreadable()): void {
  const { id } = asked as { readonly id?: unknown };
  if (isWhole(id, 0, Number.MAX_SAFE_INTEGER)) answer({ kind: 'failed', id, error: packError(error) });
}

function notReady(): WorkerFailedError {
  return new WorkerFailedError('This thread has no version to search in yet.');
}

type StartMessage = ToSearcher & { readonly kind: 'start' };

type SearchMessage = ToSearcher & { readonly kind: 'search' };

/** Answers searches with the versions of one replica. */
class Searcher {
  readonly #replica: Replica;
  readonly #givenUp: Int32Array | undefined;
  readonly #answer: (message: FromSearcher) => void;
  readonly #parts = new WeakMap<ShardexIndex, Map<string, Searchable>>();

  constructor(replica: Replica, givenUp: Int32Array | undefined, answer: (message: FromSearcher) => void) {
    this.#replica = replica;
    this.#givenUp = givenUp;
    this.#answer = answer;
  }

  close(): void {
    this.#replica.close();
  }

  /**
   * Searches at once, before versions that wait in the queue are taken.
   *
   * A part of a split search first takes all versions that have arrived, so that all threads search the same one.
   */
  take(asked: SearchMessage): void {
    const { id, atLeast, part } = asked;
    if (part !== undefined) drainMessages(this.#replica);
    if (this.#replica.version >= atLeast) {
      this.#run(this.#replica.read(), asked);
      return;
    }
    this.#replica.waitFor(atLeast).then(
      (index) => {
        this.#run(index, asked);
      },
      (error: unknown) => {
        this.#answer({ kind: 'failed', id, error: packError(error) });
      },
    );
  }

  #run(index: ShardexIndex, { id, queries, options, part }: SearchMessage): void {
    const givenUp = this.#givenUp;
    if (givenUp !== undefined && Atomics.load(givenUp, slotOf(id, givenUp)) === id) {
      this.#answer({ kind: 'skipped', id });
      return;
    }
    try {
      const where = part === undefined ? index : this.#part(index, part);
      const results = packResults(queries.map((query) => searchIn(where, query, options)));
      const { version, fingerprint } = index;
      this.#answer({ kind: 'found', id, found: { index: { version, fingerprint }, results } });
    } catch (error) {
      this.#answer({ kind: 'failed', id, error: packError(error) });
    }
  }

  #part(index: ShardexIndex, part: PartNumber): Searchable {
    const key = `${part.index} of ${part.count}`;
    const made = this.#parts.get(index) ?? new Map<string, Searchable>();
    this.#parts.set(index, made);
    const known = made.get(key) ?? partOf(index, part);
    made.set(key, known);
    return known;
  }
}
