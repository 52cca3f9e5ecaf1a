/*
 * The versions of a cell that still live, current and old, without holding them. Each commit adds one; when the garbage
 * collector reports one as freed, it is removed. `cell.held()`, `cell.metrics()` and the warnings of `held-warning.ts` read
 * the list.
 */

import { type DocumentRecord, bytesOfRecord } from '../documents/record.js';
import type { BlockToken } from '../version/row-block.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import {
  type BlockChanges,
  NO_TOKENS,
  type Tokens,
  blockChanges,
  bytesOfTokens,
  composeBlockChanges,
  hasToken,
} from './block-changes.js';
import type { History } from './history.js';

/** A pin in the report of held versions. */
export interface HeldPin {
  /** Its label, as given to `pin()`. */
  readonly label: string | undefined;
  /** Milliseconds since it was taken. */
  readonly ageMs: number;
  /** The stack where it was taken, with `trace: true`. */
  readonly stack: string | undefined;
}

/** An old version that the garbage collector has not freed, with what is known to hold it. */
export interface HeldVersion {
  /** Its number. */
  readonly version: number;
  /** Milliseconds since another version took its place. */
  readonly ageMs: number;
  /** The pins on it. */
  readonly pins: readonly HeldPin[];
  /** The tags on it. */
  readonly tags: readonly string[];
  /** Whether the cell's history keeps it. */
  readonly inHistory: boolean;
  /** Open writers that were made from it. */
  readonly writers: number;
  /** Bytes of row blocks, texts and metadata that only it keeps: they would be freed with it. */
  readonly exclusiveBytes: number;
  /** Bytes of those that the current version or other old ones keep too. */
  readonly sharedBytes: number;
  /** Stacks where `read()`, `pin()` or `cloneForWrite()` handed it out, with `trace: true`; the first few. */
  readonly stacks: readonly string[];
}

/** Stacks recorded for each version: enough to find a leak, and a bound on the cost of looking for one. */
const MAX_STACKS = 8;

/** A pin on a living version, without the version itself. */
export interface LivingPin {
  readonly label: string | undefined;
  readonly since: number;
  readonly stack: string | undefined;
}

/** Pins and stacks of a version; most versions have neither. */
export interface VersionNotes {
  readonly pins: Set<LivingPin>;
  readonly stacks: Set<string>;
}

/** Facts about a living version, which do not keep it alive. There is one for each, so it is small. */
export interface LivingVersion {
  readonly version: number;
  readonly byteLength: number;
  /** Time at which another version took its place; `undefined` for the current one. */
  since: number | undefined;
  /** Open writers that were made from it. */
  writers: number;
  notes: VersionNotes | undefined;
  previous: LivingVersion | undefined;
  next: LivingVersion | undefined;
  /**
   * Blocks that the next living version no longer has (`left`), and those that it has in addition (`entered`).
   */
  left: Tokens;
  entered: Tokens;
}

/**
 * The living versions of one cell: the current one, and old ones that the collector has not reported as freed.
 *
 * They form a list in the order of publication. Each has the blocks in which it differs from the next, so that the bytes
 * that only one version keeps can be computed without a reference to any version (I8).
 *
 * It uses a FinalizationRegistry and no WeakRef: making a WeakRef keeps its target until the current job ends, so a
 * loop of commits without a pause would hold all its versions.
 */
