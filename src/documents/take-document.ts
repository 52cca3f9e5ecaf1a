// Documents as callers give them, and the checks of what they give beside metadata and postings.
import { takeOptions } from '../checks/given.js';
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
