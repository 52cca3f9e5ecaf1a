// Edits the metadata of the documents that pass a filter: of all or, if a recipe fails, of none.
import { type MetadataRecipe, editedMetadata } from '../documents/edit-metadata.js';
import type { Metadata } from '../documents/record.js';
import { takeMetadata } from '../documents/take-metadata.js';
import { requireFunction } from '../config.js';
import { show } from '../checks/show.js';
import { InvalidOptionError } from '../errors.js';
import { idsWhere } from '../inspect/find.js';
import type { ShardexIndex } from '../version/shardex-index.js';

/** Changes the metadata of a document in an Immer draft. Also gets the document's id. */
export type WhereRecipe<M extends object = Metadata> = (
  metadata: Parameters<MetadataRecipe<M>>[0],
  documentId: string,
) => void;

/** A document with metadata, as a pair. */
export type NamedMetadata = readonly [documentId: string, metadata: Metadata];

/** Lists the documents that pass a filter and have metadata. */
export function metadataWhere(index: ShardexIndex, filter: object): NamedMetadata[] {
  return idsWhere(index, filter).flatMap((id): NamedMetadata[] => {
    const metadata = index.records.get(id)?.metadata;
    return metadata === undefined ? [] : [[id, metadata]];
  });
}

/** Runs a recipe on the metadata of each document. Returns the new metadata, checked. */
export function editedEach<M extends object>(
  before: readonly NamedMetadata[],
  recipe: WhereRecipe<M>,
): NamedMetadata[] {
  requireFunction('recipe', recipe, ' (metadata, documentId) => …');
  // The result is checked, because a promise is refused.
  const run: (...given: Parameters<typeof recipe>) => unknown = recipe;
  return before.map(([id, metadata]) => {
    const edited = editedMetadata(metadata, (draft) => run(draft as Parameters<typeof recipe>[0], id), id);
    return [id, takeMetadata(edited, metadata, id)];
  });
}

/** Throws if a recipe changed a document while it edited the document's metadata. */
export function assertUnchanged<T>(
  before: readonly (readonly [documentId: string, was: T])[],
  isNow: (documentId: string) => T,
): void {
  for (const [documentId, was] of before) {
    if (isNow(documentId) === was) continue;
    throw new InvalidOptionError(
      'recipe',
      `Document ${show(documentId)} was changed while its metadata were; make one change after the other.`,
    );
  }
}
