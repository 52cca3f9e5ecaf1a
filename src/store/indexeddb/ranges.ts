/*
 * Ranges of keys, and the versions in them, without reading what is stored there.
 */

import type { Head } from '../log/commit-log.js';
import type { HeadKey, Reading } from './schema.js';

/** The keys of versions of a branch, in entries and checkpoints. */
export function versionsOf(branch: number, from = 0, to = Infinity): IDBKeyRange {
  return IDBKeyRange.bound([branch, from], [branch, to]);
}

/** The keys of notes of a branch. */
export function notesOf(branch: number): IDBKeyRange {
  // An array is above every text.
  return IDBKeyRange.bound([branch], [branch, []]);
}

/** The newest version from one to another that is there; `undefined` where none is. */
export async function newestOf(
  tx: Reading,
  store: 'entry' | 'checkpoint',
  branch: number,
  from = 0,
  to = Infinity,
): Promise<Head | undefined> {
  // A range must not end before it begins.
  if (from > to) return undefined;
  return headAt(await heads(tx, store).openKeyCursor(headsOf(branch, from, to), 'prev'));
}

/** The oldest one from a version on. */
export async function oldestOf(
  tx: Reading,
  store: 'entry' | 'checkpoint',
  branch: number,
  from = 0,
): Promise<Head | undefined> {
  return headAt(await heads(tx, store).openKeyCursor(headsOf(branch, from, Infinity)));
}

/** All of them, oldest first. */
export async function allOf(tx: Reading, store: 'entry' | 'checkpoint', branch: number): Promise<Head[]> {
  const found: Head[] = [];
  let cursor = await heads(tx, store).openKeyCursor(headsOf(branch, 0, Infinity));
  while (cursor !== null) {
    const head = headAt(cursor);
    if (head !== undefined) found.push(head);
    cursor = await cursor.continue();
  }
  return found;
}

function heads(tx: Reading, store: 'entry' | 'checkpoint') {
  return tx.objectStore(store).index('head');
}

function headsOf(branch: number, from: number, to: number): IDBKeyRange {
  return IDBKeyRange.bound([branch, from], [branch, to, []]);
}

function headAt(cursor: { readonly key: HeadKey } | null): Head | undefined {
  if (cursor === null) return undefined;
  const [, version, token] = cursor.key;
  return { version, token };
}
