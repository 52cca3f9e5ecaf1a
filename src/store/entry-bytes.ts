/*
 * What an entry of the log holds: what is known of the commit, and its delta. The store format in
 * docs/internals/store-format.md has its table.
 */

import { fieldOf } from '../checks/given.js';
import type { Commit } from '../delta/commit.js';
import { decodeDelta, documentsNamedIn } from '../delta/decode.js';
import type { Delta } from '../delta/delta.js';
import { encodeDelta } from '../delta/encode.js';
import { CorruptLogError, LogFormatError } from './errors.js';
import type { EntrySummary, LoggedEntry } from './log/commit-log.js';

/** The bytes "SHXR". */
const MAGIC = 0x52_58_48_53;
/** The only format. */
const FORMAT = 1;
/** Words of the header. */
const HEADER = 3;

/** What is known of a commit beside what it changed. */
export interface CommitInfo {
  /** When it was made, in milliseconds since 1970. */
  readonly time: number;
  readonly author?: string;
  readonly message?: string;
  /** That it undid or redid something, and where one gets from here by undoing and redoing. */
  readonly step?: Step;
  /** What it merged. */
  readonly merged?: Merged;
}

/** What a merge says of its commit. */
export interface Merged {
  /** The name of the branch that was merged. */
  readonly branch: string;
  /** Its version then. */
  readonly version: number;
  readonly token: string;
}

/** What `undo()` and `redo()` say of their commits; all others lead back to the version before them. */
export interface Step {
  readonly kind: 'undo' | 'redo';
  /** The version whose state undoing leads to; `undefined` at the end. */
  readonly undo?: number;
  /** The version whose state redoing leads to. */
  readonly redo?: number;
}

/** Encodes a commit. Time: O(what changed). */
export function encodeEntry(commit: Commit, info: CommitInfo): Uint8Array {
  const delta = encodeDelta(commit.delta);
  const text = new TextEncoder().encode(JSON.stringify(info));
  const from = 4 * HEADER + ((text.length + 3) & ~3);
  const bytes = new Uint8Array(from + delta.length);
  new Uint32Array(bytes.buffer, 0, HEADER).set([MAGIC, FORMAT, text.length]);
  bytes.set(text, 4 * HEADER);
  bytes.set(delta, from);
  return bytes;
}

/** A commit of the log, decoded. */
export interface DecodedEntry {
  readonly info: CommitInfo;
  readonly delta: Delta;
}

/**
 * Decodes the entry of a commit; what is known of it when that is asked for, as going through a log does not. Time: O(bytes).
 *
 * @throws {@link CorruptLogError}, {@link LogFormatError}
 */
export function decodeEntry(entry: LoggedEntry): DecodedEntry {
  const { version } = entry;
  const delta = ofDelta(entry, decodeDelta);
  if (delta.next.version === version)
    return {
      delta,
      get info() {
        return decodeInfo(entry);
      },
    };
  throw new CorruptLogError(`The entry of version ${version} holds the delta of another one.`, version);
}

/**
 * Lists the documents whose postings or records a commit writes or removes; others may only change their shards. Time:
 * O(those documents).
 *
 * @throws {@link CorruptLogError}, {@link LogFormatError}
 */
export function documentsOfEntry(entry: LoggedEntry): readonly string[] {
  return ofDelta(entry, documentsNamedIn);
}

function ofDelta<T>(entry: LoggedEntry, read: (bytes: Uint8Array) => T): T {
  const { version, bytes } = entry;
  const from = 4 * HEADER + ((infoLength(entry) + 3) & ~3);
  try {
    return read(bytes.subarray(from));
  } catch (error) {
    throw new CorruptLogError(
      `The entry of version ${version} holds no delta: ${error instanceof Error ? error.message : ''}`,
      version,
    );
  }
}

/**
 * Decodes what is known of a commit, without its delta. Time: O(information).
 *
 * @throws {@link CorruptLogError}, {@link LogFormatError}
 */
export function decodeInfo(entry: Pick<LoggedEntry, 'version' | 'bytes'>): CommitInfo {
  const { version, bytes } = entry;
  const text = bytes.subarray(4 * HEADER, 4 * HEADER + infoLength(entry));
  try {
    const info: unknown = JSON.parse(new TextDecoder().decode(text));
    const [time, author, message] = ['time', 'author', 'message'].map((name) => fieldOf(info, name));
    const step = stepIn(fieldOf(info, 'step'));
    const merged = mergedIn(fieldOf(info, 'merged'));
    return Object.freeze({
      time: typeof time === 'number' ? time : 0,
      ...(typeof author === 'string' && { author }),
      ...(typeof message === 'string' && { message }),
      ...(step !== undefined && { step }),
      ...(merged !== undefined && { merged }),
    });
  } catch {
    throw new CorruptLogError(`What the entry of version ${version} says of itself is damaged.`, version);
  }
}

/** Whether the start of an entry has all that is known of its commit. */
export function hasInfo({ start, byteLength }: EntrySummary): boolean {
  return start.length === byteLength || infoEnd(start) <= start.length;
}

/** Where an entry's information ends, by its first bytes; its changes come after that. */
export function infoEnd(start: Uint8Array): number {
  if (start.length < 4 * HEADER) return start.length;
  return 4 * HEADER + new DataView(start.buffer, start.byteOffset).getUint32(8, true);
}

function stepIn(given: unknown): Step | undefined {
  const [kind, undo, redo] = ['kind', 'undo', 'redo'].map((name) => fieldOf(given, name));
  if (kind !== 'undo' && kind !== 'redo') return undefined;
  return Object.freeze({
    kind,
    ...(typeof undo === 'number' && { undo }),
    ...(typeof redo === 'number' && { redo }),
  });
}

/** What was merged, as it is kept; `undefined` for anything else. */
export function mergedIn(given: unknown): Merged | undefined {
  const [branch, version, token] = ['branch', 'version', 'token'].map((name) => fieldOf(given, name));
  if (typeof branch !== 'string' || typeof version !== 'number' || typeof token !== 'string')
    return undefined;
  return Object.freeze({ branch, version, token });
}

function infoLength({ version, bytes }: Pick<LoggedEntry, 'version' | 'bytes'>): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 * HEADER || view.getUint32(0, true) !== MAGIC)
    throw new CorruptLogError(`The entry of version ${version} is no commit.`, version);
  const format = view.getUint32(4, true);
  if (format !== FORMAT)
    throw new LogFormatError(
      `The entry of version ${version} has format ${format}; this version of the library reads format ${FORMAT}. Use the one that wrote it.`,
    );
  return Math.min(view.getUint32(8, true), bytes.length - 4 * HEADER);
}
