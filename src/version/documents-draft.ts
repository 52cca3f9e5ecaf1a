// The documents map of a version in the making.
import { WantedIds } from '../collections/id-column.js';
import { Lazy } from '../collections/lazy.js';
import { type Steps, runSteps } from '../collections/steps.js';
import {
  type DocumentEntry,
  type Documents,
  noDocuments,
  shardsOf,
  withShard,
  withoutShard,
} from './documents.js';
import type { Shard, ShardId } from './shard.js';
import type { ShardexIndex } from './shardex-index.js';
import { eachLive } from './shard-rows.js';
import { StringMapDraft } from '../collections/string-map.js';
import { sameNumbers } from '../collections/text-bucket.js';

/** The shards of a document in so many or more are a set while they change. */
const MANY_SHARDS = 8;

/** Entries written back in one step. */
const ENTRIES = 64;

/**
 * The documents of a version in the making.
 *
 * An entry is written as a whole, so changing S shards of a document one by one would take O(S²). The shards of a long
 * document are a set until the draft is finished.
 */
export class DocumentsDraft {
  readonly #map: StringMapDraft;
  readonly #long = new Map<string, Set<ShardId>>();

  constructor(base: Documents) {
    this.#map = new StringMapDraft(base);
  }

  has(documentId: string): boolean {
    return this.#long.has(documentId) || this.#map.get(documentId) !== undefined;
  }

  /** The shards of a document, ascending; none for an unknown one. */
  shardsOf(documentId: string): readonly ShardId[] {
    const long = this.#long.get(documentId);
    return long === undefined ? shardsOf(this.#map.get(documentId)) : ascending(long);
  }

  set(documentId: string, entry: DocumentEntry | undefined): void {
    this.#long.delete(documentId);
    this.#map.set(documentId, entry);
  }

  /** Notes that a shard holds a document. Time: O(log documents), amortised. */
  note(documentId: string, shard: ShardId): void {
    const entry = this.#opened(documentId);
    if (entry instanceof Set) {
      entry.add(shard);
      return;
    }
    const next = withShard(entry, shard);
    if (next !== entry) this.#map.set(documentId, next);
  }

  /** Notes that a shard no longer holds a document. Time: O(log documents), amortised. */
  drop(documentId: string, shard: ShardId): void {
    const entry = this.#opened(documentId);
    if (entry instanceof Set) {
      entry.delete(shard);
      if (entry.size === 0) this.set(documentId, undefined);
      return;
    }
    const next = withoutShard(entry, shard);
    if (next !== entry) this.#map.set(documentId, next);
  }

  /** Notes that all postings of a document in one shard moved to another. Time: O(log documents), amortised. */
  move(documentId: string, from: ShardId, to: ShardId): void {
    const entry = this.#opened(documentId);
    if (entry instanceof Set) {
      entry.delete(from);
      entry.add(to);
      return;
    }
    const next = withShard(withoutShard(entry, from), to);
    if (!sameNumbers(next, entry)) this.#map.set(documentId, next);
  }

  /** The documents so far; the same value if nothing changed. The draft can go on from there. */
  finish(): Documents {
    return runSteps(this.finishing());
  }

  /** As {@link finish}, with pauses in which nothing may change. */
  *finishing(): Steps<Documents> {
    let pause = ENTRIES;
    for (const [documentId, shards] of this.#long) {
      const list = ascending(shards);
      const entry = list.length === 1 ? list[0] : list;
      if (!sameNumbers(this.#map.get(documentId), entry)) this.#map.set(documentId, entry);
      if (--pause > 0) continue;
      yield;
      pause = ENTRIES;
    }
    this.#long.clear();
    return yield* this.#map.finishing();
  }

  /** The shards of a document, as a set if they are many. */
  #opened(documentId: string): DocumentEntry | Set<ShardId> | undefined {
    const long = this.#long.get(documentId);
    if (long !== undefined) return long;
    const entry = this.#map.get(documentId);
    if (typeof entry !== 'object' || entry.length < MANY_SHARDS) return entry;
    const shards = new Set(entry);
    this.#long.set(documentId, shards);
    return shards;
  }
}

/** Makes the documents map of some shards from their rows. Time: O(rows · log rows). */
export function documentsIn(shards: Iterable<Shard>): Documents {
  return runSteps(documentsInSteps(shards));
}

/** The documents map of some shards, made when it is first asked for. Keeps nothing else alive. */
export function documentsLater(shards: ShardexIndex['shards']): Lazy<Documents> {
  return new Lazy(() => documentsIn(shards.values()));
}

/** The same, shard by shard; with `only`, of no other documents. */
export function* documentsInSteps(shards: Iterable<Shard>, only?: ReadonlySet<string>): Steps<Documents> {
  const documents = new DocumentsDraft(noDocuments());
  const wanted = only && new WantedIds(only);
  for (const { id, rows } of shards) {
    eachLive(rows, ({ ids }, row) => {
      const documentId = wanted === undefined ? ids.at(row) : wanted.idAt(ids, row);
      if (documentId !== undefined) documents.note(documentId, id);
    });
    yield;
  }
  return yield* documents.finishing();
}

function ascending(shards: ReadonlySet<ShardId>): readonly ShardId[] {
  return Object.freeze([...shards].sort((a, b) => a - b));
}
