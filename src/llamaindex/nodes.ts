/*
 * LlamaIndex' nodes as documents of an index, and back. A node's metadata are the document's, so that filters see them; what else
 * it has is kept beside them under the names that LlamaIndex' stores use, so that others can read it.
 */
import { type BaseNode, MetadataMode, TextNode, jsonToNode } from '@llamaindex/core/schema';
import { asJson } from '../adapters/json.js';
import { fieldsIn, fieldsOut, idIn, idOut } from '../adapters/names.js';
import type { NamedDocument } from '../index.js';

/** The field that names the document that a node was cut out of. */
export const SOURCE = 'ref_doc_id';

/** What a document has of a node without it being said once more. */
const KEPT_APART = ['metadata', 'embedding', 'text'];

/** A node with its vector as a document. */
export function documentOf(node: BaseNode): NamedDocument<object> {
  const text = node.getContent(MetadataMode.NONE);
  const rest = Object.entries(node.toJSON()).filter(([name]) => !KEPT_APART.includes(name));
  const source = node.sourceNode?.nodeId ?? 'None';
  return {
    documentId: idIn(node.id_),
    text,
    metadata: {
      ...fieldsIn(asJson(node.metadata)),
      _node_content: JSON.stringify(Object.fromEntries(rest)),
      _node_type: node.constructor.name.replace('_', ''),
      document_id: source,
      doc_id: source,
      [SOURCE]: source,
    },
    postings: [{ length: text.length, vector: node.getEmbedding() }],
  };
}

/** A document as a node; one that came of no node has its id, its text and its metadata. */
export function nodeOf(documentId: string, text: string, kept: object): BaseNode {
  const {
    _node_content: content,
    _node_type,
    document_id,
    doc_id,
    ref_doc_id,
    ...metadata
  } = fieldsOut(kept) as Record<string, unknown>;
  if (typeof content === 'string') return jsonToNode({ ...(JSON.parse(content) as object), metadata, text });
  const others = { _node_type, document_id, doc_id, ref_doc_id };
  return new TextNode({
    id_: idOut(documentId),
    text,
    metadata: JSON.parse(JSON.stringify({ ...metadata, ...others })) as object,
  });
}
