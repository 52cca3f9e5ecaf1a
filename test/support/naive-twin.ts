import type { Metric, Posting, PostingKey, SearchResult, StoredPosting } from 'shardex';

/** What the twin needs to know of a configuration; a `ShardexConfig` or `ShardexOptions` will do. */
export interface TwinConfig {
  readonly dimensions: number;
  readonly metric?: Metric;
}

/** What the twin's search takes: as for `search`, less what only says how to look. */
export interface TwinSearchOptions {
  readonly k: number;
  readonly offset?: number;
  readonly maxDistance?: number;
  readonly minScore?: number;
  readonly filter?: (posting: PostingKey, metadata: undefined) => boolean;
  readonly distinct?: 'posting' | 'document';
}

/** What the twin keeps of a document beside its postings. */
export interface TwinRecord {
  readonly text?: string | undefined;
  readonly metadata?: Readonly<Record<string, number>> | undefined;
}

/**
 * The library as it would be if nothing had to be fast: a map of postings, searched from end to end. Too simple to be
 * wrong, it says what the results must be, bit for bit. It shares no code with src, and checks no input.
 */
export class NaiveTwin {
  readonly #config: TwinConfig;
  readonly #postings = new Map<string, StoredPosting>();
  readonly #records = new Map<string, TwinRecord>();

  constructor(config: TwinConfig) {
    this.#config = config;
  }

  /** Adds a posting, or replaces the one with the same key. */
  add(posting: Posting): void {
    const { documentId, start = 0, length = 0, vector } = posting;
    const key = JSON.stringify([documentId, start, length]);
    this.#postings.set(key, { documentId, start, length, vector: Float32Array.from(vector) });
  }

  /** Removes one posting and returns whether it was there. */
  removePosting({ documentId, start = 0, length = 0 }: Omit<Posting, 'vector'>): boolean {
    return this.#postings.delete(JSON.stringify([documentId, start, length]));
  }

  /** Removes a document, with its record, and returns how many postings there were. */
  removeDocument(documentId: string): number {
    this.#records.delete(documentId);
    return this.#removePostings(documentId);
  }

  /** What a document has beside its postings; neither text nor metadata where it has none. */
  record(documentId: string): TwinRecord {
    return this.#records.get(documentId) ?? {};
  }

  /** Gives a document these; nothing stays of it where they are neither. */
  setRecord(documentId: string, { text, metadata }: TwinRecord): void {
    if (text === undefined && metadata === undefined) this.#records.delete(documentId);
    else this.#records.set(documentId, { text, metadata: metadata && { ...metadata } });
  }

  /** All records, by document. */
  records(): ReadonlyMap<string, TwinRecord> {
    return this.#records;
  }

  #removePostings(documentId: string): number {
    let removed = 0;
    for (const [key, posting] of this.#postings) {
      if (posting.documentId !== documentId) continue;
      this.#postings.delete(key);
      removed++;
    }
    return removed;
  }

  replaceDocument(documentId: string, postings: Iterable<Posting>): void {
    this.#removePostings(documentId);
    for (const posting of postings) this.add(posting);
  }

  /** The best postings of all, in the documented total order. */
  search(
    query: ArrayLike<number>,
    { k, offset = 0, maxDistance = Infinity, minScore = 0, filter, distinct }: TwinSearchOptions,
  ): SearchResult[] {
    const rounded = Float32Array.from(query);
    const seen = new Set<string>();
    return [...this.#postings.values()]
      .filter(({ documentId, start, length }) => filter?.({ documentId, start, length }, undefined) ?? true)
      .map((posting) => this.#result(rounded, posting))
      .filter(({ distance, score }) => distance <= maxDistance && score >= minScore)
      .sort((a, b) => a.distance - b.distance || comparePostings(a, b))
      .filter(({ documentId }) => distinct !== 'document' || (!seen.has(documentId) && seen.add(documentId)))
      .slice(offset, offset + k);
  }

  /** The postings of a document, by start, then length. */
  postings(documentId: string): StoredPosting[] {
    return this.all().filter((posting) => posting.documentId === documentId);
  }

  /** All postings, in the order of their keys. The vectors are copies. */
  all(): StoredPosting[] {
    return [...this.#postings.values()]
      .map((posting) => ({ ...posting, vector: posting.vector.slice() }))
      .sort(comparePostings);
  }

  /** The ids of all documents, in order. */
  documentIds(): string[] {
    const placed = [...this.#postings.values()].map(({ documentId }) => documentId);
    return [...new Set([...placed, ...this.#records.keys()])].sort();
  }

  /** How many postings there are. */
  get size(): number {
    return this.#postings.size;
  }

  /** A twin of its own, with the same postings. */
  clone(): NaiveTwin {
    const copy = new NaiveTwin(this.#config);
    for (const [key, posting] of this.#postings) copy.#postings.set(key, posting);
    for (const [documentId, record] of this.#records) copy.setRecord(documentId, record);
    return copy;
  }

  #result(query: Float32Array, { documentId, start, length, vector }: StoredPosting): SearchResult {
    const { metric = 'cosine' } = this.#config;
    const distance = naiveDistance(metric, query, vector);
    return {
      documentId,
      start,
      length,
      score: naiveScore(metric, distance),
      distance,
      ...(metric !== 'euclidean' && { similarity: naiveSimilarity(metric, distance) }),
    };
  }
}

/** The order of keys: documentId by UTF-16 code units, then start, then length. */
export function comparePostings(a: PostingKey, b: PostingKey): number {
  if (a.documentId < b.documentId) return -1;
  if (a.documentId > b.documentId) return 1;
  return a.start - b.start || a.length - b.length;
}

/** A sum over components: four in 64-bit floats, component i going to sum i mod 4, added up as (s0 + s2) + (s1 + s3). */
function naiveSum(count: number, term: (i: number) => number): number {
  const sums = [0, 0, 0, 0];
  for (let i = 0; i < count; i++) sums[i % 4] += term(i);
  return sums[0] + sums[2] + (sums[1] + sums[3]);
}

export function naiveDot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return naiveSum(a.length, (i) => a[i] * b[i]);
}

/** 1 − cos of two vectors; a zero vector has cosine 0 with everything. */
export function naiveCosineDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const product = naiveDot(a, a) * naiveDot(b, b);
  if (product === 0) return 1;
  return 1 - Math.max(-1, Math.min(1, naiveDot(a, b) / Math.sqrt(product)));
}

export function naiveSquaredL2(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return naiveSum(a.length, (i) => (a[i] - b[i]) * (a[i] - b[i]));
}

/** The metric's own distance, as the table of `Metric` has it. Adding 0 turns −0 into 0. */
export function naiveDistance(metric: Metric, a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (metric === 'cosine') return naiveCosineDistance(a, b);
  if (metric === 'euclidean') return Math.sqrt(naiveSquaredL2(a, b));
  return -naiveDot(a, b) + 0;
}

/** The cosine or the product that a distance is of. Adding 0 turns −0 into 0. */
function naiveSimilarity(metric: Metric, distance: number): number {
  return metric === 'cosine' ? 1 - distance : -distance + 0;
}

/** The score of a distance, as the table of `Metric` has it with cos = 1 − distance and a · b = −distance. */
export function naiveScore(metric: Metric, distance: number): number {
  if (metric === 'cosine') return (2 - distance) / 2;
  if (metric === 'euclidean') return 1 / (1 + distance);
  return 1 / (1 + Math.exp(distance));
}
