// The inside of a draft: an Immer draft of the root and of each touched shard, the maps beside them, and how they
// become a version.
import { Immer } from 'immer';
import type { Map as ImmutableMap } from 'immutable';
import { countedOn } from '../calibration/calibration.js';
import type { ShardexConfig } from '../config.js';
import type { CentroidTable } from '../version/centroid-table.js';
import type { DocumentEntry } from '../version/documents.js';
import { DocumentsDraft } from '../version/documents-draft.js';
import { Lazy } from '../collections/lazy.js';
import { type Steps, runSteps } from '../collections/steps.js';
import { Digest } from '../collections/digest.js';
import { type RowList, columnsOf } from '../version/row-block.js';
import type { Shard, ShardId } from '../version/shard.js';
import { type ShardRows, bytesOf, eachLive } from '../version/shard-rows.js';
import type { ChangedShards, ShardexIndex } from '../version/shardex-index.js';
import { WantedIds } from '../collections/id-column.js';
import type { DocumentRecord } from '../documents/record.js';
import { moreDocuments } from '../documents/document-count.js';
import { fieldsAfter } from '../documents/field-indexes.js';
import { RecordsDraft } from '../documents/records-draft.js';
import { budgetFor } from './budget.js';
import { Places } from './places.js';
import { resampled } from './resample.js';
import { Routing } from './routing.js';
import { Written } from './written.js';

/**
 * An Immer of our own: the default instance can be told by anyone in the process not to freeze, which would break I1.
 * It holds no state but that setting.
 */
const immer = new Immer({ autoFreeze: true });

/**
 * What a version gets that is known beforehand.
 * @internal
 */
type Name = Pick<ShardexIndex, 'version' | 'fingerprint' | 'nextShardId' | 'calibration' | 'churn' | 'owed'>;

/** What an Immer draft of a frozen value looks like here: its fields can be set, what they hold is opaque to Immer. */
type Drafted<T> = { -readonly [K in keyof T]: T[K] };

function draftOf<T extends object>(value: T): Drafted<T> {
  return immer.createDraft(value) as Drafted<T>;
}

function finished<T extends object>(draft: Drafted<T>): T {
  return immer.finishDraft(draft) as T;
}

/**
 * The next version while it is being made: an Immer draft of the root, one of each shard that was touched, a transient
 * copy of the map of shards, and a draft of the map of documents. Immer must not see into the maps (it would mutate
 * their contents in the base), so they stay outside of its draft until {@link finish} puts them in place.
 */
export class DraftState {
  root: Drafted<ShardexIndex>;
  readonly config: ShardexConfig;
  /** Shards that hold more than their capacity, and shards that have lost postings; settled before publishing. */
  readonly overfull = new Set<ShardId>();
  readonly shrunk = new Set<ShardId>();
  /** Postings written since the last {@link finish}. */
  written: Written;
  /** The documents that have lost a posting since then, or had one moved, where there is a sample that may have lost it. */
  readonly #doubtful = new Set<string>();
  readonly #places = new Places();
  readonly #origin: ShardexIndex;
  #base: ShardexIndex;
  #digest = new Digest();
  readonly #changed = new Set<ShardId>();
  #shards: ImmutableMap<ShardId, Shard>;
  readonly #documents: DocumentsDraft;
  readonly #records: RecordsDraft;
  readonly #touched = new Map<ShardId, Drafted<Shard>>();
  #routing: Routing | undefined;
  /** Of what it may do beyond its own changes since the last {@link finish}. */
  #spent = 0;

  constructor(base: ShardexIndex) {
    this.config = base.config;
    this.#origin = base;
    this.#base = base;
    this.root = draftOf(base);
    this.#shards = base.shards;
    this.#documents = new DocumentsDraft(base.documents.value);
    this.#records = new RecordsDraft(base.records, base.recordBytes);
    this.written = writtenAfter(base);
  }

  /**
   * Takes note of what is written or buried: everything else that happens follows from that and from the base, so that
   * the fingerprint made of it stands for the whole state (I10).
   */
  get digest(): Digest {
    return this.#digest;
  }

