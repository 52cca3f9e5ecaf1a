import type { BlockToken } from '../version/row-block.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import {
  type BlockChanges,
  NO_TOKENS,
  type Tokens,
  blockChanges,
  bytesOfTokens,
  composed,
  hasToken,
} from './block-changes.js';
import type { History } from './history.js';

/** A pin, as the report of held versions shows it. */
export interface HeldPin {
  /** What it was called when it was taken. */
  readonly label: string | undefined;
  /** How long ago it was taken, in milliseconds. */
  readonly ageMs: number;
  /** Where it was taken, with `trace: true`. */
  readonly stack: string | undefined;
}

/** An old version that the garbage collector has not freed, and what is known of who holds it. */
export interface HeldVersion {
  /** Its number. */
  readonly version: number;
  /** How long ago another version took its place, in milliseconds. */
  readonly ageMs: number;
  /** The pins on it. */
  readonly pins: readonly HeldPin[];
  /** The tags on it. */
  readonly tags: readonly string[];
  /** Whether the cell's history keeps it. */
  readonly inHistory: boolean;
  /** Open writers that were made from it. */
  readonly writers: number;
  /** Bytes of row blocks that only it keeps: what would be freed with it alone. */
  readonly exclusiveBytes: number;
  /** Bytes of its row blocks that the current version or other old ones keep as well. */
  readonly sharedBytes: number;
  /** Where it was handed out by `read()`, `pin()` or `cloneForWrite()`, with `trace: true`; the first few places. */
  readonly stacks: readonly string[];
}

/** Places remembered for each version: enough to find a leak, and a bound on what looking for it costs. */
const MOST_STACKS = 8;

/** A pin on a version; the version itself is not here. */
export interface PinRecord {
  readonly label: string | undefined;
  readonly since: number;
  readonly stack: string | undefined;
}

/** What somebody said of a version: mostly nothing. */
export interface VersionNotes {
  readonly pins: Set<PinRecord>;
  readonly stacks: Set<string>;
}

/** What is known of a version without holding it. One for each that lives, so it is kept small. */
export interface VersionRecord {
  readonly version: number;
  readonly byteLength: number;
  /** When another version took its place; `undefined` for the current one. */
  since: number | undefined;
  /** Open writers that were made from it. */
  writers: number;
  notes: VersionNotes | undefined;
  previous: VersionRecord | undefined;
  next: VersionRecord | undefined;
  /** Blocks that the next living version does without; and those that it has, and this one has not. */
  left: Tokens;
  entered: Tokens;
}

/**
 * The versions of one cell that live: the current one and those the collector has not reported as freed. They form a
 * list in the order of their publication; what two neighbours do not share is noted between them, so that the bytes
 * that only one version keeps can be told without a reference to any (I8).
 *
 * A FinalizationRegistry and no WeakRef: making a WeakRef keeps its target until the current job ends, so a loop of
 * commits without a pause would hold all its versions.
 */
export class LivingVersions {
  #current: VersionRecord;
  #oldCount = 0;
  readonly #collected = new FinalizationRegistry<VersionRecord>((record) => {
    this.#remove(record);
  });

  constructor(index: ShardexIndex) {
    this.#current = recordOf(index, undefined);
  }

  get current(): VersionRecord {
    return this.#current;
  }

  /** How many superseded versions live. */
  get oldCount(): number {
    return this.#oldCount;
  }

  /** The record of a living version. Time: O(living versions). */
  record(version: number): VersionRecord | undefined {
    let record: VersionRecord | undefined = this.#current;
    while (record !== undefined && record.version !== version) record = record.previous;
    return record;
  }

  /** Takes note of a publication; returns the bytes of the blocks that the new version does without. */
  superseded(old: ShardexIndex, next: ShardexIndex): number {
    const before = this.#current;
    this.#oldCount++;
    // Whole milliseconds take less memory.
    before.since = Math.round(performance.now());
    before.next = this.#current = recordOf(next, before);
    setChanges(before, blockChanges(old, next));
    // Not the version: what is registered is held by collections of the young generation, and with a version all that it
    // does not share would grow old.
    this.#collected.register(old.changed, before);
    return bytesOfTokens(before.left);
  }

  /** The superseded versions, oldest first. */
  old(): VersionRecord[] {
    const records: VersionRecord[] = [];
    let record = this.#current.previous;
    for (; record !== undefined; record = record.previous) records.push(record);
    return records.reverse();
  }

  /**
   * The bytes that only this version keeps: of the blocks that its older neighbour lacks and its newer one lacks, those
   * that no version farther away has either, to which one can come back by a restored state.
   */
  exclusiveBytes({ previous, next, left }: VersionRecord): number {
    const mine = new Set<BlockToken>();
    for (const token of left)
      if (previous === undefined || hasToken(previous.entered, token)) mine.add(token);
    for (let later = next; later !== undefined && mine.size > 0; later = later.next)
      for (const token of later.entered) mine.delete(token);
    for (let earlier = previous?.previous; earlier !== undefined && mine.size > 0; earlier = earlier.previous)
      for (const token of earlier.left) mine.delete(token);
    return bytesOfTokens(mine);
  }

  #remove(record: VersionRecord): void {
    const { previous, next } = record;
    this.#oldCount--;
    if (next !== undefined) next.previous = previous;
    if (previous === undefined) return;
    previous.next = next;
    setChanges(previous, composed(previous, record));
  }
}

function setChanges(record: VersionRecord, { left, entered }: BlockChanges): void {
  record.left = left;
  record.entered = entered;
}

/** What is said of a version, to add to it. */
export function notesOn(record: VersionRecord): VersionNotes {
  return (record.notes ??= { pins: new Set(), stacks: new Set() });
}

/** The report of one version. Time: O(blocks in which the living versions differ). */
export function heldVersion(living: LivingVersions, history: History, record: VersionRecord): HeldVersion {
  const { version, byteLength, since, notes, writers } = record;
  const now = performance.now();
  const exclusiveBytes = living.exclusiveBytes(record);
  return Object.freeze({
    version,
    ageMs: Math.max(0, now - (since ?? now)),
    pins: Object.freeze(
      [...(notes?.pins ?? [])].map((pin) =>
        Object.freeze({ label: pin.label, ageMs: now - pin.since, stack: pin.stack }),
      ),
    ),
    tags: Object.freeze(history.tagsOf(version)),
    inHistory: history.has(version),
    writers,
    exclusiveBytes,
    sharedBytes: byteLength - exclusiveBytes,
    stacks: Object.freeze([...(notes?.stacks ?? [])]),
  });
}

/** Where the code stands, for a trace; the first lines are the library's own. */
export function stackHere(): string {
  return new Error('Handed out here').stack ?? '';
}

/** Notes where a version was handed out. */
export function addStack(record: VersionRecord, stack: string): void {
  const { stacks } = notesOn(record);
  if (stacks.size < MOST_STACKS) stacks.add(stack);
}

function recordOf({ version, byteLength }: ShardexIndex, previous: VersionRecord | undefined): VersionRecord {
  return {
    version,
    byteLength,
    since: undefined,
    writers: 0,
    notes: undefined,
    previous,
    next: undefined,
    left: NO_TOKENS,
    entered: NO_TOKENS,
  };
}
