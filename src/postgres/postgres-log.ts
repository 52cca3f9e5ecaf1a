/*
 * A log in Postgres: one index for many machines. Whoever appends first wins a version, by one statement that needs the
 * parent's token; what it acknowledged is as durable as Postgres makes its commits. `statements.ts` has the SQL.
 */

import { takeOptions } from '../checks/given.js';
import { assertSignal, requireFlag, requireName, requireWhole } from '../config.js';
import { CorruptLogError, TrimmedError, UnansweredError } from '../store/errors.js';
import {
  BATCH_BYTES,
  checkCheckpoint,
  checkGroup,
  checkNote,
  checkReading,
  checkStored,
  checkTrim,
  requireBytes,
  sumOf,
} from '../store/log/checks.js';
import type {
  Appended,
  Checkpoint,
  CommitLog,
  Entry,
  Head,
  LoggedEntry,
  OpenedLog,
  ReadOptions,
} from '../store/log/commit-log.js';
import { failureOf, isRowConflict } from './failure.js';
import { Hints } from './hints.js';
import { type Stored, piecesOf, restored, stored } from './pieces.js';
import { type PostgresPool, type Row, requirePool } from './pool.js';
import { SCHEMA, migratePostgres } from './schema.js';
import { Session } from './session.js';
import { type Statements, statementsIn } from './statements.js';

/** How many rows one statement drops: others must not wait for it for long. */
const ENTRIES_PER_TRIM = 1000;
const CHUNKS_PER_TRIM = 64;
/** How often to try to drop chunks that others take up again meanwhile. */
const TRIM_TRIES = 5;

/** Options of {@link postgresLog}. */
export interface PostgresLogOptions {
  /** The name of the index: a database holds any number of them. */
  readonly namespace: string;
  /** The schema that the tables are in; made where there is none. Default `shardex`. */
  readonly schema?: string;
  /** How often to look for what others have written where no hints come, in milliseconds. Default 50. */
  readonly pollMs?: number;
  /**
   * Whether to listen for hints, which takes a connection of the pool for as long as the log is open. Default: if the pool
   * may have two.
   */
  readonly listen?: boolean;
  /** Milliseconds to wait for an answer. Default 30,000. */
  readonly timeoutMs?: number;
  /** Milliseconds to try for, while the database is not there. Default 5000. */
  readonly patienceMs?: number;
}

/**
 * Makes a log in Postgres, on a pool of `pg`. Any number of machines may open one. The pool stays the caller's, and has to be
 * ended after the log is closed; errors of its idle connections are of no interest to the log, which connects again.
 *
 * @throws {@link InvalidOptionError}
 */
export function postgresLog(pool: PostgresPool, options: PostgresLogOptions): CommitLog {
  requirePool('pool', pool);
  const names = ['namespace', 'schema', 'pollMs', 'listen', 'timeoutMs', 'patienceMs'] as const;
  const { namespace, schema = SCHEMA, listen, ...times } = takeOptions(options, names);
  requireName('namespace', namespace);
  requireName('schema', schema);
  if (listen !== undefined) requireFlag('listen', listen);
  const { pollMs = 50, timeoutMs = 30_000, patienceMs = 5000 } = times;
  requireWhole('pollMs', pollMs, 1, 3_600_000);
  requireWhole('timeoutMs', timeoutMs, 1, 3_600_000);
  requireWhole('patienceMs', patienceMs, 0, 3_600_000);
  const most = (pool as { readonly options?: { readonly max?: unknown } }).options?.max;
  const isListening = listen ?? !(typeof most === 'number' && most < 2);
  return new PostgresLog(
    new Session(pool, { timeoutMs, patienceMs }),
    { namespace, schema },
    (channel, session, sql) =>
      new Hints(pool, channel, { pollMs, isListening }, (payload) =>
        session.ask(sql.notify, channel, payload),
      ),
  );
}

type NewHints = (channel: string, session: Session, sql: Statements) => Hints;

