/*
 * What every log checks of what it is given and of what it reads, so that all of them refuse the same things in the same
 * words.
 */

import { Digest } from '../../collections/digest.js';
import { assertSignal, requireName, requireVersion, requireWhole } from '../../config.js';
import { InvalidOptionError } from '../../errors.js';
import { isArray } from '../../checks/given.js';
import { show } from '../../checks/show.js';
import { CorruptLogError } from '../errors.js';
import {
  type Checkpoint,
  type Entry,
  type Head,
  type LoggedEntry,
  MAIN,
  type ReadOptions,
} from './commit-log.js';

/** Longest token, in characters: a UUID has 36. */
const LONGEST_TOKEN = 200;

/**
 * Refuses a group that cannot be appended: empty, with gaps, with a token twice, or that does not follow its parent.
 *
 * @throws {@link InvalidOptionError}
 */
export function checkGroup(parent: Head | undefined, entries: readonly Entry[]): void {
  if (!isArray(entries) || entries.length === 0)
    throw new InvalidOptionError('entries', `Append at least one entry, not ${show(entries)}.`);
  if (parent !== undefined) requireToken('parent', parent.token);
  let version = parent?.version ?? 0;
  const tokens = new Set([parent?.token]);
  for (const entry of entries) {
    version++;
    if (entry.version !== version)
      throw new InvalidOptionError(
        'entries',
        `Versions must follow each other without a gap: ${version} is next, not ${show(entry.version)}.`,
      );
    requireToken('entries', entry.token);
    if (tokens.has(entry.token))
      throw new InvalidOptionError(
        'entries',
        `Each entry needs a token of its own; ${show(entry.token)} is there twice.`,
      );
    tokens.add(entry.token);
    requireBytes('entries', entry.bytes);
  }
}

/** @throws {@link InvalidOptionError} */
export function checkCheckpoint({ version, token, manifest, chunks }: Checkpoint): void {
  requireVersion('version', version);
  requireToken('token', token);
  requireBytes('manifest', manifest);
  if (!isArray(chunks))
    throw new InvalidOptionError('chunks', `chunks must be an array of keys, not ${show(chunks)}.`);
  for (const key of chunks) requireName('chunks', key);
}

/** @throws {@link InvalidOptionError} */
export function checkReading(after: number, { maxBytes, signal }: ReadOptions): void {
  requireVersion('after', after);
  if (maxBytes !== undefined) requireWhole('maxBytes', maxBytes, 1, Number.MAX_SAFE_INTEGER);
  assertSignal(signal);
}

/** @throws {@link InvalidOptionError} */
export function checkListing(before: number, limit: number): void {
  requireWhole('before', before, 1, Number.MAX_SAFE_INTEGER);
  requireWhole('limit', limit, 1, Number.MAX_SAFE_INTEGER);
}

/** @throws {@link InvalidOptionError} */
export function checkFork(name: string, at: Head | undefined): void {
  requireBranchName(name);
  if (at === undefined) return;
  requireWhole('version', at.version, 1, Number.MAX_SAFE_INTEGER);
  requireToken('token', at.token);
}

/** @throws {@link InvalidOptionError} */
export function checkDrop(name: string): void {
  requireBranchName(name);
  if (name === MAIN)
    throw new InvalidOptionError('name', `The branch ${MAIN} is what the others start from, and stays.`);
}

/** Longest name of a branch, in characters. */
const LONGEST_NAME = 200;

/** @throws {@link InvalidOptionError} */
export function requireBranchName(name: unknown): asserts name is string {
  // Control characters mark names that are not those of callers, and make a mess of terminals.
  if (typeof name === 'string' && name.length <= LONGEST_NAME && /^\S+$/u.test(name) && !/\p{C}/u.test(name))
    return;
  throw new InvalidOptionError(
    'branch',
    `The name of a branch must be a text of 1 to ${LONGEST_NAME} characters without spaces and control characters, not ${show(name)}.`,
  );
}

/** Cuts a list of what came before a version, newest first, where something is gone. */
export function denseFrom<T extends Head>(before: number, head: Head | undefined, list: readonly T[]): T[] {
  const newest = Math.min(before - 1, head?.version ?? 0);
  const gap = list.findIndex(({ version }, i) => version !== newest - i);
  return list.slice(0, gap < 0 ? list.length : gap);
}

/** @throws {@link InvalidOptionError} */
export function checkTrim(before: number, newest: number | undefined): void {
  requireWhole('before', before, 1, Number.MAX_SAFE_INTEGER);
  if (newest === undefined || newest < before)
    throw new InvalidOptionError(
      'before',
      `Entries can be dropped once a checkpoint has replaced them; the newest is of version ${newest ?? 'none'}, so those before ${before} are needed.`,
    );
}

/** @throws {@link InvalidOptionError} */
export function checkNote(name: string, bytes: Uint8Array | undefined): void {
  requireName('name', name);
  if (bytes !== undefined) requireBytes('bytes', bytes);
}

/** @throws {@link InvalidOptionError} */
export function requireToken(name: string, value: unknown): void {
  if (typeof value === 'string' && value.length >= 1 && value.length <= LONGEST_TOKEN) return;
  throw new InvalidOptionError(
    name,
    `A token must be a text of 1 to ${LONGEST_TOKEN} characters, as crypto.randomUUID() makes, not ${show(value)}.`,
  );
}

/** @throws {@link InvalidOptionError} */
export function requireBytes(name: string, value: unknown): void {
  if (value instanceof Uint8Array) return;
  throw new InvalidOptionError(name, `${name} must hold a Uint8Array, not ${show(value)}.`);
}

/** The checksum of an entry, over all that is kept of it; finds accidents, not attacks. Time: O(bytes). */
export function sumOf(version: number, token: string, parent: string | undefined, bytes: Uint8Array): string {
  const digest = new Digest();
  digest.addText(token);
  digest.addText(parent ?? '');
  digest.add(version % 0x1_0000_0000);
  digest.add(Math.floor(version / 0x1_0000_0000));
  digest.add(bytes.length);
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >>> 2);
  digest.addWords(words, 0, words.length);
  for (let i = 4 * words.length; i < bytes.length; i++) digest.add(bytes[i]);
  return digest.toString();
}

/** A row of a log as an engine found it, with the checksum that was written with it. */
export interface StoredEntry extends LoggedEntry {
  readonly sum: string;
}

/**
 * Refuses a row that does not follow the one before it, or is not what was written.
 *
 * @throws {@link CorruptLogError}
 */
export function checkStored(row: StoredEntry, before: Head): void {
  const { version, token, parent, bytes, sum } = row;
  const wanted = before.version + 1;
  if (version !== wanted)
    throw new CorruptLogError(
      `The log has no entry of version ${wanted}, but one of version ${version}.`,
      wanted,
    );
  if (sum !== sumOf(version, token, parent, bytes))
    throw new CorruptLogError(`The entry of version ${version} is damaged: its checksum is wrong.`, version);
  // Of the version that reading began after, the token is not always known.
  if (before.token !== '' && parent !== before.token)
    throw new CorruptLogError(
      `The entry of version ${version} does not follow that of version ${before.version}.`,
      version,
    );
}

/** Whether two places are the same one. */
export function sameHead(a: Head | undefined, b: Head | undefined): boolean {
  return a?.version === b?.version && a?.token === b?.token;
}
