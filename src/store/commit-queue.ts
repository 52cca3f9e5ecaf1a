/*
 * The way of commits from decided to durable: what waits when the log is free goes to it as one group, and becomes visible
 * in order once the log has acknowledged it. A commit of another process that came first is taken over, and what waits is
 * made again on top of it.
 */

import { Commit } from '../delta/commit.js';
import type { CellState } from '../cell/cell-state.js';
import { ConflictError } from '../errors.js';
import { yieldToEventLoop } from '../host/event-loop.js';
import { randomName } from '../host/random.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import { conflict, rebase } from '../write/rebase.js';
import type { WriteSet } from '../write/write-set.js';
import {
  CommitUnknownError,
  LogClosedError,
  LogFailedError,
  UnansweredError,
  isTransient,
} from './errors.js';
import type { CommitLog, Entry } from './log/commit-log.js';
import { appendGroup } from './append-group.js';
import { encodeEntry } from './entry-bytes.js';
import type { LogReader } from './log-reader.js';
import type { Write } from './tip.js';

/** Bytes of a group, about; one commit may be more. */
const GROUP_BYTES = 8 << 20;
/** Commits of a group at most. */
const GROUP_COMMITS = 128;
/** Milliseconds of work between two turns of the event loop. */
const SLICE_MS = 4;
/** Turns of promise callbacks between a commit's promise here and whoever awaits the write. */
const CALLER_TURNS = 8;
/** Lost races in a row after which a writer waits for its turn: more of them cost it more than the wait. */
const MOST_LOST = 2;

/** A commit that waits for the log. */
interface Waiting {
  commit: Commit;
  readonly writeSet: WriteSet | undefined;
  readonly write: Write | undefined;
  readonly token: string;
  readonly startedAt: number;
  bytes: Uint8Array | undefined;
  readonly promise: Promise<Commit>;
  readonly resolve: (commit: Commit) => void;
  readonly reject: (error: unknown) => void;
}

/** What the queue has done, for `metrics()`. */
export interface QueueCounts {
  groups: number;
  commits: number;
  bytes: number;
  /** Commits of other processes that were taken over. */
  followed: number;
  /** Races that other processes won. */
  lost: number;
}

/** Appends decided commits, and publishes them. */
export class CommitQueue {
  readonly counts: QueueCounts = { groups: 0, commits: 0, bytes: 0, followed: 0, lost: 0 };
  readonly #log: CommitLog;
  readonly #visible: CellState;
  readonly #reader: LogReader;
  readonly #moveTip: (index: ShardexIndex) => void;
  readonly #settled: (entry: Entry) => void;
  #waiting: Waiting[] = [];
  /** Work on the log is done one after the other. */
  #lane: Promise<unknown> = Promise.resolve();
  #isPumping = false;
  /** Races that were lost since the last one that was won. */
  #lost = 0;
  /** Callers are told one after the other, those of a group before those of the next. */
  #telling: Promise<void> = Promise.resolve();
  readonly #ended = new AbortController();

  constructor(
    log: CommitLog,
    visible: CellState,
    reader: LogReader,
    moveTip: (index: ShardexIndex) => void,
    settled: (entry: Entry) => void,
  ) {
    this.#log = log;
    this.#visible = visible;
    this.#reader = reader;
    this.#moveTip = moveTip;
    this.#settled = settled;
  }

  /** Why nothing can be written any more; `undefined` while all is well. */
  get failure(): Error | undefined {
    return this.#ended.signal.reason as Error | undefined;
  }

  /** Aborts, for that reason. */
  get failed(): AbortSignal {
    return this.#ended.signal;
  }

  /** Commits that wait for the log. */
  get length(): number {
    return this.#waiting.length;
  }

