/*
 * Mastra's `MastraVector` on cells or stores, one for each of its indexes. A vector is a document with its id, its metadata and
 * one posting.
 */
import {
  type CreateIndexParams,
  type DeleteIndexParams,
  type DeleteVectorParams,
  type DeleteVectorsParams,
  type DescribeIndexParams,
  type IndexStats,
  MastraVector,
  type QueryResult,
  type QueryVectorParams,
  type UpdateVectorParams,
  type UpsertVectorParams,
  validateTopK,
  validateUpsertInput,
} from '@mastra/core/vector';
import type { VectorFilter } from '@mastra/core/vector/filter';
import { asJson } from '../adapters/json.js';
import { fieldsIn, fieldsOut, idIn, idOut } from '../adapters/names.js';
import { MOST_RESULTS, type Writable, put, write } from '../adapters/writable.js';
import {
  CowShardexIndex,
  type Filter,
  type IndexDraft,
  InvalidOptionError,
  type MergeOptions,
  type Metric,
  type Posting,
  type ShardexIndex,
  createIndex,
  documents,
  getDocument,
  postings,
  search,
} from '../index.js';
import type { SqliteDriver } from '../store/index.js';
import { FilterTranslator } from './filter.js';
import { Folder } from './folder.js';
import { putMerged } from './merged.js';

/** Where a {@link ShardexVector} keeps its indexes; in memory, unless something else is said. */
export interface ShardexVectorConfig {
  /** Names the vector store among those of an application. */
  readonly id: string;
  /** A folder: each index is kept in a file of its own, and those that have one are there again. */
  readonly path?: string;
  /** What opens the files, where Node's own SQLite shall not: as of `sqliteLog`. */
  readonly driver?: string | SqliteDriver;
  /** Cells, or stores of `shardex/store`, that are there already, by the names of their indexes. */
  readonly indexes?: Readonly<Record<string, Writable>>;
  /** The recall that queries aim at, above 0 to 1. Default: what the index says, which is 0.95. */
  readonly recall?: number;
}

const METRICS: Readonly<Record<NonNullable<IndexStats['metric']>, Metric>> = {
  cosine: 'cosine',
  euclidean: 'euclidean',
  dotproduct: 'dot',
};

/**
 * A vector store for Mastra with several indexes, in memory or in a folder, which can be branched and merged.
 *
 * Scores are the cosine or the product, and by euclidean distance 1 / (1 + distance); a query by metadata alone scores 0.
 *
 * @example
 * ```ts
 * import { ShardexVector } from 'shardex/mastra';
 *
 * const vectors = new ShardexVector({ id: 'notes' });
 * await vectors.createIndex({ indexName: 'notes', dimension: 2 });
 * await vectors.upsert({ indexName: 'notes', ids: ['a'], vectors: [[1, 0]], metadata: [{ tag: 'x' }] });
 * const found = await vectors.query({ indexName: 'notes', queryVector: [1, 0], filter: { tag: ['x', 'y'] } });
 * found; // → [{ id: 'a', score: 1, metadata: { tag: 'x' } }]
 * ```
 */
export class ShardexVector extends MastraVector {
  readonly #open = new Map<string, Promise<Writable>>();
  readonly #folder: Folder | undefined;
  readonly #recall: number | undefined;
  readonly #filters = new FilterTranslator();
  /** The versions that a branch started from, by index. */
  #bases: ReadonlyMap<string, ShardexIndex> | undefined;

  constructor({ id, path, driver, indexes = {}, recall }: ShardexVectorConfig) {
    super({ id });
    this.#folder =
      path === undefined ? undefined : new Folder({ path, ...(driver !== undefined && { driver }) });
    this.#recall = recall;
    for (const [name, cell] of Object.entries(indexes)) this.#open.set(name, Promise.resolve(cell));
  }

