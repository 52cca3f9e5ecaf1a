// The inside of a draft, which becomes a version in the end. Callers decide what is to change. The whole operations `write`,
// `bury` and `rearrange` keep rows, documents, centroids and counts consistent.
import { countedOn } from '../calibration/calibration.js';
import type { ShardexConfig } from '../config.js';
import { type CentroidTable, withCentroidsInSteps } from '../version/centroid-table.js';
import { Lazy } from '../collections/lazy.js';
import { type Steps, runSteps } from '../collections/steps.js';
import { Digest } from '../collections/digest.js';
import { type Columns, type RowList, digestRows } from '../version/row-block.js';
import { rowsNumbered } from '../version/rows-numbered.js';
import type { Shard, ShardId } from '../version/shard.js';
import { type Segment, appended, buried, compacted, eachLive, rowsFrom } from '../version/shard-rows.js';
import type { ShardexIndex } from '../version/shardex-index.js';
import type { DocumentRecord } from '../documents/record.js';
import { moreDocuments } from '../documents/document-count.js';
import { fieldsAfter } from '../documents/field-indexes.js';
import { RecordsDraft } from '../documents/records-draft.js';
import { budgetFor } from './budget.js';
import { DraftDocuments } from './draft-documents.js';
import { DraftShards, type Drafted, draftOf, finished } from './draft-shards.js';
import type { Part, Rearrangement, Replacement } from './moves.js';
import { resampled } from './resample.js';
import { Routing } from './routing.js';
import { Written } from './written.js';

/** A shard's live rows move to a new block when its dead rows are more than this share of them: a fifth of all (I7). */
const DEAD_SHARE = 0.25;

/** The fields of a version that a draft changes, besides shards, documents and records. */
type Next = Drafted<Pick<ShardexIndex, 'centroids' | 'nextShardId' | 'calibration' | 'churn' | 'owed'>>;

/** The next version while it is being made. */
export class DraftState {
  readonly config: ShardexConfig;
  #next: Next;
  /** Postings written since the last {@link finish}. */
  #written: Written;
  /** Documents that have lost a posting since then, or had one moved: the sample may have lost it too. */
  readonly #doubtful = new Set<string>();
  readonly #origin: ShardexIndex;
  #base: ShardexIndex;
  /**
   * A hash of what is written and buried. Everything else follows from that and from the base, so the fingerprint made of it
   * stands for the whole state (I10).
   */
  #digest = new Digest();
  readonly #shards: DraftShards;
  readonly #documents: DraftDocuments;
  readonly #records: RecordsDraft;
  #routing: Routing | undefined;
  /** Multiplications spent from the budget since the last {@link finish}; see `budgetFor`. */
  #spent = 0;
  /** How many of them splits took. */
  #spentOnSplits = 0;

  constructor(base: ShardexIndex) {
    this.config = base.config;
    this.#origin = base;
    this.#base = base;
    this.#next = nextAfter(base);
    this.#shards = new DraftShards(base);
    this.#documents = new DraftDocuments(base.documents.value, this.#shards);
    this.#records = new RecordsDraft(base.records, base.recordBytes);
    this.#written = writtenAfter(base);
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
    return this.#shards.get(id) as Shard;
  }

