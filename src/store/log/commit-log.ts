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

/** A place in a log, with the token of the commit before it. */
export interface LoggedHead extends Head {
  /** `undefined` for version 1. */
  readonly parent: string | undefined;
}

/** One commit as it was read. */
export interface LoggedEntry extends Entry, LoggedHead {}

/** Most bytes of an entry that a list has. */
export const SUMMARY_BYTES = 1024;

/** The name of the branch that every log has from the start. */
export const MAIN = 'main';

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

/** What a list says of an entry. */
export interface EntrySummary extends LoggedHead {
  /** Bytes of all of it. */
  readonly byteLength: number;
  /** The first bytes of it, 1,024 at most. They are not checked: only all of them can be. */
  readonly start: Uint8Array;
}

/** A branch of a log. */
export interface BranchSummary {
  /** Tells it from the others; another branch may have it once this one is gone. */
  readonly id: string;
  /** `undefined` for one that was dropped while others start from it. */
  readonly name: string | undefined;
  /** The id of the branch that it starts from; `undefined` for the first one. */
  readonly parent: string | undefined;
  /** The version that it starts after, one of its parent's own; `undefined` where that is empty. */
  readonly start: Head | undefined;
  /** Its newest commit, that of `start` where it has none of its own. */
  readonly head: Head | undefined;
}

/**
 * The answer to a fork: it is there for good; the name is taken; or what leads to that version is gone, or was never there.
 */
export type Forked = 'made' | 'taken' | 'gone';

/** The answer to an append: either all of it is there for good, or another commit was first and nothing of it is. */
export type Appended =
  | {
      /** The newest commit now, the last of the group. */
      readonly head: Head;
      /** Not here. */
      readonly conflict?: undefined;
    }
  | {
      /** The newest commit, which is not the parent that was named. */
      readonly conflict: Head | undefined;
      /** Not here. */
      readonly head?: undefined;
    };

/** The answer to an append within a transaction: there if that commits, or nothing of it. */
export interface AppendedWithin {
  /** Resolves once the transaction has ended, either way; `undefined` where another commit was first. */
  readonly ended: (() => Promise<void>) | undefined;
}

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
 * A log is one branch of what lies at its place. It looks as if all of the branch's commits were its own; in truth, those up
 * to the version that it starts after are its parent's, and stay for as long as the branch does. Chunks are shared.
 *
 * An implementation checks what it reads: each entry carries a checksum over all of it. An error means that nothing was
 * written, but for two: a `LogFailedError` with `isUnknown`, after which the log is not to be written to again, and an
 * `UnansweredError`, after which to look whether it is there.
 */
export interface CommitLog {
  /** What it is, for messages: a path, a name. */
  readonly name: string;
  /** The name of the branch that it is of. */
  readonly branchName: string;

  /**
   * Opens the log, or makes it with these settings; but only the main branch is made like this. To be called once, before
   * everything else.
   */
  open(settings?: Uint8Array): Promise<OpenedLog>;

  /** Finds the newest commit. */
  head(): Promise<Head | undefined>;

  /**
   * Appends a group of commits with dense versions after `parent`, all or none, if `parent` is still the newest.
   * Durable when it resolves. An empty group is refused.
   */
  append(parent: Head | undefined, entries: readonly Entry[]): Promise<Appended>;

  /**
   * Appends a group by a connection of the caller's, as part of the transaction that is open there. Only where the engine has
   * such transactions.
   */
  appendWithin?(client: object, parent: Head | undefined, entries: readonly Entry[]): Promise<AppendedWithin>;

  /**
   * Runs `work` while no other writer appends: for a writer that has lost several races. Writers that ask for a turn wait in
   * line. `work` gets a log of its own, to read from and to append to once; that append ends the turn. Optional: without it,
   * nothing keeps a writer from losing every race.
   */
  inTurn?<T>(work: (log: CommitLog) => Promise<T>): Promise<T>;

  /**
   * Reads the commits after a version, dense and in order, in batches, up to the newest at the time of each batch.
   *
   * @throws {@link TrimmedError} where they are gone, {@link CorruptLogError} where one is damaged or missing.
   */
  read(after: number, options?: ReadOptions): AsyncIterable<readonly LoggedEntry[]>;

  /** Lists commits before a version, newest first, as far as they are dense and there; at most so many. */
  entries(before: number, limit: number): Promise<readonly EntrySummary[]>;

  /** Resolves when there may be commits after a version. A hint: whoever has none asks now and then. */
  changed?(after: number, signal: AbortSignal): Promise<void>;

  /** Keeps a chunk for a checkpoint to come. A key stands for its bytes: the same key again changes nothing. */
  putChunk(key: string, bytes: Uint8Array): Promise<void>;

  /**
   * Reads a chunk. The bytes are the caller's, who may do away with them.
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

  /** Lists the checkpoints of this branch itself, oldest first. */
  checkpoints(): Promise<readonly Head[]>;

  /**
   * Drops what a checkpoint has replaced: entries before version `before`, checkpoints before it but those of versions in
   * `keep`, and chunks that no checkpoint needs. There must be a checkpoint of that version or a later one. The newest
   * entry stays, and so does what leads to a version that a branch starts after: the newest checkpoint up to it, and the
   * entries in between.
   */
  trim(before: number, keep?: readonly number[]): Promise<void>;

  /** Another log at the same place, of the branch of this name, which may be there or not. It is yet to be opened. */
  branch(name: string): CommitLog;

  /** Lists all branches, the main one first. */
  branches(): Promise<readonly BranchSummary[]>;

  /**
   * Adds a branch that starts after a version of this one, or `undefined`, empty; durable when it resolves. It starts from the
   * branch that the version belongs to, which may be an ancestor of this one. Time: O(entries that lead to the version).
   */
  fork(name: string, at: Head | undefined): Promise<Forked>;

  /**
   * Drops a branch with its entries, checkpoints and notes; those that start from it keep what they need. Resolves to whether
   * there was one. The main branch is refused.
   */
  dropBranch(name: string): Promise<boolean>;

  /**
   * Gives free space back to the system, as far as the engine can while others use the log. Nothing that it holds changes.
   * Whoever has none leaves that to its engine.
   */
  compact?(): Promise<void>;

  /** Reads all notes of this branch: small things by name, such as tags. */
  notes(): Promise<ReadonlyMap<string, Uint8Array>>;

  /** Keeps a note in the place of the one of its name, or removes it; durable when it resolves. */
  putNote(name: string, bytes: Uint8Array | undefined): Promise<void>;

  /** Finishes what is under way, and lets go of the engine. */
  close(): Promise<void>;
}
