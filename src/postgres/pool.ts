/*
 * What a log in Postgres needs of a pool of connections: the part of `pg` that it uses, so that any driver with the same
 * methods will do, and the way it asks. Statements have no name, so that they go through pgbouncer in transaction mode.
 */

import { fieldOf } from '../checks/given.js';
import { show } from '../checks/show.js';
import { InvalidOptionError } from '../errors.js';

/** One statement, as `pg` takes it. */
export interface PostgresQuery {
  /** The statement. */
  readonly text: string;
  /** What stands for `$1`, `$2` and so on. */
  readonly values?: unknown[];
  /** Milliseconds after which an answer is not waited for any more. */
  readonly query_timeout?: number;
  /** How columns of the answer are read. */
  readonly types?: {
    /** What makes a value of the text of a column of a type. */
    getTypeParser(type: number): (value: string) => unknown;
  };
}

/** What a statement is answered. */
export interface PostgresAnswer {
  /** Its rows, each with its columns by name. */
  readonly rows: readonly object[];
}

/** A connection of `pg`, or another one that takes the same statements, and what `pg` calls a submittable. */
export interface PostgresClient {
  /** Sends a statement. */
  query(query: PostgresQuery): Promise<PostgresAnswer>;
}

/** A connection that was taken from a pool. */
export interface PostgresPoolClient extends PostgresClient {
  /** Listens for notifications, errors and the end of the connection. */
  on(event: 'notification' | 'error' | 'end', listener: (message?: object) => void): unknown;
  /** Stops listening. */
  removeListener(event: 'notification' | 'error' | 'end', listener: (message?: object) => void): unknown;
  /** Gives it back; `true` closes it. */
  release(destroy?: boolean): void;
}

/** A pool of `pg`: `new Pool({ … })`, with at least two connections if the log is to listen. */
export interface PostgresPool extends PostgresClient {
  /** Takes a connection. */
  connect(): Promise<PostgresPoolClient>;
  /** Listens for errors of connections that nobody has taken. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Stops listening. */
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
}

/** A row of an answer. */
export type Row = Readonly<Record<string, unknown>>;

/** The type of a `bigint`, by the number that Postgres gives it. */
const INTEGER = 20;

/** Reads columns itself, whatever parsers the program has set for its own ones. */
const types: NonNullable<PostgresQuery['types']> = {
  getTypeParser: (type) => (type === INTEGER ? Number : (value) => value),
};

/** Asks; the answer's columns must be `bigint` or `text`. */
export async function ask(
  client: PostgresClient,
  timeoutMs: number,
  text: string,
  values: readonly unknown[],
): Promise<readonly Row[]> {
  const { rows } = await client.query({ text, values: [...values], query_timeout: timeoutMs, types });
  return rows as readonly Row[];
}

/** @throws {@link InvalidOptionError} */
export function requireClient(name: string, value: unknown): void {
  if (typeof fieldOf(value, 'query') === 'function') return;
  throw new InvalidOptionError(name, `${name} must be a pool or a client of pg, not ${show(value)}.`);
}

/** @throws {@link InvalidOptionError} */
export function requirePool(name: string, value: unknown): void {
  requireClient(name, value);
  if (typeof fieldOf(value, 'connect') === 'function' && typeof fieldOf(value, 'on') === 'function') return;
  throw new InvalidOptionError(
    name,
    `${name} must be a pool, as new Pool() of pg makes one, not ${show(value)}.`,
  );
}
