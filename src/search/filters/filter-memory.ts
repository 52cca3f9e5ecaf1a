/*
 * What searches with filters keep of a lineage in a thread: of each version the rows that passed the last filters. Versions hold
 * what is theirs, so that this keeps nothing alive (I8).
 */
import { Map as ImmutableMap } from 'immutable';
import type { ShardexConfig } from '../../config.js';
import type { ParsedFilter } from '../../documents/filter/parse.js';
import { changedShards } from '../../version/changed-shards.js';
import { entryOf, shardsOf } from '../../version/documents.js';
import { numberRows } from '../../version/rows-numbered.js';
import type { Shard, ShardId } from '../../version/shard.js';
import { ShardRows } from '../../version/shard-rows.js';
import type { Searchable } from '../../version/searchable.js';
import { type Directory, newDirectory } from '../memory/directory.js';
import { type MatchingDocuments, matchingAfter, matchingDocuments } from './matching-documents.js';
import { type MatchingRows, matchingRows, matchingRowsAfter } from './matching-rows.js';
import { type PackedRows, packRows, packedBytes, repackRows } from './packed-rows.js';

/** Filters whose rows are kept of a version; of more, those that were not asked for longest are found again. */
const MOST_FILTERS = 32;

/** Bytes of copies of rows, of one filter and of all of a version. */
const MOST_COPIED = 8 * 2 ** 20;
const MOST_COPIED_TOGETHER = 4 * MOST_COPIED;

/** The rows of a version that pass a filter. */
export class FilteredRows {
  readonly documents: MatchingDocuments;
  readonly rows: MatchingRows;
  readonly #dimensions: number;
  #directory: Directory | undefined;
  #packed: PackedRows | undefined;
  #asShard: ImmutableMap<ShardId, Shard> | undefined;
  #isKnown = false;

  constructor(
    dimensions: number,
    documents: MatchingDocuments,
    rows: MatchingRows,
    directory?: Directory,
    packed?: PackedRows,
  ) {
    this.#dimensions = dimensions;
    this.documents = documents;
    this.rows = rows;
    this.#directory = directory;
    this.#packed = packed;
  }

