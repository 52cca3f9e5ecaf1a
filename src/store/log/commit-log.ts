/*
 * The one interface between a store and what it is kept in: an append-only log of commits with compare-and-swap, chunks,
 * and checkpoints. SQLite, memory and, elsewhere, databases implement it; one suite of tests holds for all of them.
 */

/** A place in a log: a version with the token of the commit that made it. */
export interface Head {
  /** The number of the version, 1 or more. */
  readonly version: number;
  /** The token of the commit: the same number with another token is another history. */
  readonly token: string;
}

/** One commit as it is to be appended. */
export interface Entry extends Head {
  /** What the commit is, in the store's words; the log only keeps it. */
  readonly bytes: Uint8Array;
}

/** One commit as it was read, with the token of the one before it. */
export interface LoggedEntry extends Entry {
  /** `undefined` for version 1. */
  readonly parent: string | undefined;
}

/** A whole version, beside the log: where to start reading. */
export interface Checkpoint extends Head {
  /** What the version is made of, in the store's words. */
  readonly manifest: Uint8Array;
  /** Keys of the chunks that the manifest needs. They stay as long as the checkpoint does. */
  readonly chunks: readonly string[];
}

/** What a log holds when it is opened. */
export interface OpenedLog {
  /** The settings that the log was made with: those that were given, where it is new; `undefined` where none were. */
  readonly settings: Uint8Array | undefined;
  /** The newest commit; `undefined` in a log without any. */
  readonly head: Head | undefined;
}

/** The answer to an append: either all of it is there for good, or another commit was first and nothing of it is. */
export type Appended =
  | { readonly head: Head; readonly conflict?: undefined }
  | { readonly conflict: Head | undefined; readonly head?: undefined };

/** Limits of one batch that `read` yields. */
export interface ReadOptions {
  /** Bytes of a batch; one entry may be more. Default 4 MiB. */
  readonly maxBytes?: number;
  /** Ends the reading with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * Where a store keeps its commits. Two promises carry everything else: `append` compares and swaps, so that of any
 * number of writers one wins each version; and what it resolved is durable, so that it survives the process and,
 * where the engine can, the power.
 *
 * An implementation checks what it reads: each entry carries a checksum over all of it. An error means that nothing was
 * written, but for two: a `LogFailedError` with `isUnknown`, after which the log is not to be written to again, and an
 * `UnansweredError`, after which to look whether it is there.
 */
export interface CommitLog {
  /** What it is, for messages: a path, a name. */
  readonly name: string;

  /** Opens the log, or makes it with these settings. To be called once, before everything else. */
  open(settings?: Uint8Array): Promise<OpenedLog>;

  /** Finds the newest commit. */
  head(): Promise<Head | undefined>;

  /**
   * Appends a group of commits with dense versions after `parent`, all or none, if `parent` is still the newest.
   * Durable when it resolves. An empty group is refused.
   */
  append(parent: Head | undefined, entries: readonly Entry[]): Promise<Appended>;

  /**
   * Reads the commits after a version, dense and in order, in batches, up to the newest at the time of each batch.
   *
   * @throws {@link TrimmedError} where they are gone, {@link CorruptLogError} where one is damaged or missing.
   */
  read(after: number, options?: ReadOptions): AsyncIterable<readonly LoggedEntry[]>;

  /** Resolves when there may be commits after a version. A hint: whoever has none asks now and then. */
  changed?(after: number, signal: AbortSignal): Promise<void>;

  /** Keeps a chunk for a checkpoint to come. A key stands for its bytes: the same key again changes nothing. */
  putChunk(key: string, bytes: Uint8Array): Promise<void>;

  /**
   * Reads a chunk.
   *
   * @throws {@link CorruptLogError} where there is none.
   */
  chunk(key: string): Promise<Uint8Array>;

  /**
   * Adds a checkpoint, durable when it resolves. Resolves to `false`, with nothing done, where one of its chunks is gone:
   * somebody collected it meanwhile, and the chunks have to be put again.
   */
  commitCheckpoint(checkpoint: Checkpoint): Promise<boolean>;

  /** Finds the newest checkpoint of at most this version. */
  latestCheckpoint(atMost?: number): Promise<Checkpoint | undefined>;

  /**
   * Drops what a checkpoint has replaced: entries before version `before`, checkpoints before it but those of versions in
   * `keep`, and chunks that no checkpoint needs. There must be a checkpoint of that version or a later one. The newest
   * entry stays.
   */
  trim(before: number, keep?: readonly number[]): Promise<void>;

  /** Reads all notes: small things by name, such as tags. */
  notes(): Promise<ReadonlyMap<string, Uint8Array>>;

  /** Keeps a note in the place of the one of its name, or removes it; durable when it resolves. */
  putNote(name: string, bytes: Uint8Array | undefined): Promise<void>;

  /** Finishes what is under way, and lets go of the engine. */
  close(): Promise<void>;
}