  get routing(): Routing {
    return (this.#routing ??= new Routing(this.config));
  }

  hasDocument(documentId: string): boolean {
    return this.#documents.has(documentId) || this.record(documentId) !== undefined;
  }

  record(documentId: string): DocumentRecord | undefined {
    return this.#records.get(documentId);
  }

  /** Whether no document has a record. */
  get hasNoRecords(): boolean {
    return this.#records.isEmpty;
  }

  /** Gives a document another record, or none. No shard is touched. */
  setRecord(documentId: string, record: DocumentRecord | undefined): void {
    this.#records.set(documentId, record, this.#digest);
  }

  shard(id: ShardId): Shard {
    return this.#touched.get(id) ?? (this.#shards.get(id) as Shard);
  }

  /** Gives a shard other rows. The first touch of a shard makes its Immer draft; nothing else is copied (I4). */
  setRows(id: ShardId, rows: ShardRows): void {
    let draft = this.#touched.get(id);
    if (draft === undefined) {
      draft = draftOf(this.#shards.get(id) as Shard);
      this.#touched.set(id, draft);
      this.#changed.add(id);
    }
    const before = draft.rows;
    this.root.postingCount += rows.liveCount - before.liveCount;
    this.root.byteLength += bytesOf(rows) - bytesOf(before);
    draft.rows = rows;
    if (rows.liveCount > this.config.shardCapacity) this.overfull.add(id);
    if (rows.liveCount < before.liveCount) this.shrunk.add(id);
  }

  /** Whether anything has changed since the last {@link finish}. */
  get isChanged(): boolean {
    return this.#touched.size > 0 || this.#shards !== this.#base.shards;
  }

  /** Spends multiplications on comparing rows with new centroids, unless the budget for that is used up. */
  spends(cost: number): boolean {
    if (this.#spent > 0 && this.#spent + cost > budgetFor(this.config, this.written.count)) return false;
    this.#spent += cost;
    return true;
  }

  get centroids(): CentroidTable {
    return this.root.centroids;
  }

  setCentroids(centroids: CentroidTable): void {
    this.root.centroids = centroids;
  }

  hasShard(id: ShardId): boolean {
    return this.#shards.has(id);
  }

  takeShardId(): ShardId {
    return this.root.nextShardId++;
  }

  /** Puts in a shard, in place of the one of its id, if any; the centroid table is the caller's to keep in step. */
  insertShard(shard: Shard): void {
    const { id, rows } = shard;
    const before = this.hasShard(id) ? this.shard(id).rows : undefined;
    this.#touched.delete(id);
    this.shrunk.delete(id);
    this.#shards = this.#ownShards().set(id, Object.freeze(shard));
    this.#changed.add(id);
    this.root.postingCount += rows.liveCount - (before?.liveCount ?? 0);
    this.root.byteLength += bytesOf(rows) - (before === undefined ? 0 : bytesOf(before));
    if (rows.liveCount > this.config.shardCapacity) this.overfull.add(id);
    else this.overfull.delete(id);
  }

  /** Takes a shard out; likewise. */
  deleteShard(id: ShardId): void {
    const { rows } = this.shard(id);
    this.root.postingCount -= rows.liveCount;
    this.root.byteLength -= bytesOf(rows);
    this.#touched.delete(id);
    this.#changed.add(id);
    this.#shards = this.#ownShards().delete(id);
    this.overfull.delete(id);
    this.shrunk.delete(id);
  }

  setDocument(documentId: string, entry: DocumentEntry | undefined): void {
    this.#documents.set(documentId, entry);
  }

  /** Notes that a shard holds the documents of these rows. */
  addToDocuments(rows: RowList, shard: ShardId): void {
    for (let i = 0; i < rows.length; i++) {
      const columns = columnsOf(rows.blocks[i]);
      this.#documents.note(columns.ids.at(rows.rows[i]), shard);
      this.#places.note(columns, rows.rows[i], shard);
    }
  }

  /** The same, where these rows come from a shard that is going, or are new. */
  moveInDocuments(rows: RowList, from: ShardId, to: ShardId): void {
    for (let i = 0; i < rows.length; i++) {
      const columns = columnsOf(rows.blocks[i]);
      this.#documents.move(columns.ids.at(rows.rows[i]), from, to);
      this.#places.note(columns, rows.rows[i], to);
    }
  }

  /** Notes that a shard, which is going, holds the documents of these rows no more. */
  removeFromDocuments(rows: RowList, shard: ShardId): void {
    for (let i = 0; i < rows.length; i++) {
      this.#documents.drop(columnsOf(rows.blocks[i]).ids.at(rows.rows[i]), shard);
    }
  }

  /** Notes which of these documents have no live row left in a shard, or no shard. Time: O(rows of the shard). */
  dropFromDocuments(documentIds: ReadonlySet<string>, shard: ShardId): void {
    const gone = new Set(documentIds);
    if (this.hasShard(shard)) {
      const wanted = new WantedIds(gone);
      eachLive(this.shard(shard).rows, (columns, row) => {
        const stays = wanted.idAt(columns.ids, row);
        if (stays !== undefined) gone.delete(stays);
        return gone.size === 0;
      });
    }
    for (const documentId of gone) this.#documents.drop(documentId, shard);
  }

  /** Takes note of documents that postings were buried of. */
  doubt(documentIds: Iterable<string>): void {
    if (this.#base.calibration === undefined) return;
    for (const documentId of documentIds) this.#doubtful.add(documentId);
  }

  shardsOfDocument(documentId: string): readonly ShardId[] {
    return this.#documents.shardsOf(documentId);
  }

  /** The shards of a document's postings by their places, where that is known; see {@link Places}. */
  placesOf(documentId: string): ReadonlyMap<string, ShardId> | undefined {
    return this.#places.of(documentId, () =>
      this.shardsOfDocument(documentId).map((shard) => this.shard(shard)),
    );
  }

  /**
   * The state so far as a frozen version: the base itself when nothing changed (I2). The draft goes on from there.
   * With a name given, it gets that one instead of the next number and a fingerprint of its own, and the calibration
   * that goes with it. Otherwise a calibration that is due is made here, as part of the change that makes it due.
   * Time: O(touched shards · log shards).
   * @internal
   */
  finish(name?: Name): ShardexIndex {
    return runSteps(this.finishing(name));
  }

  /**
   * The same with pauses, in which nothing may be written.
   * @internal
   */
  *finishing(name?: Name): Steps<ShardexIndex> {
    for (const [id, draft] of this.#touched) {
      this.#shards = this.#ownShards().set(id, finished(draft));
      this.#touched.delete(id);
      yield;
    }
    // Immutable.js calls a transient map immutable too; only asImmutable() ends its mutability.
    this.#shards = this.#shards.asImmutable();
    const documents = yield* this.#documents.finishing();
    const before = this.#base.documents.value;
    const { records, bytes, changed } = this.#records.finish();
    const hasOtherPostings = this.#shards !== this.#base.shards || documents !== before;
    if (!hasOtherPostings && records === this.#base.records && name === undefined) return this.#base;
    const { root } = this;
    const { records: recordsBefore } = this.#base;
    root.documentCount += moreDocuments(
      { placed: before, records: recordsBefore },
      { placed: documents, records },
      changed,
    );
    root.placedCount = documents.size;
    root.records = records;
    root.fields = fieldsAfter(root.config.indexed, this.#base.fields, records, () => changed);
    root.recordBytes = bytes;
    root.version = this.#origin.version + 1;
    this.#digest.addText(this.#base.fingerprint);
    root.fingerprint = this.#digest.toString();
    root.shards = this.#shards;
    if (documents !== before) root.documents = Lazy.of(documents);
    if (name !== undefined) Object.assign(root, name);
    else if (hasOtherPostings) yield* this.#resample();
    this.#doubtful.clear();
    root.changed = this.#changes();
    root.shardCount = this.#shards.size;
    this.#base = finished(root);
    this.root = draftOf(this.#base);
    this.written = writtenAfter(this.#base);
    this.#spent = 0;
    this.#digest = new Digest();
    return this.#base;
  }

  /** Keeps the sample that searches by recall go by up with what has changed. */
  *#resample(): Steps<void> {
    const { root, config } = this;
    // What was removed is what is missing of what there was and what was written. What is replaced counts once.
    const removed = this.written.count + this.#base.postingCount - root.postingCount;
    const changed = Math.max(this.written.count, removed);
    root.churn = countedOn(root.churn, changed);
    const { postingCount, churn, centroids } = root;
    root.calibration = yield* resampled(this.#base.calibration, {
      config,
      shards: this.#shards,
      centroids,
      postingCount,
      churn,
      changed,
      written: this.written,
      doubtful: this.#doubtful,
      shardsOfDocument: (documentId) => this.shardsOfDocument(documentId),
    });
  }

  #changes(): ChangedShards {
    const differs = (id: ShardId): boolean => this.#origin.shards.get(id) !== this.#shards.get(id);
    const ids = [...this.#changed].filter(differs).sort((a, b) => a - b);
    return Object.freeze({ since: this.#origin.fingerprint, ids: Object.freeze(ids) });
  }

  #ownShards(): ImmutableMap<ShardId, Shard> {
    return (this.#shards = this.#shards.asMutable());
  }
}

function writtenAfter({ postingCount, churn, fingerprint }: ShardexIndex): Written {
  return new Written(postingCount, churn, fingerprint);
}
