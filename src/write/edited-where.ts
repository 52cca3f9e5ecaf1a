// What the records of documents become that pass a filter and are edited, all of them or none.
import { type MetadataRecipe, editedMetadata } from '../documents/edit-metadata.js';
import { type DocumentRecord, type Metadata, recordLike } from '../documents/record.js';
import { takeMetadata } from '../documents/take-metadata.js';
import { idsWhere } from '../inspect/find.js';
import type { ShardexIndex } from '../version/shardex-index.js';

/** Changes the metadata of a document by changing an Immer draft of them; is told the document's id. */
export type WhereRecipe<M extends object = Metadata> = (
  metadata: Parameters<MetadataRecipe<M>>[0],
  documentId: string,
) => void;

/** Edits the metadata of documents that pass a filter; those without metadata stay as they are. */
export function editedWhere<M extends object>(
  index: ShardexIndex,
  filter: object,
  recipe: WhereRecipe<M>,
): ReadonlyMap<string, DocumentRecord | undefined> {
  const edited = new Map<string, DocumentRecord | undefined>();
  for (const id of idsWhere(index, filter)) {
    const before = index.records.get(id);
    if (before?.metadata === undefined) continue;
    const run: MetadataRecipe<M> = (metadata) => {
      // What it returns is looked at: a promise is refused.
      recipe(metadata, id);
    };
    const given = editedMetadata(before.metadata, run as MetadataRecipe<object>, id);
    edited.set(id, recordLike(before, before.text, takeMetadata(given, before.metadata, id)));
  }
  return edited;
}