class PostgresLog implements CommitLog {
  readonly name: string;
  readonly #session: Session;
  readonly #namespace: string;
  readonly #schema: string;
  readonly #sql: Statements;
  readonly #newHints: NewHints;
  /** The branch that this log is of; 0 where there is none yet. */
  #branch = 0;
  #hints: Hints | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    session: Session,
    { namespace, schema }: { readonly namespace: string; readonly schema: string },
    newHints: NewHints,
  ) {
    this.name = `${namespace} in Postgres`;
    this.#session = session;
    this.#namespace = namespace;
    this.#schema = schema;
    this.#sql = statementsIn(schema);
    this.#newHints = newHints;
  }

  async open(settings?: Uint8Array): Promise<OpenedLog> {
    if (settings !== undefined) requireBytes('settings', settings);
    return this.#session.during('opening it', async () => {
      await migratePostgres(this.#session.pool, { schema: this.#schema });
      if (settings !== undefined) await this.#session.ask(this.#sql.make, this.#namespace, settings);
      const found = (await this.#session.copied(this.#sql.find, this.#namespace)).at(0);
      if (found === undefined) return { settings: undefined, head: undefined };
      this.#branch = found.id as number;
      return { settings: found.settings as Uint8Array, head: await this.#head() };
    });
  }

  async head(): Promise<Head | undefined> {
    return this.#session.during('looking for the newest entry', () => this.#head());
  }

  append(parent: Head | undefined, entries: readonly Entry[]): Promise<Appended> {
    return this.#session.whileOpen(async () => {
      checkGroup(parent, entries);
      const group = await this.#session.patiently('keeping pieces of an entry', () =>
        this.#given(parent, entries),
      );
      const last = entries[entries.length - 1];
      const head = { version: last.version, token: last.token };
      const appended = async (): Promise<boolean> =>
        (await this.#session.ask(group.sql, ...group.values)).length > 0;
      const answer = await this.#session.patiently(
        'appending',
        async (tries): Promise<Appended> => {
          if (tries === 1) return (await appended()) ? { head } : { conflict: await this.#head() };
          // An earlier try may have been carried out, though its answer was lost; or it is on its way still.
          try {
            if ((await this.#isThere(head)) || (await appended()) || (await this.#isThere(head)))
              return { head };
            return { conflict: await this.#head() };
          } catch (error) {
            throw new UnansweredError(failureOf(error, 'appending').message);
          }
        },
        (message) => new UnansweredError(message),
      );
      if (answer.head !== undefined)
        this.#session.quietly(this.#sql.notify, this.#channel, String(head.version));
      else if (group.uploads.length > 0) this.#session.quietly(this.#sql.dropUpload, group.uploads);
      return answer;
    });
  }

  async *read(after: number, options: ReadOptions = {}): AsyncGenerator<readonly LoggedEntry[]> {
    const { maxBytes = BATCH_BYTES, signal } = takeOptions(options, ['maxBytes', 'signal']);
    checkReading(after, maxBytes);
    assertSignal(signal);
    let from = after;
    for (;;) {
      signal?.throwIfAborted();
      const batch = await this.#session.during('reading', () => this.#readBatch(from, maxBytes));
      const last = batch.at(-1);
      if (last === undefined) return;
      from = last.version;
      yield batch;
    }
  }

  async changed(after: number, signal: AbortSignal): Promise<void> {
    const hints = (this.#hints ??= this.#newHints(this.#channel, this.#session, this.#sql));
    for (let waits = 0; !signal.aborted && !this.#session.isClosed; waits++) {
      const { version } = (await this.head()) ?? { version: 0 };
      if (version !== after) {
        if (waits > 0) hints.found(version);
        return;
      }
      await hints.wait(signal);
      if (hints.newest > after) return;
    }
  }

  async putChunk(key: string, bytes: Uint8Array): Promise<void> {
    requireName('key', key);
    requireBytes('bytes', bytes);
    await this.#session.during('keeping a chunk', async () => {
      const { size, bytes: inRow, upload } = await this.#stored(bytes);
      const put = await this.#session.ask(this.#sql.putChunk, this.#namespace, key, size, inRow, upload);
      if (put.length === 0 && upload !== null) await this.#session.ask(this.#sql.dropUpload, [upload]);
    });
  }

  async chunk(key: string): Promise<Uint8Array> {
    requireName('key', key);
    return this.#session.during('reading a chunk', async () => {
      const row = (await this.#session.copied(this.#sql.chunk, this.#namespace, key)).at(0);
      const bytes = row && (await this.#restored(row));
      if (bytes === undefined) throw new CorruptLogError(`The log has no chunk ${key}.`);
      return bytes;
    });
  }

  async commitCheckpoint(checkpoint: Checkpoint): Promise<boolean> {
    checkCheckpoint(checkpoint);
    const { version, token, manifest, chunks } = checkpoint;
    return this.#session.during('adding a checkpoint', async () => {
      const { size, bytes, upload } = await this.#stored(manifest);
      const values = [this.#namespace, this.#branch, version, token, size, bytes, upload, [...chunks]];
      try {
        const made = await this.#session.ask(this.#sql.putCheckpoint, ...values);
        if (made.length > 0) return true;
      } catch (error) {
        // A chunk went while it was being added.
        if (!isRowConflict(error)) throw error;
      }
      if (upload !== null) await this.#session.ask(this.#sql.dropUpload, [upload]);
      return false;
    });
  }

  async latestCheckpoint(atMost = Infinity): Promise<Checkpoint | undefined> {
    const most = Math.min(atMost, Number.MAX_SAFE_INTEGER);
    return this.#session.during('looking for a checkpoint', async () => {
      for (let last: unknown; ;) {
        const row = (await this.#session.copied(this.#sql.checkpoint, this.#branch, most)).at(0);
        if (row === undefined) return undefined;
        const manifest = await this.#restored(row);
        const { id, version, token, chunks } = row;
        if (manifest !== undefined)
          return {
            version: version as number,
            token: token as string,
            manifest,
            chunks: JSON.parse(chunks as string) as string[],
          };
        // A trim may have dropped it meanwhile; then there is a newer one.
        if (id === last)
          throw new CorruptLogError(`A piece of the checkpoint of version ${version as number} is missing.`);
        last = id;
      }
    });
  }

  async trim(before: number, keep: readonly number[] = []): Promise<void> {
    const newest = await this.#session.during('looking for a checkpoint', () =>
      this.#session.ask(this.#sql.newestCheckpoint, this.#branch),
    );
    checkTrim(before, (newest[0].version as number | null) ?? undefined);
    const drop = (sql: string, ...values: readonly unknown[]): Promise<readonly Row[]> =>
      this.#session.during('dropping what a checkpoint replaced', () => this.#session.ask(sql, ...values));
    while ((await drop(this.#sql.dropEntries, this.#branch, before, ENTRIES_PER_TRIM)).length > 0);
    await drop(this.#sql.dropCheckpoints, this.#branch, before, [...keep]);
    for (let tries = 1; ; tries++) {
      try {
        while ((await drop(this.#sql.dropChunks, this.#namespace, CHUNKS_PER_TRIM)).length > 0);
        break;
      } catch (error) {
        if (!isRowConflict((error as Error).cause) || tries === TRIM_TRIES) throw error;
      }
    }
    await drop(this.#sql.dropPieces);
  }

  async notes(): Promise<ReadonlyMap<string, Uint8Array>> {
    const rows = await this.#session.during('reading notes', () =>
      this.#session.copied(this.#sql.notes, this.#branch),
    );
    return new Map(rows.map(({ name, bytes }) => [name as string, bytes as Uint8Array]));
  }

  async putNote(name: string, bytes: Uint8Array | undefined): Promise<void> {
    checkNote(name, bytes);
    await this.#session.during('keeping a note', () =>
      bytes === undefined
        ? this.#session.ask(this.#sql.dropNote, this.#branch, name)
        : this.#session.ask(this.#sql.putNote, this.#branch, name, bytes),
    );
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all([this.#session.close(), this.#hints?.close()]);
  }

  async #head(): Promise<Head | undefined> {
    const row = (await this.#session.ask(this.#sql.head, this.#branch)).at(0);
    // Version 0 is the entry that the first commit follows.
    if (row === undefined || row.version === 0) return undefined;
    return { version: row.version as number, token: row.token as string };
  }

  async #isThere({ version, token }: Head): Promise<boolean> {
    return (await this.#session.ask(this.#sql.token, this.#branch, version)).at(0)?.token === token;
  }

  /** The statement that appends a group, and its values; what is large is put before. */
  async #given(
    parent: Head | undefined,
    entries: readonly Entry[],
  ): Promise<{
    readonly sql: string;
    readonly values: readonly unknown[];
    readonly uploads: readonly string[];
  }> {
    const values: unknown[] = [];
    const uploads: string[] = [];
    let pieces = 0;
    let before = parent?.token;
    for (const { version, token, bytes } of entries) {
      const inRow = await this.#stored(bytes);
      if (inRow.upload !== null) uploads.push(inRow.upload);
      pieces += piecesOf(inRow);
      const sum = sumOf(version, token, before, bytes);
      values.push(version, token, before ?? null, sum, inRow.size, inRow.bytes, inRow.upload);
      before = token;
    }
    const ofGroup = [this.#branch, parent?.version ?? 0, parent?.token ?? '', uploads, pieces, null];
    return { sql: this.#sql.append(entries.length, false), values: [...ofGroup, ...values], uploads };
  }

  async #readBatch(after: number, maxBytes: number): Promise<readonly LoggedEntry[]> {
    const rows = await this.#session.copied(this.#sql.read, this.#branch, after, maxBytes);
    const isKnown = rows.at(0)?.version === after;
    let before: Head = { version: after, token: isKnown ? (rows[0].token as string) : '' };
    const batch: LoggedEntry[] = [];
    for (const row of isKnown ? rows.slice(1) : rows) {
      const { version, token, parent, checksum } = row as Readonly<Record<string, string>> & Row;
      if (batch.length === 0 && Number(version) > after + 1) await this.#refuseGap(after, Number(version));
      const bytes = await this.#restored(row);
      if (bytes === undefined) {
        // A trim has dropped it meanwhile; else it is damaged.
        if (await this.#isThere({ version: Number(version), token }))
          throw new CorruptLogError(
            `A piece of the entry of version ${version} is missing.`,
            Number(version),
          );
        return batch.length > 0 ? batch : this.#readBatch(after, maxBytes);
      }
      const entry = {
        version: Number(version),
        token,
        parent: (parent as string | null) ?? undefined,
        bytes,
      };
      checkStored({ ...entry, sum: checksum }, before);
      before = entry;
      batch.push(entry);
    }
    return batch;
  }

  async #refuseGap(after: number, oldest: number): Promise<never> {
    if ((await this.#session.ask(this.#sql.older, this.#branch, after)).length === 0)
      throw new TrimmedError(after, oldest);
    throw new CorruptLogError(`The log has no entry of version ${after + 1}, but later ones.`, after + 1);
  }

  #stored(bytes: Uint8Array): Promise<Stored> {
    return stored(bytes, (...piece) => this.#session.ask(this.#sql.putPiece, ...piece));
  }

  #restored(row: Row): Promise<Uint8Array | undefined> {
    return restored(row as unknown as Stored, async (upload, place) => {
      const found = (await this.#session.copied(this.#sql.piece, upload, place)).at(0);
      return found?.bytes as Uint8Array | undefined;
    });
  }

  get #channel(): string {
    return `shardex ${this.#branch}`;
  }
}
