import type { StoredPosting } from 'shardex';
import type { NaiveTwin } from '../../support/naive-twin.js';

/** A posting that two states do not share; one of the sides may lack it. */
export interface Difference {
  readonly before: StoredPosting | undefined;
  readonly after: StoredPosting | undefined;
}

/** What differs between two states, by document and key; documents without a difference are left out. */
export type Differences = ReadonlyMap<string, ReadonlyMap<string, Difference>>;

export function keyOf({ start, length }: Pick<StoredPosting, 'start' | 'length'>): string {
  return `${start}:${length}`;
}

/** Compares two states posting by posting, by value. */
export function differences(before: NaiveTwin, after: NaiveTwin): Differences {
  const found = new Map<string, Map<string, Difference>>();
  const note = (id: string, key: string, difference: Difference): void => {
    found.set(id, (found.get(id) ?? new Map<string, Difference>()).set(key, difference));
  };
  const old = byKey(before);
  const fresh = byKey(after);
  for (const [key, posting] of old) {
    const now = fresh.get(key);
    if (now === undefined || !sameVector(posting.vector, now.vector)) {
      note(posting.documentId, keyOf(posting), { before: posting, after: now });
    }
  }
  for (const [key, posting] of fresh) {
    if (!old.has(key)) note(posting.documentId, keyOf(posting), { before: undefined, after: posting });
  }
  return found;
}

/** All postings, each under a text that names its key and no other. */
export function byKey(twin: NaiveTwin): Map<string, StoredPosting> {
  return new Map(twin.all().map((posting) => [fullKeyOf(posting), posting]));
}

export function fullKeyOf({
  documentId,
  start = 0,
  length = 0,
}: {
  documentId: string;
  start?: number;
  length?: number;
}): string {
  return JSON.stringify([documentId, start, length]);
}

export function sameVector(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return Array.from(a).every((component, i) => Object.is(component, b[i]));
}
