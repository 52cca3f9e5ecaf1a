/*
 * Reads the log into versions: each entry's delta is applied to the version before it. It knows how far it has read, and
 * the tokens of the commits on the way.
 */

import { Commit } from '../delta/commit.js';
import { applyDelta } from '../delta/apply.js';
import type { ShardexConfig } from '../config.js';
import { type ShardexIndex, emptyIndex } from '../version/shardex-index.js';
import { documentsInSteps } from '../version/documents-draft.js';
import type { Slices } from '../cell/ingest/slices.js';
import type { KnownToken } from './checkpoint/manifest.js';
import { readCheckpoint } from './checkpoint/read-checkpoint.js';
import type { Written } from './checkpoint/written.js';
import { CorruptLogError, LogForkedError, TrimmedError } from './errors.js';
import type { Checkpoint, CommitLog, Head, LoggedEntry } from './log/commit-log.js';
import { decodeEntry } from './entry-bytes.js';
import { Replay, fitting } from './replay.js';

/** Bytes of the commits that opening decodes at once. */
const OPENING_BYTES = 2 << 20;

/** How often the documents that such commits name are looked for in all rows; a map of all costs some twenty times as much. */
const MOST_SCANS = 8;

/** Tokens of commits that a checkpoint keeps. */
const KEPT_TOKENS = 1000;

/** A commit that was read. */
export interface ReadCommit {
  readonly commit: Commit;
  readonly entry: LoggedEntry;
}

/** What reading starts from. */
export interface Start {
  readonly index: ShardexIndex;
  readonly written: Written | undefined;
  readonly checkpoint: Head | undefined;
  /** Bytes of the checkpoint. */
  readonly totalBytes: number;
  /** The tokens of the newest commits up to the checkpoint. */
  readonly tokens: readonly KnownToken[];
}

/** Follows one log. */
export class LogReader {
  /** The newest commit that was read or appended. */
  head: Head | undefined;
  /** The newest version that is known to be in the log. */
  seen = 0;
  readonly #log: CommitLog;
  readonly #config: ShardexConfig;
  readonly #slices: Slices;
  readonly #tokens = new Map<string, number>();
  /** The documents map that is being made, and of which version. */
  #making: { readonly of: ShardexIndex; readonly done: Promise<void> } | undefined;

  constructor(log: CommitLog, config: ShardexConfig, slices: Slices) {
    this.#log = log;
    this.#config = config;
    this.#slices = slices;
  }

