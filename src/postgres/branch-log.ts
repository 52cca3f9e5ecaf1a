/*
 * The log of one branch in Postgres. Whoever appends first wins a version, by one statement that needs the parent's token;
 * what it acknowledged is as durable as Postgres makes its commits. `statements.ts` has the SQL.
 */

import { CorruptLogError, TrimmedError } from '../store/errors.js';
import { inBatches } from '../store/log/checked-log.js';
import { checkStored, denseFrom } from '../store/log/checks.js';
import {
  type Appended,
  type AppendedWithin,
  type BranchSummary,
  type Checkpoint,
  type CommitLog,
  type Entry,
  type EntrySummary,
  type Forked,
  type Head,
  type LoggedEntry,
  MAIN,
  type OpenedLog,
  type ReadOptions,
} from '../store/log/commit-log.js';
import { append } from './append.js';
import { appendWithin } from './append-within.js';
import { BranchList } from './branch-list.js';
import { isRowConflict } from './failure.js';
import { type HintOptions, Hints, channelOf } from './hints.js';
import { type LineBranch, headFrom, holderIn, lineOf, summaryOf } from './line.js';
import { type Stored, restored, stored } from './pieces.js';
import type { PostgresPool, Row } from './pool.js';
import { migratePostgres } from './schema.js';
import { Session, type Times } from './session.js';
import { BATCH_ROWS, type Statements, lockOf, statementsIn } from './statements.js';
import { takeTurn } from './turn.js';

/** Where a log is, and how it is talked to. */
export interface Settings extends Times, HintOptions {
  readonly namespace: string;
  readonly schema: string;
}

/** Entries that were read. */
interface Batch {
  readonly batch: readonly LoggedEntry[];
  /** Whether there were no others. */
  readonly isLast: boolean;
}

/** A branch of an index as a log. */
export class BranchLog implements CommitLog {
  readonly name: string;
  readonly branchName: string;
  readonly #settings: Settings;
  readonly #session: Session;
  readonly #sql: Statements;
  readonly #branches: BranchList;
  /** The branch that this log is of, and those that it starts from; empty where there is none yet. */
  #line: readonly LineBranch[] = [];
  #hints: Hints | undefined;
  #append = (parent: Head | undefined, entries: readonly Entry[]): Promise<Appended> =>
    this.#session.whileOpen(() => append(this.#session, this.#sql, this.#branch, parent, entries));

  constructor(pool: PostgresPool, settings: Settings, branch: string) {
    this.name = `${settings.namespace} in Postgres`;
    this.branchName = branch;
    this.#settings = settings;
    this.#session = new Session(pool, settings);
    this.#sql = statementsIn(settings.schema);
    this.#branches = new BranchList(this.#session, this.#sql, settings.namespace);
  }

  async open(settings?: Uint8Array): Promise<OpenedLog> {
    const { namespace, schema } = this.#settings;
    return this.#session.during('opening it', async () => {
      await migratePostgres(this.#session.pool, { schema });
      if (settings !== undefined && this.branchName === MAIN)
        await this.#session.ask(this.#sql.make, namespace, settings);
      const found = await this.#session.copied(this.#sql.find, namespace, this.branchName);
      if (found.length === 0) return { settings: undefined, head: undefined };
      this.#line = lineOf(found);
      return { settings: found[0].settings as Uint8Array, head: await this.#head() };
    });
  }

  async head(): Promise<Head | undefined> {
    return this.#session.during('looking for the newest entry', () => this.#head());
  }

  append(parent: Head | undefined, entries: readonly Entry[]): Promise<Appended> {
    return this.#append(parent, entries);
  }

