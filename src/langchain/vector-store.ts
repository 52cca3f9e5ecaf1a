/*
 * LangChain's `VectorStore` on a cell or a store. A LangChain document is a document of the index with its id, its text, its
 * metadata and one posting that reaches over all of the text.
 */
import { Document, type DocumentInterface } from '@langchain/core/documents';
import type { EmbeddingsInterface } from '@langchain/core/embeddings';
import type { Callbacks } from '@langchain/core/callbacks/manager';
import { type MaxMarginalRelevanceSearchOptions, VectorStore } from '@langchain/core/vectorstores';
import { asJson } from '../adapters/json.js';
import { assertOptions } from '../adapters/options.js';
import { MOST_RESULTS, type Writable, firstCell, newCell, put, write } from '../adapters/writable.js';
import {
  type Filter,
  InvalidOptionError,
  type SearchOptions,
  type SearchResult,
  type ShardexIndex,
  type ShardexOptions,
  getDocument,
  mmr,
  search,
  snippet,
} from '../index.js';

/** Metadata as LangChain types them where nothing more is known. */
export type LangChainMetadata = DocumentInterface['metadata'];

/** A document of LangChain, with metadata of a type. */
export type ShardexDocument<M extends LangChainMetadata> = DocumentInterface<M>;

/** Where a {@link ShardexVectorStore} keeps its documents: in a cell or store that there is, or in a new cell. */
export interface ShardexVectorStoreConfig<M extends object> extends Partial<ShardexOptions<M>> {
  /** A cell, or a store of `shardex/store`, to keep them in. Not together with options of an index. */
  readonly cell?: Writable<M>;
  /** The recall that searches aim at, above 0 to 1. Default: what the index says, which is 0.95. */
  readonly recall?: number;
}

/** What {@link ShardexVectorStore.delete} removes: one of these. */
export interface ShardexVectorStoreDeletion<M extends object> {
  /** The documents with these ids. Unknown ones are passed over. */
  readonly ids?: readonly string[];
  /** The documents that pass. */
  readonly filter?: Filter<M>;
}

/**
 * A vector store for LangChain, in memory or durable, with filters typed by the metadata.
 *
 * Scores are the cosine or the product, and by euclidean distance 1 / (1 + distance): higher is better in each case.
 * Without a cell it makes one when the first vectors come, by their length.
 *
 * @example
 * ```ts
 * import { SyntheticEmbeddings } from '@langchain/core/utils/testing';
 * import { ShardexVectorStore } from 'shardex/langchain';
 *
 * const store = await ShardexVectorStore.fromTexts(
 *   ['Cats purr.', 'Trains run on rails.'],
 *   [{ topic: 'animals' }, { topic: 'traffic' }],
 *   new SyntheticEmbeddings({ vectorSize: 8 }),
 * );
 * const [found] = await store.similaritySearch('Cats purr.', 1, { topic: { $ne: 'traffic' } });
 * found?.pageContent; // → 'Cats purr.'
 * ```
 */
export class ShardexVectorStore<M extends LangChainMetadata = LangChainMetadata> extends VectorStore {
  /** What filters are: MongoDB's query language, typed by the metadata. A `Date` in them stands for its ISO string. */
  declare FilterType: Filter<M> & object;
  readonly #options: Partial<ShardexOptions<M>>;
  readonly #recall: number | undefined;
  #cell: Writable<M> | undefined;

  /**
   * @throws {@link InvalidOptionError}, {@link ConfigError}
   */
  constructor(embeddings: EmbeddingsInterface, config: ShardexVectorStoreConfig<M> = {}) {
    super(embeddings, {});
    const { cell, recall, ...options } = config;
    this.#options = options;
    this.#recall = recall;
    this.#cell = firstCell(cell, options);
  }