  /**
   * The newest checkpoint of at most a version, or an empty index where there is none.
   *
   * @throws {@link CorruptLogError}, {@link LogFormatError}, and what the log throws.
   */
  async start(atMost?: number, log: CommitLog = this.#log): Promise<Start> {
    for (;;) {
      const checkpoint = await log.latestCheckpoint(atMost);
      if (checkpoint === undefined)
        return {
          ...{ index: emptyIndex(this.#config), written: undefined, checkpoint: undefined },
          ...{ totalBytes: 0, tokens: [] },
        };
      try {
        return await this.#startFrom(checkpoint, log);
      } catch (error) {
        if (!(error instanceof CorruptLogError)) throw error;
        // Another process may have replaced it, and dropped its chunks, while they were being read.
        const now = await log.latestCheckpoint(atMost);
        if (now?.version === checkpoint.version && now.chunks.join() === checkpoint.chunks.join())
          throw error;
      }
    }
  }

  async #startFrom(checkpoint: Checkpoint, log: CommitLog): Promise<Start> {
    const { index, tokens, written, totalBytes } = await readCheckpoint(
      log,
      checkpoint,
      this.#config,
      (steps) => this.#slices.run(steps),
    );
    for (const known of tokens) this.#tokens.set(known.token, known.version);
    const { version, token } = checkpoint;
    // Not all of it, which would keep the manifest for as long as the store is open.
    return { index, written, checkpoint: { version, token }, totalBytes, tokens };
  }

  /**
   * Reads the commits after the head, each on top of what `current` is by then. Where the entries are gone, goes on from
   * the newest checkpoint, as often as other processes make one meanwhile. With
   * `isOpening` only the last version is wanted, so the others get no documents map, unless there is much to read. `log` is another way to the same log.
   *
   * @throws {@link LogForkedError} where the log is another one than was read before; {@link CorruptLogError}
   */
  async *read(
    current: () => ShardexIndex,
    {
      isOpening = false,
      log = this.#log,
    }: { readonly isOpening?: boolean; readonly log?: CommitLog | undefined } = {},
  ): AsyncGenerator<ReadCommit> {
    const before = this.head;
    for (let isRead = false; !isRead;) {
      try {
        yield* this.#entries(current, log, isOpening);
        isRead = true;
      } catch (error) {
        if (!(error instanceof TrimmedError)) throw error;
        const { index, checkpoint, tokens } = await this.start(undefined, log);
        if (checkpoint === undefined || checkpoint.version <= current().version) throw error;
        // As far as the checkpoint knows, what was read must have led to it.
        const ours = tokens.find(({ version }) => version === this.head?.version);
        if (ours !== undefined && ours.token !== this.head?.token) throw new LogForkedError(ours.version);
        this.head = { version: checkpoint.version, token: checkpoint.token };
        const entry = { ...this.head, parent: undefined, bytes: new Uint8Array() };
        yield { commit: new Commit(current(), index), entry };
      }
    }
    // What was just read is there, and follows what was read before.
    if (this.head !== before) return;
    const newest = await log.head();
    if (newest?.version === this.head?.version && newest?.token === this.head?.token) return;
    // More has come since; or what was read is gone.
    if ((newest?.version ?? 0) <= (this.head?.version ?? 0))
      throw new LogForkedError(this.head?.version ?? 0);
  }

  async *#entries(
    current: () => ShardexIndex,
    log: CommitLog,
    isOpening: boolean,
  ): AsyncGenerator<ReadCommit> {
    let scans = isOpening ? MOST_SCANS : 0;
    const options = isOpening ? { maxBytes: OPENING_BYTES } : {};
    for await (const batch of log.read(this.head?.version ?? 0, options)) {
      this.seen = batch[batch.length - 1].version;
      const replay = scans-- > 0 ? await Replay.of(current(), batch, this.#slices) : undefined;
      if (replay === undefined) await this.documentsOf(current());
      for (const entry of batch) {
        if (entry.parent !== this.head?.token) throw new LogForkedError(entry.version - 1);
        const commit = replay?.next(entry) ?? applied(current(), entry);
        this.head = { version: entry.version, token: entry.token };
        yield { commit, entry };
        if (this.#slices.isOver) await this.#slices.pause();
      }
    }
  }

  /**
   * Makes the documents map of a version, which whatever changes it looks at; `undefined` where there is one. What is made
   * when it is first asked for is made in one go, and of many documents that takes long.
   */
  documentsOf(index: ShardexIndex): Promise<void> | undefined {
    if (index.documents.isMade) return undefined;
    if (this.#making?.of !== index) {
      const made = this.#slices.run(documentsInSteps(index.shards.values()));
      const done = made.then((documents) => {
        index.documents.supply(documents);
      });
      this.#making = { of: index, done };
    }
    return this.#making.done;
  }

  /** Takes note of the token of a version. */
  know({ version, token }: Head): void {
    this.#tokens.set(token, version);
  }

  /** The version that a commit made, by its token. */
  versionOf(token: string): number | undefined {
    return this.#tokens.get(token);
  }

  /** Returns the token of a version; `undefined` if it was forgotten. */
  tokenOf(version: number): string | undefined {
    for (const [token, of] of this.#tokens) if (of === version) return token;
    return undefined;
  }

  /** Returns the newest tokens up to a version. Its own token is the last, unless it was forgotten. */
  tokensUpTo(version: number): readonly KnownToken[] {
    const known = [...this.#tokens].map(([token, of]) => ({ version: of, token }));
    const upTo = known.filter((one) => one.version <= version).sort((a, b) => a.version - b.version);
    return upTo.slice(-KEPT_TOKENS);
  }

  /** Forgets tokens that are too old for a checkpoint, except those of `spared` versions. */
  forgetBefore(version: number, spared: readonly number[]): void {
    const oldest = version - KEPT_TOKENS;
    const stay = new Set(spared);
    for (const [token, of] of this.#tokens) if (of < oldest && !stay.has(of)) this.#tokens.delete(token);
  }
}

/** The commit of an entry on the version before it. */
export function applied(base: ShardexIndex, entry: LoggedEntry): Commit {
  const { delta } = decodeEntry(entry);
  return new Commit(
    base,
    fitting(entry, () => applyDelta(base, delta)),
  );
}