  inTurn<T>(work: (log: CommitLog) => Promise<T>): Promise<T> {
    return this.#session.whileOpen(async () => {
      const { timeoutMs } = this.#settings;
      const turn = await takeTurn(this.#session, lockOf(String(this.#branch)), timeoutMs);
      // What its line does not answer, nobody else can in this turn.
      const log = new BranchLog(turn.pool, { ...this.#settings, patienceMs: 0 }, this.branchName);
      log.#line = this.#line;
      log.#append = (parent, entries) =>
        append(this.#session, this.#sql, this.#branch, parent, entries, turn);
      try {
        return await work(log);
      } finally {
        await turn.end();
      }
    });
  }

  appendWithin(client: object, parent: Head | undefined, entries: readonly Entry[]): Promise<AppendedWithin> {
    return this.#session.whileOpen(() =>
      appendWithin(this.#session, this.#sql, this.#branch, client, parent, entries),
    );
  }

  read(after: number, options?: ReadOptions): AsyncIterable<readonly LoggedEntry[]> {
    let isDone = false;
    return inBatches(after, options, async (from, maxBytes) => {
      if (isDone) return [];
      const { batch, isLast } = await this.#session.during('reading', () => this.#readBatch(from, maxBytes));
      isDone = isLast;
      return batch;
    });
  }

  entries(before: number, limit: number): Promise<readonly EntrySummary[]> {
    return this.#session.during('listing', async () => {
      const list: EntrySummary[] = [];
      for (const { id, start, top } of this.#line) {
        const last = Math.min(top, before - 1);
        const values = [id, start.version, last, limit - list.length] as const;
        if (list.length === limit) break;
        for (const row of await this.#session.copied(this.#sql.entries, ...values)) list.push(summaryOf(row));
      }
      return denseFrom(before, await this.#head(), list);
    });
  }

  async changed(after: number, signal: AbortSignal): Promise<void> {
    const { pool } = this.#session;
    this.#hints ??= new Hints(pool, channelOf(this.#branch), this.#settings, (payload) =>
      this.#session.ask(this.#sql.notify, channelOf(this.#branch), payload),
    );
    const hints = this.#hints;
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
    await this.#session.during('keeping a chunk', async () => {
      const { size, bytes: inRow, upload } = await this.#stored(bytes);
      const put = await this.#session.ask(
        this.#sql.putChunk,
        this.#settings.namespace,
        key,
        size,
        inRow,
        upload,
      );
      if (put.length === 0 && upload !== null) await this.#session.ask(this.#sql.dropUpload, [upload]);
    });
  }

  async chunk(key: string): Promise<Uint8Array> {
    return this.#session.during('reading a chunk', async () => {
      const row = (await this.#session.copied(this.#sql.chunk, this.#settings.namespace, key)).at(0);
      const bytes = row && (await this.#restored(row));
      if (bytes === undefined) throw new CorruptLogError(`The log has no chunk ${key}.`);
      return bytes;
    });
  }

  async commitCheckpoint(checkpoint: Checkpoint): Promise<boolean> {
    const { version, token, manifest, chunks } = checkpoint;
    return this.#session.during('adding a checkpoint', async () => {
      const { size, bytes, upload } = await this.#stored(manifest);
      const values = [
        this.#settings.namespace,
        this.#branch,
        version,
        token,
        size,
        bytes,
        upload,
        [...chunks],
      ];
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

  async latestCheckpoint(atMost: number): Promise<Checkpoint | undefined> {
    const most = Math.min(atMost, Number.MAX_SAFE_INTEGER);
    return this.#session.during('looking for a checkpoint', async () => {
      for (let last: unknown; ;) {
        const ids = this.#line.map((branch) => branch.id);
        const tops = this.#line.map((branch) => branch.top);
        const row = (await this.#session.copied(this.#sql.checkpoint, ids, tops, most)).at(0);
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

  checkpoints(): Promise<readonly Head[]> {
    return this.#session.during('listing checkpoints', async () => {
      const rows = await this.#session.ask(this.#sql.checkpoints, this.#branch);
      return rows.map(({ version, token }) => ({ version: version as number, token: token as string }));
    });
  }

  trim(before: number, keep: readonly number[]): Promise<void> {
    return this.#session.during('dropping what a checkpoint replaced', () =>
      this.#branches.trim(this.#branch, before, keep),
    );
  }

  branch(name: string): CommitLog {
    return new BranchLog(this.#session.pool, this.#settings, name);
  }

  branches(): Promise<readonly BranchSummary[]> {
    return this.#session.during('listing branches', () => this.#branches.list());
  }

  fork(name: string, at: Head | undefined): Promise<Forked> {
    return this.#session.during('adding a branch', async () => {
      const holder = holderIn(this.#line, at?.version ?? 0);
      return holder === undefined ? 'gone' : this.#branches.fork(holder.id, name, at);
    });
  }

  dropBranch(name: string): Promise<boolean> {
    return this.#session.during('dropping a branch', () => this.#branches.drop(name));
  }

  async notes(): Promise<ReadonlyMap<string, Uint8Array>> {
    const rows = await this.#session.during('reading notes', () =>
      this.#session.copied(this.#sql.notes, this.#branch),
    );
    return new Map(rows.map(({ name, bytes }) => [name as string, bytes as Uint8Array]));
  }

  async putNote(name: string, bytes: Uint8Array | undefined): Promise<void> {
    await this.#session.during('keeping a note', () =>
      bytes === undefined
        ? this.#session.ask(this.#sql.dropNote, this.#branch, name)
        : this.#session.ask(this.#sql.putNote, this.#branch, name, bytes),
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.#session.close(), this.#hints?.close()]);
  }

  get #branch(): number {
    return this.#line.at(0)?.id ?? 0;
  }

  async #head(): Promise<Head | undefined> {
    const row = (await this.#session.ask(this.#sql.head, this.#branch)).at(0);
    return headFrom(row?.version, row?.token);
  }

  async #isThere({ version, token }: Head): Promise<boolean> {
    return (await this.#session.ask(this.#sql.token, this.#branch, version)).at(0)?.token === token;
  }

  async #readBatch(after: number, maxBytes: number): Promise<Batch> {
    const holder = holderIn(this.#line, after + 1);
    if (holder === undefined) return { batch: [], isLast: true };
    const { id, start, top } = holder;
    const found = await this.#session.copied(this.#sql.read, id, after, maxBytes, top);
    const known = found.at(0)?.version === after ? found[0] : undefined;
    const rows = known === undefined ? found : found.slice(1);
    // Where a branch starts, the versions of the one before it must be there.
    const oldest = rows.at(0)?.version ?? (top === Number.MAX_SAFE_INTEGER ? undefined : top + 1);
    if (typeof oldest === 'number' && oldest > after + 1) await this.#refuseGap(id, after, oldest);
    const before =
      start.version === after ? start : { version: after, token: (known?.token as string | undefined) ?? '' };
    const batch = await this.#checked(rows, before);
    const last = found.at(-1);
    const isAll = last?.version === last?.newest && (last?.found as number) < BATCH_ROWS;
    return { batch, isLast: isAll && top === Number.MAX_SAFE_INTEGER };
  }

  async #checked(rows: readonly Row[], after: Head): Promise<readonly LoggedEntry[]> {
    let before = after;
    const batch: LoggedEntry[] = [];
    for (const row of rows) {
      const [version, token] = [row.version as number, row.token as string];
      const bytes = await this.#restored(row);
      if (bytes === undefined) {
        // A trim has dropped it meanwhile; else it is damaged.
        if (await this.#isThere({ version, token }))
          throw new CorruptLogError(`A piece of the entry of version ${version} is missing.`, version);
        throw new TrimmedError(after.version, version + 1);
      }
      const entry = { version, token, parent: (row.parent as string | null) ?? undefined, bytes };
      checkStored({ ...entry, sum: row.checksum as string }, before);
      before = entry;
      batch.push(entry);
    }
    return batch;
  }

  async #refuseGap(branch: number, after: number, oldest: number): Promise<never> {
    if ((await this.#session.ask(this.#sql.older, branch, after)).length === 0)
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
}