  /**
   * The cell or store of an index: for snapshots, undo, branches, and everything else that Mastra has no call for.
   *
   * @throws {@link InvalidOptionError} where there is none.
   */
  async cell(indexName: string): Promise<Writable> {
    const names = this.#open.has(indexName) ? [] : await this.listIndexes();
    const open = this.#open.get(indexName);
    if (open !== undefined) return open;
    if (this.#folder !== undefined && names.includes(indexName))
      return this.#opened(indexName, this.#folder.open(indexName));
    const others = names.length === 0 ? 'there are none' : `there are ${names.join(', ')}`;
    throw new InvalidOptionError(
      'indexName',
      `There is no index '${indexName}'; ${others}. Make it by createIndex().`,
    );
  }

  /** Makes an index; one that is there already has to be of the same dimension and metric. */
  async createIndex({ indexName, dimension, metric = 'cosine' }: CreateIndexParams): Promise<void> {
    // Asked again at last, since somebody else may have made it meanwhile.
    if ((await this.listIndexes()).includes(indexName) || this.#open.has(indexName)) {
      await this.validateExistingIndex(indexName, dimension, metric);
      return;
    }
    const options = { dimensions: dimension, metric: METRICS[metric] };
    const made = this.#folder?.open(indexName, options) ?? new CowShardexIndex(createIndex(options));
    await this.#opened(indexName, Promise.resolve(made));
  }

  async listIndexes(): Promise<string[]> {
    return [...new Set([...this.#open.keys(), ...((await this.#folder?.names()) ?? [])])];
  }

  async describeIndex({ indexName }: DescribeIndexParams): Promise<IndexStats> {
    const { config, postingCount } = (await this.cell(indexName)).read();
    const metric = config.metric === 'dot' ? 'dotproduct' : config.metric;
    return { dimension: config.dimensions, count: postingCount, metric };
  }

  /** Removes an index, and its file; nothing where there is none. A cell or store that was given is left open. */
  async deleteIndex({ indexName }: DeleteIndexParams): Promise<void> {
    const open = this.#open.get(indexName);
    this.#open.delete(indexName);
    if (this.#folder === undefined) return;
    await (await open)?.close();
    await this.#folder.remove(indexName);
  }

  /** Puts vectors, and removes before what passes `deleteFilter`, all in one commit; resolves to their ids. */
  async upsert({
    indexName,
    vectors,
    metadata,
    ids,
    sparseVectors,
    deleteFilter,
  }: UpsertVectorParams): Promise<string[]> {
    validateUpsertInput('SHARDEX', vectors, metadata, ids);
    refuseSparse(sparseVectors);
    const taken = ids ?? vectors.map(() => crypto.randomUUID());
    const named = vectors.map((vector, i) => ({
      documentId: idIn(taken[i]),
      metadata: fieldsIn(asJson(metadata?.[i] ?? {})),
      postings: [{ vector }],
    }));
    const cell = await this.cell(indexName);
    if (deleteFilter === undefined) await put(cell, named);
    else {
      const filter = this.#some(deleteFilter, 'deleteFilter');
      await write(cell, (draft) => {
        draft.removeWhere(filter);
        draft.putDocuments(named);
      });
    }
    return taken;
  }

  /** The vectors nearest to one, or those that pass a filter, by their ids; 10 unless `topK` says how many. */
  async query({
    indexName,
    queryVector,
    topK = 10,
    filter,
    includeVector = false,
    sparseVector,
  }: QueryVectorParams): Promise<QueryResult[]> {
    validateTopK('SHARDEX', topK);
    refuseSparse(sparseVector);
    const index = (await this.cell(indexName)).read();
    const where = this.#filters.translate(filter);
    if (queryVector === undefined) {
      if (filter === undefined || filter === null)
        throw new InvalidOptionError('queryVector', 'Give a queryVector, or a filter, or both.');
      return [...documents(index, { where, limit: topK })].map(({ documentId }) =>
        resultOf(index, documentId, 0, includeVector ? postings(index, documentId).at(0)?.vector : undefined),
      );
    }
    const hits = search(index, queryVector, {
      k: topK,
      where,
      includeVector,
      // So many take a limit, and this one leaves nothing out.
      ...(topK > MOST_RESULTS && { minScore: 0 }),
      ...(this.#recall !== undefined && { recall: this.#recall }),
    });
    return hits.map(({ documentId, similarity, score, vector }) =>
      resultOf(index, documentId, similarity ?? score, vector),
    );
  }

  /** Gives a vector, or all that pass a filter, another vector, other metadata, or both. One that is not there stays so. */
  async updateVector({ indexName, id, filter, update }: UpdateVectorParams): Promise<void> {
    const { vector, metadata } = update;
    if (vector === undefined && metadata === undefined)
      throw new InvalidOptionError('update', 'There is nothing to update: give a vector, metadata, or both.');
    oneOf('id', id, filter);
    const where = filter === undefined ? undefined : this.#some(filter, 'filter');
    const fields = metadata === undefined ? undefined : fieldsIn(asJson(metadata));
    await write(await this.cell(indexName), (draft) => {
      for (const each of where === undefined ? [idIn(id ?? '')] : idsOf(draft, where)) {
        if (!draft.has(each)) continue;
        if (fields !== undefined) draft.setMetadata(each, fields);
        if (vector !== undefined) draft.replaceDocument(each, movedTo(draft, each, vector));
      }
    });
  }

  async deleteVector({ indexName, id }: DeleteVectorParams): Promise<void> {
    await this.deleteVectors({ indexName, ids: [id] });
  }

  /** Removes vectors by their ids, or those that pass a filter, in one commit. */
  async deleteVectors({ indexName, ids, filter }: DeleteVectorsParams): Promise<void> {
    oneOf('ids', ids, filter);
    if (ids?.length === 0) throw new InvalidOptionError('ids', 'There are no ids of what to delete.');
    const where = filter === undefined ? undefined : this.#some(filter, 'filter');
    await write(await this.cell(indexName), (draft) => {
      if (where === undefined) draft.removeDocuments((ids ?? []).map(idIn));
      else draft.removeWhere(where);
    });
  }

  /**
   * Makes a branch of all indexes, in memory: neither side sees what the other writes, though they share what is the same.
   * Time: O(indexes).
   */
  async fork({ id = `${this.id}-branch` }: { readonly id?: string } = {}): Promise<ShardexVector> {
    const bases = new Map<string, ShardexIndex>();
    for (const name of await this.listIndexes()) bases.set(name, (await this.cell(name)).read());
    const indexes = Object.fromEntries([...bases].map(([name, base]) => [name, new CowShardexIndex(base)]));
    const branch = new ShardexVector({
      id,
      indexes,
      ...(this.#recall !== undefined && { recall: this.#recall }),
    });
    branch.#bases = bases;
    return branch;
  }

  /**
   * Takes in what a branch of this store has changed since it was made, or merged the last time; each index in one commit.
   *
   * @throws {@link MergeConflictError} where both sides changed the same vector or field, unless `onConflict` decides; then that
   * index is as it was. {@link InvalidOptionError} for what is no branch.
   */
  async merge(branch: ShardexVector, options: MergeOptions = {}): Promise<void> {
    const bases = branch.#bases;
    if (bases === undefined)
      throw new InvalidOptionError('branch', 'Only what fork() has made can be merged.');
    const merged = new Map(bases);
    for (const name of await branch.listIndexes()) {
      const theirs = (await branch.cell(name)).read();
      const { dimensions, metric } = theirs.config;
      if (!bases.has(name))
        await this.createIndex({
          indexName: name,
          dimension: dimensions,
          metric: metric === 'dot' ? 'dotproduct' : metric,
        });
      const base = bases.get(name);
      await write(await this.cell(name), (draft) => {
        putMerged(draft, theirs, base, options);
      });
      merged.set(name, theirs);
      branch.#bases = new Map(merged);
    }
  }

  /** Closes the stores of a folder; what was given as a cell or store is left open. */
  async close(): Promise<void> {
    if (this.#folder === undefined) return;
    for (const cell of this.#open.values()) await (await cell).close();
    this.#open.clear();
  }

  async #opened(name: string, cell: Promise<Writable>): Promise<Writable> {
    this.#open.set(name, cell);
    try {
      return await cell;
    } catch (error) {
      this.#open.delete(name);
      throw error;
    }
  }

  /** A filter that says of what; one that is empty would be of everything. */
  #some(filter: VectorFilter, name: string): Filter {
    const where = this.#filters.translate(filter);
    if (Object.keys(where).length > 0) return where;
    throw new InvalidOptionError(
      name,
      `${name} is empty, which would be all vectors. Name them by a field, or delete the index.`,
    );
  }
}

/** A found vector, as the caller's own. */
function resultOf(
  index: ShardexIndex,
  documentId: string,
  score: number,
  vector: Float32Array | undefined,
): QueryResult {
  const { text, metadata = {} } = getDocument(index, documentId) ?? {};
  return {
    id: idOut(documentId),
    score,
    metadata: fieldsOut(metadata),
    ...(text !== undefined && { document: text }),
    ...(vector !== undefined && { vector: [...vector] }),
  };
}

function idsOf(draft: IndexDraft, where: Filter): string[] {
  return [...documents(draft.preview(), { where })].map(({ documentId }) => documentId);
}

/** The postings of a document, all at another place; one where it has none. */
function movedTo(draft: IndexDraft, documentId: string, vector: number[]): Posting[] {
  const there = postings(draft.preview(), documentId);
  return there.length === 0 ? [{ documentId, vector }] : there.map((posting) => ({ ...posting, vector }));
}

function oneOf(name: string, given: unknown, filter: unknown): void {
  if ((given === undefined) === (filter === undefined))
    throw new InvalidOptionError(name, `Give either ${name} or a filter.`);
}

function refuseSparse(given: unknown): void {
  if (given !== undefined)
    throw new InvalidOptionError(
      'sparseVectors',
      'There are no sparse vectors here; search keywords beside, and join by fuse().',
    );
}
