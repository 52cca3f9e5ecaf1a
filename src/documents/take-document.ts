// Documents as callers give them, and the checks of what they give beside metadata and postings.
import { iterated, takeOptions } from '../checks/given.js';
import { show } from '../checks/show.js';
import { InvalidOptionError } from '../errors.js';
import type { DocumentPosting } from '../version/posting.js';
import type { FrozenMetadata, Metadata } from './record.js';

/** What a document is to consist of; what is left out it does not have. */
export interface DocumentInput<M extends object = Metadata> {
  /** Its text, which `start` and `length` of its postings count in. */
  readonly text?: string | undefined;
  /** Its metadata: a plain object of JSON values. */
  readonly metadata?: M | FrozenMetadata<M> | undefined;
  /** Its postings, which need not name it. */
  readonly postings?: Iterable<DocumentPosting> | undefined;
}

/** A document with its id, where several are given. */
export interface NamedDocument<M extends object = Metadata> extends DocumentInput<M> {
  /** Its id, any non-empty string. */
  readonly documentId: string;
}

/**
 * A document of several, each field read once; all of it is unchecked.
 *
 * @throws {@link InvalidOptionError} for what is no object, or has an unknown field.
 */
export function takeNamed<M extends object>(document: NamedDocument<M>): NamedDocument<M> {
  return takeOptions(document, ['documentId', 'text', 'metadata', 'postings']);
}

/**
 * What is given as documents, one by one, for one loop.
 *
 * @throws {@link InvalidOptionError} for what is no iterable.
 */
export function eachDocument<M extends object>(
  documents: Iterable<NamedDocument<M>>,
): Iterable<NamedDocument<M>> {
  return iterated(
    documents,
    (what) =>
      new InvalidOptionError('documents', `documents must be an iterable, such as an array, not ${what}.`),
  );
}

/** Whether something is given as a whole document rather than as a posting. */
export function isDocument(given: object): given is NamedDocument<object> {
  return !('vector' in given) && ['text', 'metadata', 'postings'].some((name) => name in given);
}

/**
 * A copy of what is given as a document, each field read once; its metadata and postings are unchecked.
 *
 * @throws {@link InvalidOptionError}
 */
export function takeDocument<M extends object>(document: DocumentInput<M>): DocumentInput<M> {
  const taken = takeOptions(document, ['text', 'metadata', 'postings']);
  assertText(taken.text);
  return taken;
}

/**
 * Refuses a text that is no string; none is allowed.
 *
 * @throws {@link InvalidOptionError}
 */
export function assertText(text: unknown): asserts text is string | undefined {
  if (text === undefined || typeof text === 'string') return;
  throw new InvalidOptionError('text', `The text of a document must be a string, not ${show(text)}.`);
}
