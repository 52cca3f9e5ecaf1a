/*
 * How a log talks to its database: asks again where the line breaks, and knows what is under way, so that closing can wait
 * for it.
 */

import { LogClosedError, type UnansweredError } from '../store/errors.js';
import { patiently } from './failure.js';
import { CopyOut } from './copy-out.js';
import { type PostgresClient, type PostgresPool, type PostgresQuery, type Row, ask } from './pool.js';
import { literal } from './schema.js';
import type { Copied } from './statements.js';

/** How long to wait, in milliseconds. */
export interface Times {
  /** For an answer. */
  readonly timeoutMs: number;
  /** For a database that is not there. */
  readonly patienceMs: number;
}

/** The statements of one log, on a pool. */
export class Session {
  readonly pool: PostgresPool;
  readonly #times: Times;
  readonly #underWay = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(pool: PostgresPool, times: Times) {
    this.pool = pool;
    this.#times = times;
    pool.on('error', ignored);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Asks once. */
  ask(text: string, ...values: readonly unknown[]): Promise<readonly Row[]> {
    return this.askBy(this.pool, text, ...values);
  }

  /** Asks once, by a connection of the caller's. */
  askBy(client: PostgresClient, text: string, ...values: readonly unknown[]): Promise<readonly Row[]> {
    return ask(client, this.#times.timeoutMs, text, values);
  }

  /** Asks once for rows with bytes. */
  async copied(
    { text, columns }: Copied,
    ...values: readonly (string | number | readonly number[])[]
  ): Promise<readonly Row[]> {
    const query = text.replace(/\$(\d)/g, (_, at) => literal(values[Number(at) - 1]));
    const copy: PostgresQuery = new CopyOut(query, columns, this.#times.timeoutMs);
    return (await this.pool.query(copy)) as unknown as readonly Row[];
  }

  /** Asks for what nobody waits for, and what may fail. */
  quietly(text: string, ...values: readonly unknown[]): void {
    void this.#noted(this.ask(text, ...values).catch(() => undefined));
  }

  /** Does one thing on the database, again where the line breaks. @throws {@link LogClosedError} */
  during<T>(doing: string, work: () => Promise<T>): Promise<T> {
    return this.whileOpen(() => this.patiently(doing, work));
  }

  /** Does what closing has to wait for. @throws {@link LogClosedError} */
  whileOpen<T>(work: () => Promise<T>): Promise<T> {
    return this.#isClosed ? Promise.reject(new LogClosedError()) : this.#noted(work());
  }

  /** Does something again while the line is broken; it must be such that it may be done twice. */
  patiently<T>(
    doing: string,
    work: (tries: number) => Promise<T>,
    ...gaveUp: [] | [(message: string) => UnansweredError]
  ): Promise<T> {
    return patiently(doing, this.#times.patienceMs, work, ...gaveUp);
  }

  /** Refuses what comes, and waits for what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    this.pool.removeListener('error', ignored);
  }

  #noted<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    const done = (): void => {
      this.#underWay.delete(work);
    };
    work.then(done, done);
    return work;
  }
}

/** A connection that nobody uses broke: the pool makes another one. */
function ignored(): void {
  // Nothing to do; but without a listener the process would end.
}