  /** The directory of its shards. */
  get directory(): Directory {
    return (this.#directory ??= newDirectory(this.rows));
  }

  /** Whether its rows are few enough to be copied side by side. */
  get isFew(): boolean {
    return packedBytes(this.rows.rowCount, this.#dimensions) <= MOST_COPIED;
  }

  /** Bytes of its copies. */
  get byteLength(): number {
    return this.#packed?.segment.block.byteLength ?? 0;
  }

  /**
   * Its rows for a search that measures all of them: where they lie at first, and from the second time on side by side, as if
   * they were of one shard. A filter that is asked for once is not worth the copies.
   */
  get packed(): ImmutableMap<ShardId, Shard> {
    const { shards, rowCount } = this.rows;
    const isFirst = this.#packed === undefined && !this.#isKnown;
    this.#isKnown = true;
    if (rowCount === 0 || isFirst) return shards;
    this.#packed ??= packRows(shards, rowCount, this.#dimensions);
    return (this.#asShard ??= asShard(this.#packed, shards.first() as Shard));
  }

  /**
   * The same for another version in which some shards have other rows, or any of them. This one gives its directory away.
   */
  after(
    documents: MatchingDocuments,
    rows: MatchingRows,
    changed: readonly ShardId[] | undefined,
  ): FilteredRows {
    const directory = changed && this.#directory;
    this.#directory = undefined;
    for (const id of changed ?? []) directory?.put(id, rows.shards.get(id));
    const packed = changed && this.#packed && repackRows(this.#packed, rows.shards, changed, rows.rowCount);
    const next = new FilteredRows(this.#dimensions, documents, rows, directory, packed);
    next.#isKnown = true;
    return next;
  }
}

/** Rows side by side as a map of one shard, in the place of any of theirs: nobody asks how far its centroid is. */
function asShard({ segment }: PackedRows, { id, centroid }: Shard): ImmutableMap<ShardId, Shard> {
  return ImmutableMap([[id, Object.freeze({ id, centroid, rows: new ShardRows([segment]) })]]);
}

/** What is kept of a lineage. */
class FilterMemory {
  /** Of each version by the texts of filters, the one asked for last at the end. */
  readonly #kept = new WeakMap<Searchable, Map<string, FilteredRows>>();
  /** The version that a filter was last asked for of. */
  readonly #last = new Map<string, WeakRef<Searchable>>();

  /** About how many bytes it takes. */
  get byteLength(): number {
    let bytes = 0;
    for (const [text, version] of this.#last) bytes += this.#known(version.deref(), text)?.byteLength ?? 0;
    return bytes;
  }

  /** The rows of a version that pass a filter. */
  of(index: Searchable, filter: ParsedFilter): FilteredRows {
    const { text } = filter;
    let kept = this.#kept.get(index);
    if (kept === undefined) this.#kept.set(index, (kept = new Map<string, FilteredRows>()));
    const found = kept.get(text) ?? this.#fromLast(index, filter) ?? this.#find(index, filter);
    kept.delete(text);
    kept.set(text, found);
    evict(kept);
    this.#last.delete(text);
    this.#last.set(text, new WeakRef(index));
    for (const oldest of this.#last.keys()) {
      if (this.#last.size <= MOST_FILTERS) break;
      this.#last.delete(oldest);
    }
    return found;
  }

  #known(index: Searchable | undefined, text: string): FilteredRows | undefined {
    return index && this.#kept.get(index)?.get(text);
  }

  #find(index: Searchable, filter: ParsedFilter): FilteredRows {
    numberRows(index);
    const { numbers } = index.fields.value;
    const documents = matchingDocuments(index, filter);
    const rows = matchingRows(index.shards, documents.set, numbers);
    return new FilteredRows(index.config.dimensions, documents, rows);
  }

  /** From those of the version that the filter was asked for of last, where that is still there. */
  #fromLast(index: Searchable, filter: ParsedFilter): FilteredRows | undefined {
    const before = this.#last.get(filter.text)?.deref();
    const known = this.#known(before, filter.text);
    // A part of a version does not have the shards of the others.
    if (
      before === undefined ||
      known === undefined ||
      before.whole !== undefined ||
      index.whole !== undefined
    )
      return undefined;
    const { numbers } = index.fields.value;
    if (before.fields.value.numbers !== numbers) return undefined;
    const shards = new Set(changedShards(before, index));
    numberRows(index);
    const changed = matchingAfter(before, known.documents, index, filter);
    if (changed === undefined) return undefined;
    const { matching, flipped } = changed;
    const places = index.documents;
    // Where its documents are a replica may not know yet; then all shards are gone through.
    if (flipped.length > 0 && !places.isMade)
      return known.after(matching, matchingRows(index.shards, matching.set, numbers), undefined);
    for (const n of flipped) for (const id of shardsOf(entryOf(places.value, numbers.ids[n]))) shards.add(id);
    const rows = matchingRowsAfter(known.rows, index.shards, shards, matching.set, numbers);
    return known.after(matching, rows, [...shards]);
  }
}

/** Lets go of the filters that were not asked for longest, but never of the last one. */
function evict(kept: Map<string, FilteredRows>): void {
  let bytes = 0;
  for (const { byteLength } of kept.values()) bytes += byteLength;
  for (const [text, { byteLength }] of kept) {
    if (kept.size <= 1 || (kept.size <= MOST_FILTERS && bytes <= MOST_COPIED_TOGETHER)) return;
    kept.delete(text);
    bytes -= byteLength;
  }
}

const memories = new WeakMap<ShardexConfig, FilterMemory>();

/** The rows of a version that pass a filter, made on first use, and for the next version from what has changed. */
export function filteredRows(index: Searchable, filter: ParsedFilter): FilteredRows {
  let memory = memories.get(index.config);
  if (memory === undefined) memories.set(index.config, (memory = new FilterMemory()));
  return memory.of(index, filter);
}

/** About how many bytes searches with filters keep of a lineage. */
export function filterBytes(config: ShardexConfig): number {
  return memories.get(config)?.byteLength ?? 0;
}

/** Forgets what they keep. */
export function dropFilters(config: ShardexConfig): void {
  memories.delete(config);
}