  /** Takes a decided commit; resolves once it is durable and visible. */
  offer(commit: Commit, writeSet: WriteSet | undefined, write: Write | undefined): Promise<Commit> {
    if (this.failure !== undefined) {
      this.#moveTip(this.#visible.current);
      return Promise.reject(this.failure);
    }
    // Of several commits of one write, the first has its token.
    const token = (write?.offered.length === 0 ? write.token : undefined) ?? randomName();
    const { promise, resolve, reject } = withResolvers<Commit>();
    const startedAt = performance.now();
    this.#waiting.push({
      commit,
      writeSet,
      write,
      token,
      startedAt,
      bytes: undefined,
      promise,
      resolve,
      reject,
    });
    this.#pump();
    return promise;
  }

  /** The commit of a token that waits, or where none is given, the last one. */
  pending(token?: string): Promise<Commit> | undefined {
    const found =
      token === undefined ? this.#waiting.at(-1) : this.#waiting.find((one) => one.token === token);
    return found?.promise;
  }

  /** Waits until all that was decided by now is settled. */
  async drained(): Promise<void> {
    await this.exclusively(() => Promise.resolve());
    await this.#telling;
    if (this.#waiting.length > 0 || this.#isPumping) await this.drained();
  }

  /** Takes over what other processes have committed. */
  refresh(): Promise<void> {
    return this.exclusively(() => this.takeOver());
  }

  /** The same for work on the log that is under way. */
  async takeOver(): Promise<void> {
    // What a log that failed shows is not what it keeps.
    if (this.failure !== undefined) throw this.failure;
    try {
      await this.#catchUp();
    } catch (error) {
      if (!isTransient(error)) this.fail(error as Error);
      throw error;
    }
  }

  /** Runs work on the log when nothing else is under way there. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#lane.then(work);
    this.#lane = done.catch(() => undefined);
    return done;
  }

  /** Refuses what waits and whatever comes. */
  fail(error: Error): void {
    // The first reason stays.
    this.#ended.abort(error);
    this.#refuse(this.failure);
  }

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    void this.exclusively(async () => {
      // What the same job decides next goes with the first group.
      await Promise.resolve();
      while (this.#waiting.length > 0 && this.failure === undefined) await this.#appendGroup();
    }).finally(() => {
      this.#isPumping = false;
      if (this.#waiting.length > 0) this.#pump();
    });
  }

  async #appendGroup(): Promise<void> {
    if (this.#lost < MOST_LOST || this.#log.inTurn === undefined) return this.#appendOnce();
    try {
      await this.#log.inTurn(async (turn) => {
        await this.#catchUp(turn);
        if (this.#waiting.length > 0) await this.#appendOnce(turn);
      });
    } catch {
      // The next try without a turn tells of what is to last.
      this.#lost = 0;
    }
  }

  async #appendOnce(turn?: CommitLog): Promise<void> {
    let entries: Entry[];
    try {
      entries = await this.#encodeGroup();
    } catch (error) {
      // Nothing was handed over.
      this.#refuse(error);
      return;
    }
    try {
      const startedAt = performance.now();
      const answer = await appendGroup(this.#log, turn, this.#reader.head, entries);
      if (answer.head === undefined) {
        this.#lost++;
        this.counts.lost++;
        await this.#catchUp();
        return;
      }
      this.#lost = 0;
      const group = this.#waiting.splice(0, entries.length);
      this.#publish(group, entries);
      // Who is told makes its next commit, which can go with the next group. That waits no longer than a group takes.
      await this.#tell(group, 2 * performance.now() - startedAt);
    } catch (error) {
      this.#failed(error, entries.length);
    }
  }

  /** Encodes what waits, and what comes meanwhile, up to what one group takes; in slices. */
  async #encodeGroup(): Promise<Entry[]> {
    const entries: Entry[] = [];
    let size = 0;
    let endsAt = performance.now() + SLICE_MS;
    for (const waiting of this.#waiting) {
      const { commit, token, write } = waiting;
      const bytes = (waiting.bytes ??= encodeEntry(commit, { time: Date.now(), ...write?.info }));
      entries.push({ version: commit.version, token, bytes });
      size += bytes.length;
      if (size >= GROUP_BYTES || entries.length >= GROUP_COMMITS) break;
      if (performance.now() < endsAt) continue;
      await yieldToEventLoop();
      endsAt = performance.now() + SLICE_MS;
    }
    return entries;
  }

  /** Tells callers that their commits are published; resolves when they are told, or at a moment if that is earlier. */
  #tell(group: readonly Waiting[], until: number): Promise<void> {
    return new Promise((goOn) => {
      this.#telling = this.#telling.then(async () => {
        let endsAt = performance.now() + SLICE_MS;
        for (const { commit, resolve } of group) {
          resolve(commit);
          // What is told of may do much before it awaits again.
          await afterCallers();
          if (performance.now() < endsAt) continue;
          if (performance.now() >= until) goOn();
          await yieldToEventLoop();
          endsAt = performance.now() + SLICE_MS;
        }
        goOn();
      });
    });
  }

  #publish(group: readonly Waiting[], entries: readonly Entry[]): void {
    const { version, token } = entries[entries.length - 1];
    this.#reader.head = { version, token };
    this.counts.groups++;
    group.forEach(({ commit, startedAt }, i) => {
      this.counts.commits++;
      this.counts.bytes += entries[i].bytes.length;
      this.#visible.publishCommit(commit, startedAt);
      this.#settled(entries[i]);
    });
  }

  /** Publishes what others have committed, and makes what waits again on top of that. */
  async #catchUp(log: CommitLog = this.#log): Promise<void> {
    const before = this.#visible.current;
    try {
      for await (const { commit, entry } of this.#reader.read(() => this.#visible.current, { log })) {
        this.counts.followed++;
        this.#visible.publishCommit(commit, performance.now());
        this.#settled(entry);
      }
    } finally {
      if (this.#visible.current !== before) this.#replay();
    }
  }

  #replay(): void {
    let tip = this.#visible.current;
    const kept: Waiting[] = [];
    for (const waiting of this.#waiting) {
      try {
        if (this.#reader.versionOf(waiting.token) !== undefined) {
          // Another process has made the same write.
          this.#settleWith(waiting, undefined);
          continue;
        }
        const next = replayed(waiting, tip);
        if (next === tip) {
          // It is like that already; but not before what it rests on is durable.
          this.#settleWith(waiting, kept.at(-1));
          continue;
        }
        waiting.commit = new Commit(tip, next);
        waiting.bytes = undefined;
        tip = next;
        kept.push(waiting);
      } catch (error) {
        waiting.reject(error);
      }
    }
    this.#waiting = kept;
    this.#moveTip(tip);
  }

  #settleWith({ resolve, reject }: Waiting, last: Waiting | undefined): void {
    const { current } = this.#visible;
    if (last === undefined) resolve(new Commit(current, current));
    else
      last.promise.then(({ index }) => {
        resolve(new Commit(index, index));
      }, reject);
  }

  #failed(error: unknown, handedOver: number): void {
    const isUnknown =
      error instanceof UnansweredError || (error instanceof LogFailedError && error.isUnknown);
    const isLost = error instanceof LogClosedError || !isTransient(error);
    if (isUnknown) {
      const why = error.message;
      for (const { token, reject } of this.#waiting.splice(0, handedOver))
        reject(new CommitUnknownError(token, why));
    }
    if (isUnknown || isLost) this.#ended.abort(error);
    this.#refuse(error);
  }

  #refuse(error: unknown): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    // Nothing of what was decided will ever be visible.
    this.#moveTip(this.#visible.current);
  }
}

/** Waits for as long as it takes until callers that were just told have done what they do next. */
async function afterCallers(): Promise<void> {
  for (let i = 0; i < CALLER_TURNS; i++) await Promise.resolve();
}

interface Resolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** As `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers<T>(): Resolvers<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((res, rej) => {
    resolve = res;
    reject = rej;
  });
  return { promise, resolve, reject };
}

/** Makes a commit again on another version. @throws {@link ConflictError} */
function replayed({ commit, writeSet, write }: Waiting, current: ShardexIndex): ShardexIndex {
  const { previous, index } = commit;
  if (writeSet === undefined || write?.isExact === true) throw conflict(previous, current, []);
  return rebase(previous, index, current, writeSet, []);
}

/** Whether a commit was refused since another process came first. */
export function isLostRace(error: unknown): boolean {
  return error instanceof ConflictError && error.documents.length === 0;
}
