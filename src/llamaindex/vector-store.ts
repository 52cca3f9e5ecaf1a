/*
 * LlamaIndex' `BaseVectorStore` on a cell or a store. A node is a document of the index with its id, its text, its metadata and
 * one posting that reaches over all of the text.
 */
import type { BaseNode } from '@llamaindex/core/schema';
import {
  BaseVectorStore,
  type VectorStoreBaseParams,
  type VectorStoreQuery,
  type VectorStoreQueryResult,
} from '@llamaindex/core/vector-store';
import { idIn, idOut } from '../adapters/names.js';
import { MOST_RESULTS, type Writable, firstCell, newCell, put, write } from '../adapters/writable.js';
import {
  type Filter,
  InvalidOptionError,
  type ShardexIndex,
  type ShardexOptions,
  getDocument,
  mmr,
  search,
  snippet,
} from '../index.js';
import { filterOf } from './filters.js';
import { SOURCE, documentOf, nodeOf } from './nodes.js';

/** Where a {@link ShardexVectorStore} keeps its nodes: in a cell or store that there is, or in a new cell. */
export interface ShardexVectorStoreConfig extends Partial<ShardexOptions>, VectorStoreBaseParams {
  /** A cell, or a store of `shardex/store`, to keep them in. Not together with options of an index. */
  readonly cell?: Writable;
  /** The recall that queries aim at, above 0 to 1. Default: what the index says, which is 0.95. */
  readonly recall?: number;
}

/** How many times as many as are wanted are looked at for variety. */
const LOOKED_AT = 4;

/**
 * A vector store for LlamaIndex, in memory or durable, with all of its filters.
 *
 * Similarities are the cosine or the product, and by euclidean distance 1 / (1 + distance). Without a cell it makes one when
 * the first nodes come, by the length of their vectors.
 */
export class ShardexVectorStore extends BaseVectorStore<Writable | undefined> {
  /** Texts are kept here, and need no other store. */
  readonly storesText = true;
  readonly #options: Partial<ShardexOptions>;
  readonly #recall: number | undefined;
  #cell: Writable | undefined;

  /**
   * @throws {@link InvalidOptionError}, {@link ConfigError}
   */
  constructor(config: ShardexVectorStoreConfig = {}) {
    const { cell, recall, embedModel, embeddingModel, ...options } = config;
    super({ embedModel, embeddingModel });
    this.#options = options;
    this.#recall = recall;
    this.#cell = firstCell(cell, options);
  }

  /** The cell or store beneath, for all that LlamaIndex has no call for; `undefined` while no vectors have come. */
  client(): Writable | undefined {
    return this.#cell;
  }

  /**
   * Puts nodes, which have to be embedded, in one commit; resolves to their ids. What has the id of one is replaced.
   *
   * @throws {@link InvalidMetadataError} for metadata that JSON would lose; {@link InvalidVectorError}. Nothing is put then.
   */
  async add(nodes: BaseNode[]): Promise<string[]> {
    const first = nodes.at(0);
    if (first === undefined) return [];
    const documents = nodes.map(documentOf);
    await put((this.#cell ??= newCell(this.#options, first.getEmbedding().length)), documents);
    return nodes.map(({ id_ }) => id_);
  }

  /** Removes the nodes that were cut out of a document, in one commit. */
  async delete(refDocId: string): Promise<void> {
    if (this.#cell === undefined) return;
    await write(this.#cell, (draft) => {
      draft.removeWhere({ [SOURCE]: refDocId });
    });
  }

  /**
   * The nodes nearest to a vector, by default or with variety (`mmr`). `docIds` are those of nodes, or of what they were cut out
   * of.
   *
   * @throws {@link InvalidOptionError} for another mode, or without a vector; {@link InvalidFilterError}, {@link
   * InvalidVectorError}
   */
  async query(query: VectorStoreQuery): Promise<VectorStoreQueryResult> {
    const { queryEmbedding, similarityTopK, mmrThreshold } = query;
    const mode: string = query.mode;
    if (mode !== 'default' && mode !== 'mmr')
      throw new InvalidOptionError(
        'mode',
        `The modes are default and mmr, not ${mode}. For keywords see the guide "Meaning and keywords".`,
      );
    if (queryEmbedding === undefined)
      throw new InvalidOptionError('queryEmbedding', 'A query needs its vector, queryEmbedding.');
    const where = whereOf(query);
    if (this.#cell === undefined || similarityTopK === 0) return { nodes: [], similarities: [], ids: [] };
    const index = this.#cell.read();
    const k = mode === 'mmr' ? similarityTopK * LOOKED_AT : similarityTopK;
    const near = search(index, queryEmbedding, {
      k,
      where,
      // So many take a limit, and this one leaves nothing out.
      ...(k > MOST_RESULTS && { minScore: 0 }),
      ...(this.#recall !== undefined && { recall: this.#recall }),
      ...(mode === 'mmr' && { includeVector: true }),
    });
    const lambda = mmrThreshold === undefined ? {} : { lambda: mmrThreshold };
    const hits = mode === 'mmr' ? mmr(index, near, { k: similarityTopK, ...lambda }) : near;
    return Promise.resolve({
      nodes: hits.map((hit) =>
        nodeIn(index, hit.documentId, hit.length === 0 ? undefined : snippet(index, hit)),
      ),
      similarities: hits.map(({ similarity, score }) => similarity ?? score),
      ids: hits.map(({ documentId }) => idOut(documentId)),
    });
  }
}

function whereOf({ filters, docIds }: VectorStoreQuery): Filter {
  const where = filters === undefined ? {} : filterOf(filters);
  if (docIds === undefined) return where;
  return {
    $and: [where, { $or: [{ documentId: { $in: docIds.map(idIn) } }, { [SOURCE]: { $in: docIds } }] }],
  };
}

function nodeIn(index: ShardexIndex, documentId: string, part: string | undefined): BaseNode {
  const { text = '', metadata = {} } = getDocument(index, documentId) ?? {};
  return nodeOf(documentId, part ?? text, metadata);
}
