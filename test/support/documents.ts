import type { DocumentEntry, Documents } from '../../src/version/documents.js';
import { StringMapDraft } from '../../src/collections/string-map.js';

/** The documents with one entry changed, or taken out where it is `undefined`. */
export function withEntry(
  documents: Documents,
  documentId: string,
  entry: DocumentEntry | undefined,
): Documents {
  const draft = new StringMapDraft(documents);
  draft.set(documentId, entry);
  return draft.finish();
}
