// Whether postings lie within the text of their document.
import { InvalidPostingError } from '../errors.js';
import { show } from '../checks/show.js';

/** Where a posting lies in its document. */
export interface Extent {
  readonly start: number;
  readonly length: number;
}

/** Whether a posting ends where the text does, or before; of a document without a text it may end anywhere. */
export function isWithin(text: string | undefined, { start, length }: Extent): boolean {
  return text === undefined || start + length <= text.length;
}

/**
 * Refuses a posting that reaches beyond the text of its document.
 *
 * @throws {@link InvalidPostingError}
 */
export function assertWithin(
  text: string | undefined,
  documentId: string,
  extent: Extent,
  position?: number,
): void {
  if (text === undefined || isWithin(text, extent)) return;
  const { start, length } = extent;
  const which = position === undefined ? 'A posting' : `Posting ${position}`;
  throw new InvalidPostingError(
    `${which} of document ${show(documentId)} reaches from ${start} to ${start + length}, but its text has ${text.length} UTF-16 code units. Count start and length in those; where text and postings change together, put both by putDocument().`,
    position,
  );
}