  /**
   * The cell or store beneath: for snapshots, branches, undo, and everything else that LangChain has no call for.
   *
   * @throws {@link InvalidOptionError} while there is none, because no vectors have come yet and no `dimensions` were given.
   */
  get cell(): Writable<M> {
    if (this.#cell !== undefined) return this.#cell;
    throw new InvalidOptionError(
      'dimensions',
      'There is no cell before the first vectors come. Give dimensions, or a cell, to have one at once.',
    );
  }

  override _vectorstoreType(): string {
    return 'shardex';
  }

  /**
   * Embeds documents and puts them; resolves to their ids. As {@link ShardexVectorStore.addVectors}.
   */
  override async addDocuments(
    documents: ShardexDocument<M>[],
    options: { readonly ids?: readonly string[] } = {},
  ): Promise<string[]> {
    const vectors = await this.embeddings.embedDocuments(documents.map(({ pageContent }) => pageContent));
    return this.addVectors(vectors, documents, options);
  }

  /**
   * Puts documents with their vectors, in one commit; resolves to their ids, once that is durable where the cell is a store.
   * The ids are those of the options, else of the documents, else new ones. What has an id that is there is replaced.
   *
   * @throws {@link InvalidOptionError} where the numbers of vectors, documents and ids differ; {@link InvalidMetadataError} for
   * metadata that JSON would lose; {@link InvalidVectorError}, {@link InvalidPostingError}. Nothing is put then.
   */
  override async addVectors(
    vectors: number[][],
    documents: ShardexDocument<M>[],
    options: { readonly ids?: readonly string[] } = {},
  ): Promise<string[]> {
    const { ids: given } = options;
    assertAsMany('vectors', vectors, documents);
    if (given !== undefined) assertAsMany('ids', given, documents);
    const ids = documents.map(({ id }, i) => given?.[i] ?? id ?? crypto.randomUUID());
    const first = vectors.at(0);
    if (first === undefined) return ids;
    const named = documents.map(({ pageContent, metadata }, i) => ({
      documentId: ids[i],
      text: pageContent,
      metadata: asJson(metadata),
      postings: [{ length: pageContent.length, vector: vectors[i] }],
    }));
    await put((this.#cell ??= newCell(this.#options, first.length)), named);
    return ids;
  }

  /**
   * Removes documents by their ids, or those that pass a filter, in one commit.
   *
   * @throws {@link InvalidOptionError} unless either is given; {@link InvalidFilterError}
   */
  override async delete(deletion: ShardexVectorStoreDeletion<M> = {}): Promise<void> {
    assertOptions(deletion, ['ids', 'filter']);
    const { ids, filter } = deletion;
    if ((ids === undefined) === (filter === undefined))
      throw new InvalidOptionError('ids', 'Give either ids or a filter of what to delete.');
    if (this.#cell === undefined) return;
    await write(this.#cell, (draft) => {
      if (ids !== undefined) draft.removeDocuments(ids);
      else draft.removeWhere(asJson(filter as Filter<M>));
    });
  }

  /**
   * The documents nearest to a vector, each with its score; nearest first.
   *
   * @throws {@link InvalidVectorError}, {@link InvalidFilterError}, {@link InvalidOptionError}
   */
  override similaritySearchVectorWithScore(
    query: number[],
    k: number,
    filter?: this['FilterType'],
  ): Promise<[ShardexDocument<M>, number][]> {
    return this.#reading((index) =>
      this.#search(index, query, { k }, filter).map((hit) => [
        documentOf(index, hit),
        hit.similarity ?? hit.score,
      ]),
    );
  }

  /** The documents nearest to a text. */
  override similaritySearch(
    query: string,
    k?: number,
    filter?: this['FilterType'],
    callbacks?: Callbacks,
  ): Promise<ShardexDocument<M>[]> {
    return super.similaritySearch(query, k, filter, callbacks) as Promise<ShardexDocument<M>[]>;
  }

  /** The documents nearest to a text, each with its score. */
  override similaritySearchWithScore(
    query: string,
    k?: number,
    filter?: this['FilterType'],
    callbacks?: Callbacks,
  ): Promise<[ShardexDocument<M>, number][]> {
    const found = super.similaritySearchWithScore(query, k, filter, callbacks);
    return found as Promise<[ShardexDocument<M>, number][]>;
  }