export class LivingVersions {
  #current: LivingVersion;
  #oldCount = 0;
  readonly #tokens = new WeakMap<DocumentRecord, BlockToken>();
  readonly #collected = new FinalizationRegistry<LivingVersion>((living) => {
    this.#remove(living);
  });

  constructor(index: ShardexIndex) {
    this.#current = livingOf(index, undefined);
  }

  get current(): LivingVersion {
    return this.#current;
  }

  /** Number of superseded versions that live. */
  get oldCount(): number {
    return this.#oldCount;
  }

  /** Finds a living version by its number. Time: O(living versions). */
  find(version: number): LivingVersion | undefined {
    let found: LivingVersion | undefined = this.#current;
    while (found !== undefined && found.version !== version) found = found.previous;
    return found;
  }

  /** Records a publication; returns the bytes of the blocks that the new version no longer has. */
  supersede(old: ShardexIndex, next: ShardexIndex): number {
    const before = this.#current;
    this.#oldCount++;
    // Whole milliseconds take less memory.
    before.since = Math.round(performance.now());
    before.next = this.#current = livingOf(next, before);
    setChanges(
      before,
      blockChanges(old, next, (record) => this.#tokenOf(record)),
    );
    // Registers a small object that only this version owns. V8 treats registered targets as live in minor
    // collections, so registering the version would promote everything that it alone owns.
    this.#collected.register(old.changed, before);
    return bytesOfTokens(before.left);
  }

  /** The superseded versions that live, oldest first. */
  old(): LivingVersion[] {
    const versions: LivingVersion[] = [];
    let living = this.#current.previous;
    for (; living !== undefined; living = living.previous) versions.push(living);
    return versions.reverse();
  }

  /**
   * Bytes that would be freed if only this version were collected.
   *
   *   exclusive = (entered after `previous`) ∩ (left before `next`)
   *             − blocks that a later version got back by `restore` − blocks that an earlier version still had
   */
  exclusiveBytes({ previous, next, left }: LivingVersion): number {
    const mine = new Set<BlockToken>();
    for (const token of left)
      if (previous === undefined || hasToken(previous.entered, token)) mine.add(token);
    for (let later = next; later !== undefined && mine.size > 0; later = later.next)
      for (const token of later.entered) mine.delete(token);
    for (let earlier = previous?.previous; earlier !== undefined && mine.size > 0; earlier = earlier.previous)
      for (const token of earlier.left) mine.delete(token);
    return bytesOfTokens(mine);
  }

  /** The token of a document's record, the same one each time; it does not keep the record alive. */
  #tokenOf(record: DocumentRecord): BlockToken {
    let token = this.#tokens.get(record);
    if (token === undefined) this.#tokens.set(record, (token = { byteLength: bytesOfRecord(record) }));
    return token;
  }

  #remove(living: LivingVersion): void {
    const { previous, next } = living;
    this.#oldCount--;
    if (next !== undefined) next.previous = previous;
    if (previous === undefined) return;
    previous.next = next;
    setChanges(previous, composeBlockChanges(previous, living));
  }
}

function setChanges(living: LivingVersion, { left, entered }: BlockChanges): void {
  living.left = left;
  living.entered = entered;
}

/** Returns the notes of a version, to add to them. */
export function notesOn(living: LivingVersion): VersionNotes {
  return (living.notes ??= { pins: new Set(), stacks: new Set() });
}

/** Reports on one version. Time: O(blocks in which the living versions differ). */
export function heldVersion(living: LivingVersions, history: History, old: LivingVersion): HeldVersion {
  const { version, byteLength, since, notes, writers } = old;
  const now = performance.now();
  const exclusiveBytes = living.exclusiveBytes(old);
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

/** Captures the current stack, for a trace; its first lines are the library's own. */
export function stackHere(): string {
  return new Error('Handed out here').stack ?? '';
}

/** Records where a version was handed out. */
export function addStack(living: LivingVersion, stack: string): void {
  const { stacks } = notesOn(living);
  if (stacks.size < MAX_STACKS) stacks.add(stack);
}

function livingOf(
  { version, byteLength, recordBytes }: ShardexIndex,
  previous: LivingVersion | undefined,
): LivingVersion {
  return {
    version,
    byteLength: byteLength + recordBytes,
    since: undefined,
    writers: 0,
    notes: undefined,
    previous,
    next: undefined,
    left: NO_TOKENS,
    entered: NO_TOKENS,
  };
}
