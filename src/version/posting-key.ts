// Reads keys of postings from callers: they name a posting without its vector.
import { isThenable } from '../checks/callbacks.js';
import { isArray, iterated, takeFields } from '../checks/given.js';
import { show } from '../checks/show.js';
import { InvalidPostingError, type PostingKey } from '../errors.js';
import { type Posting, assertDocumentId, assertExtent } from './posting.js';

/** A posting's key as a caller may give it: `start` and `length` are 0 if left out. A posting or a search result will do. */
export type KeyInput = Pick<Posting, 'documentId' | 'start' | 'length'>;

/** The fields of a key, and those that postings and search results have beside them, which are ignored. */
const FIELDS = ['documentId', 'start', 'length', 'vector', 'score', 'distance', 'similarity'] as const;

type GivenKey = Partial<Record<(typeof FIELDS)[number], unknown>>;

/**
 * Reads a key. Unknown fields are refused: a key with a misspelt `lenght` would name another posting.
 *
 * @throws {@link InvalidPostingError}
 */
export function takeKey(key: unknown, position?: number): PostingKey {
  const name = position === undefined ? 'The key' : `Key ${position}`;
  const refuse = (what: string): InvalidPostingError => new InvalidPostingError(`${name} ${what}`, position);
  if (key === null || typeof key !== 'object' || isThenable(key) || isArray(key)) {
    const advice = typeof key === 'string' ? ' A document as a whole is named in calls of its own.' : '';
    throw refuse(`must be an object { documentId, start?, length? }, not ${show(key)}.${advice}`);
  }
  const {
    documentId,
    start = 0,
    length = 0,
  } = takeFields<GivenKey>(key, FIELDS, {
    unknown: (field) =>
      refuse(`has an unknown field, ${show(field)}; a key has documentId, start and length.`),
    unreadable: (thrown) => refuse(`could not be read: ${thrown}.`),
  });
  assertDocumentId(documentId, position);
  assertExtent('start', start, position);
  assertExtent('length', length, position);
  return { documentId, start, length };
}

/**
 * Iterates over given keys, each checked.
 *
 * @throws {@link InvalidPostingError}, also for what is no iterable, such as one key.
 */
export function* eachKey(keys: Iterable<KeyInput>): Iterable<PostingKey> {
  const each = iterated(
    keys,
    (what) =>
      new InvalidPostingError(`keys must be an iterable of posting keys, such as an array, not ${what}.`),
  );
  let position = 0;
  for (const key of each) yield takeKey(key, position++);
}