  /**
   * Documents that are near to a text and unlike each other: `k` of the `fetchK` nearest, by maximal marginal relevance.
   * `fetchK` is 20 by default, `lambda` 0.5.
   */
  override async maxMarginalRelevanceSearch(
    query: string,
    { k, fetchK = 20, lambda = 0.5, filter }: MaxMarginalRelevanceSearchOptions<this['FilterType']>,
  ): Promise<ShardexDocument<M>[]> {
    const vector = await this.embeddings.embedQuery(query);
    return this.#reading((index) => {
      const near = this.#search(index, vector, { k: Math.max(k, fetchK), includeVector: true }, filter);
      return k === 0 ? [] : mmr(index, near, { k, lambda }).map((hit) => documentOf<M>(index, hit));
    });
  }

  /** A store of these texts; the metadata are one for each, or one for all. */
  static override fromTexts<M extends LangChainMetadata = LangChainMetadata>(
    texts: string[],
    metadatas: M[] | M,
    embeddings: EmbeddingsInterface,
    config: ShardexVectorStoreConfig<M> = {},
  ): Promise<ShardexVectorStore<M>> {
    const documents = texts.map(
      (pageContent, i) =>
        new Document({ pageContent, metadata: Array.isArray(metadatas) ? metadatas[i] : metadatas }),
    );
    return ShardexVectorStore.fromDocuments(documents, embeddings, config);
  }

  /** A store of these documents. */
  static override async fromDocuments<M extends LangChainMetadata = LangChainMetadata>(
    documents: ShardexDocument<M>[],
    embeddings: EmbeddingsInterface,
    config: ShardexVectorStoreConfig<M> = {},
  ): Promise<ShardexVectorStore<M>> {
    const store = new ShardexVectorStore<M>(embeddings, config);
    await store.addDocuments(documents);
    return store;
  }

  /** A store of what a cell, or a store of `shardex/store`, has already. */
  static fromExistingIndex<M extends LangChainMetadata = LangChainMetadata>(
    embeddings: EmbeddingsInterface,
    cell: Writable<M>,
  ): ShardexVectorStore<M> {
    return new ShardexVectorStore<M>(embeddings, { cell });
  }

  /** Reads one version, the current one. */
  async #reading<T>(read: (index: ShardexIndex<M>) => T[]): Promise<T[]> {
    return this.#cell === undefined ? [] : Promise.resolve(read(this.#cell.read()));
  }

  #search(
    index: ShardexIndex<M>,
    vector: readonly number[],
    options: Pick<SearchOptions, 'k' | 'includeVector'>,
    filter: Filter<M> | undefined,
  ): SearchResult[] {
    if (options.k === 0) return [];
    return search(index, vector, {
      ...options,
      // So many take a limit, and this one leaves nothing out.
      ...(options.k > MOST_RESULTS && { minScore: 0 }),
      ...(this.#recall !== undefined && { recall: this.#recall }),
      ...(filter !== undefined && { where: asJson(filter) }),
    });
  }
}

function assertAsMany(name: string, given: readonly unknown[], documents: readonly unknown[]): void {
  if (given.length === documents.length) return;
  throw new InvalidOptionError(name, `There are ${given.length} ${name} for ${documents.length} documents.`);
}

/** What was found, as a document of the caller's own: the text of the posting, or all of it where the posting has no extent. */
function documentOf<M extends LangChainMetadata>(
  index: ShardexIndex<M>,
  hit: SearchResult,
): ShardexDocument<M> {
  const { documentId: id, length } = hit;
  const { text = '', metadata = {} } = getDocument<LangChainMetadata>(index, id) ?? {};
  const pageContent = length === 0 ? text : (snippet(index, hit) ?? text);
  return new Document({ id, pageContent, metadata: structuredClone(metadata) as M });
}