  /** Notes rows that are being written. The caller goes on to {@link rearrange} them. Time: O(rows). */
  *write(rows: RowList): Steps<void> {
    yield* digestRows(this.#digest, rows);
    this.#written.add(rows);
  }

  /** Marks matching live rows of a shard as dead; returns how many. Time: O(rows of the shard). */
  bury(id: ShardId, matches: (columns: Columns, row: number, segment: Segment) => boolean): number {
    const dead = new Map<number, number[]>();
    const documentIds = new Set<string>();
    let count = 0;
    let { rows } = this.shard(id);
    eachLive(rows, (columns, row, segment, segmentIndex) => {
      if (!matches(columns, row, segment)) return;
      const inSegment = dead.get(segmentIndex);
      if (inSegment === undefined) dead.set(segmentIndex, [row]);
      else inSegment.push(row);
      this.#digest.add(segmentIndex);
      this.#digest.add(row);
      documentIds.add(columns.ids.at(row));
      count++;
    });
    if (count === 0) return 0;
    this.#digest.add(id);
    // From the last segment on, because a segment without live rows is removed, which shifts those behind it.
    for (const [segmentIndex, inSegment] of [...dead].reverse()) rows = buried(rows, segmentIndex, inSegment);
    if (rows.rowCount - rows.liveCount > DEAD_SHARE * rows.liveCount)
      rows = compacted(rows, this.config.dimensions);
    this.#shards.setRows(id, rows);
    this.#documents.leave(documentIds, id);
    if (this.#base.calibration !== undefined)
      for (const documentId of documentIds) this.#doubtful.add(documentId);
    return count;
  }

  /** Prepares a replacement of shards with its centroid table; changes nothing. */
  *replacement(gone: ReadonlySet<ShardId>, parts: readonly Part[]): Steps<Replacement> {
    const { metric } = this.config;
    return { gone, parts, centroids: yield* withCentroidsInSteps(this.centroids, metric, gone, parts) };
  }

  /** Moves rows between shards, and puts new shards in place of others. Time: O(rows that move · dimensions). */
  *rearrange({ arrivals, leavers, replacement }: Rearrangement): Steps<void> {
    const { dimensions } = this.config;
    const { gone, parts, centroids } = replacement ?? { gone: [], parts: [], centroids: this.centroids };
    for (const [id, leaving] of leavers ?? []) {
      yield;
      if (leaving.size > 0) this.bury(id, (_, row, segment) => leaving.get(segment.block)?.has(row) === true);
    }
    const old = [...gone].map((id) => this.shard(id));
    const fresh = new Map(parts.map((part) => [part.id, part]));
    // If one shard goes, as in most splits, documents leave it as their rows arrive elsewhere.
    const from = old.length === 1 ? old[0].id : undefined;
    for (const [id, { rows, separations }] of arrivals) {
      yield;
      const part = fresh.get(id);
      if (part !== undefined) {
        const shard = { id, centroid: part.centroid, rows: rowsFrom(rows, separations, dimensions) };
        this.#shards.insert(shard, rows.length < part.rows.length);
      } else if (rows.length > 0) {
        this.#shards.setRows(id, appended(this.shard(id).rows, rows, separations, dimensions));
      }
      this.#documents.arrive(rows, id, from);
    }
    // Last, so that no document leaves the documents map only to come back.
    for (const shard of old) {
      this.#documents.drop(shard, from !== undefined);
      this.#shards.delete(shard);
      yield;
    }
    this.#next.centroids = centroids;
  }

  /** Whether anything has changed since the last {@link finish}. */
  get isChanged(): boolean {
    return this.hasChangedShards || this.#records.isChanged;
  }

  /** Whether any shard has changed since the last {@link finish}. */
  get hasChangedShards(): boolean {
    return this.#shards.differFrom(this.#base);
  }

  /** Spends the multiplications of a split, even if fewer are left. */
  spend(cost: number): void {
    this.#spent += cost;
    this.#spentOnSplits += cost;
  }

  /** The multiplications left in the budget. */
  get budgetLeft(): number {
    return Math.max(0, budgetFor(this.config, this.#written.count) - this.#spent);
  }

  /** Spends multiplications if enough are left, or if none were spent: else a large pair might be owed for ever. */
  trySpend(cost: number): boolean {
    if (this.#spent > 0 && this.#spent + cost > budgetFor(this.config, this.#written.count)) return false;
    this.#spent += cost;
    return true;
  }

  get centroids(): CentroidTable {
    return this.#next.centroids;
  }

  /** Pairs of shards that splits have left to compare; see `owed.ts`. */
  get owed(): readonly ShardId[] {
    return this.#next.owed;
  }

  set owed(owed: readonly ShardId[]) {
    this.#next.owed = owed;
  }

  hasShard(id: ShardId): boolean {
    return this.#shards.has(id);
  }

  takeShardId(): ShardId {
    return this.#next.nextShardId++;
  }

  /** Takes the shards that have come to hold more than their capacity since the last call, ascending. */
  takeOverfull(): Shard[] {
    return this.#shards.takeOverfull();
  }

  /** Takes the shards that have lost rows since the last call and are still there, ascending. */
  takeShrunk(): Shard[] {
    return this.#shards.takeShrunk();
  }

  /** Whether a shard holds more than this many times its capacity. */
  hasShardOver(times: number): boolean {
    return this.#shards.hasShardOver(times);
  }

  shardsOfDocument(documentId: string): readonly ShardId[] {
    return this.#documents.shardsOf(documentId);
  }

  /** The shard of each posting of a document, by extent, if that is known; see {@link PostingShards}. */
  shardsByExtent(documentId: string): ReadonlyMap<string, ShardId> | undefined {
    return this.#documents.shardsByExtent(documentId);
  }

  /**
   * Makes a frozen version of the state so far, from which the draft goes on; the base itself if nothing changed (I2).
   * The calibration's sample is renewed here. Time: O(touched shards · log shards), and the looks that are due.
   * @internal
   */
  finish(): ShardexIndex {
    return runSteps(this.finishing());
  }

  /**
   * Makes the version with pauses, in which nothing may be written.
   * @internal
   */
  *finishing(): Steps<ShardexIndex> {
    const shards = yield* this.#shards.finishing();
    const documents = yield* this.#documents.finishing();
    const base = this.#base;
    const before = base.documents.value;
    const { records, bytes, changed } = this.#records.finish();
    const hasChangedShards = shards !== base.shards || documents !== before;
    if (!hasChangedShards && records === base.records) return base;
    if (hasChangedShards) yield* this.#resample(shards);
    const root = draftOf(base);
    Object.assign(root, this.#next);
    root.version = this.#origin.version + 1;
    this.#digest.addText(base.fingerprint);
    root.fingerprint = this.#digest.toString();
    root.shards = shards;
    root.shardCount = shards.size;
    root.postingCount = this.#shards.postingCount;
    root.byteLength = this.#shards.byteLength;
    const documentCount =
      base.documentCount +
      moreDocuments({ placed: before, records: base.records }, { placed: documents, records }, changed);
    root.documentCount = documentCount;
    if (documents !== before) root.documents = Lazy.of(documents);
    root.placedCount = documents.size;
    root.records = records;
    root.fields = fieldsAfter(this.config.indexed, base, { records, documentCount }, () => changed);
    root.recordBytes = bytes;
    root.changed = this.#shards.changes();
    yield* rowsNumbered(base, root);
    this.#doubtful.clear();
    this.#base = finished(root);
    this.#next = nextAfter(this.#base);
    this.#written = writtenAfter(this.#base);
    this.#spent = 0;
    this.#spentOnSplits = 0;
    this.#digest = new Digest();
    return this.#base;
  }

  /** Renews the calibration's sample after what has changed. */
  *#resample(shards: ShardexIndex['shards']): Steps<void> {
    const { config } = this;
    const next = this.#next;
    // Old and written postings that are not there were removed. A replaced one is in both counts, so once in the greater.
    const { postingCount } = this.#shards;
    const removed = this.#written.count + this.#base.postingCount - postingCount;
    const changed = Math.max(this.#written.count, removed);
    next.churn = countedOn(next.churn, changed);
    const { churn, centroids } = next;
    next.calibration = yield* resampled(this.#base.calibration, {
      config,
      shards,
      centroids,
      postingCount,
      churn,
      changed,
      written: this.#written,
      doubtful: this.#doubtful,
      isBusy: this.#spentOnSplits > budgetFor(config, this.#written.count),
      isOwing: next.owed.length > 0,
      nextShardId: next.nextShardId,
      shardsOfDocument: (documentId) => this.shardsOfDocument(documentId),
    });
  }
}

function nextAfter(base: ShardexIndex): Next {
  const { centroids, nextShardId, calibration, churn, owed } = base;
  return { centroids, nextShardId, calibration, churn, owed };
}

function writtenAfter({ postingCount, churn, fingerprint }: ShardexIndex): Written {
  return new Written(postingCount, churn, fingerprint);
}
