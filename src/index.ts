/**
 * In-memory vector search with immutable snapshots: an IVF index whose readers never wait and never see half an update.
 *
 * @packageDocumentation
 */
export type { Metric, ShardexConfig, ShardexOptions, SlopFactor } from './config.js';
export { type ApplyOptions, applyDelta } from './delta/apply.js';
export { diff, invertDelta } from './delta/between.js';
export { composeDeltas } from './delta/compose.js';
export { type Commit, updateWithDelta } from './delta/commit.js';
export { decodeDelta } from './delta/decode.js';
export { recordChanges } from './delta/read-records.js';
export { type ChangedDocumentRecord, type Delta, type VersionId, writtenPostings } from './delta/delta.js';
export { encodeDelta } from './delta/encode.js';
export type { DocumentChanges } from './delta/ledger.js';
export { merge, type MergeOptions, type Resolution, type ResolvedField } from './delta/merge.js';
export type { FieldFilter, Filter, Operators } from './documents/filter/filter.js';
export {
  AsyncRecipeError,
  CellClosedError,
  type ConflictDetails,
  ConfigError,
  ConflictError,
  DeltaMismatchError,
  InvalidDeltaError,
  InvalidFilterError,
  InvalidIndexError,
  InvalidMetadataError,
  InvalidOptionError,
  InvalidPostingError,
  InvalidVectorError,
  type MergeConflict,
  MergeConflictError,
  PinReleasedError,
  PoolClosedError,
  PortClosedError,
  type PostingKey,
  type RecordConflict,
  type RecordField,
  ResourceExhaustedError,
  ShardexError,
  type ShardexErrorCode,
  type StoreErrorCode,
  VersionNotKeptError,
  WorkerFailedError,
  WriterClosedError,
} from './errors.js';
export type { AsyncRecipe, UpdateAsyncOptions } from './cell/async-update.js';
export { CowShardexIndex, type CowShardexIndexOptions } from './cell/cow-shardex-index.js';
export { followTexts, type TextIndex } from './cell/follow-texts.js';
export type { HeldPin, HeldVersion } from './cell/held.js';
export type { HeldOptions } from './cell/held-warning.js';
export type { HistoryOptions } from './cell/history.js';
export type { CommitOptions, IndexWriter } from './cell/index-writer.js';
export type { IngestOptions, IngestProgress, Source } from './cell/ingest/ingest.js';
export type { CellMetrics, Timing } from './cell/metrics.js';
export type { Pin, PinOptions } from './cell/pin.js';
export type { ChangesOptions, ReadableCell, SubscribeOptions, WaitForOptions } from './cell/readable-cell.js';
export type { CommitListener, ListenerErrorHandler } from './cell/watchers.js';
export { cacheBytes, type CacheOptions, configureCache, dropCaches } from './search/memory/cache.js';
export {
  compareSearch,
  type MovedResult,
  type RankedResult,
  type SearchComparison,
} from './search/compare.js';
export {
  compareEvaluations,
  type EvaluationComparison,
  type MeasureChange,
  type QueryChange,
} from './search/evaluation/compare-evaluations.js';
export {
  evaluate,
  type EvaluateOptions,
  type Evaluation,
  type Judgment,
  type Measures,
  type QueryEvaluation,
} from './search/evaluation/evaluate.js';
export { evaluationTable } from './search/evaluation/evaluation-table.js';
export { fuse, type Fused, type FuseOptions } from './search/fuse.js';
export { type DistantHit, mergeHits, type MergeHitsOptions } from './search/merge-hits.js';
export { type MeasuredRecall, measureRecall, type MeasureOptions } from './search/measure-recall.js';
export { mmr, type MmrOptions } from './search/mmr.js';
export { type SearchOptions } from './search/options.js';
export {
  type Expectation,
  type ExplainedSearch,
  type Explanation,
  type FilterExplanation,
  search,
  searchExplained,
  searchMany,
  type SearchResult,
} from './search/search.js';
export { type ExplainedSimilar, similar, similarExplained } from './search/similar.js';
export { answerSearches } from './threads/pool/answer-searches.js';
export type { Port, PortEvent } from './threads/port/port.js';
export {
  openRemoteWriter,
  type RemoteWriter,
  type RemoteWriterOptions,
} from './threads/replicas/remote-writer.js';
export { openReplica, type Replica, type ReplicaOptions } from './threads/replicas/replica.js';
export {
  type ReplicaService,
  type ReplicaStatus,
  serveReplicas,
  type ServeOptions,
} from './threads/replicas/serve-replicas.js';
export {
  type PoolAnswer,
  type PoolSearchOptions,
  SearchPool,
  type SearchPoolOptions,
  type SplitOptions,
} from './threads/pool/search-pool.js';
export type { Thread } from './threads/port/thread.js';
export type { MetadataRecipe } from './documents/edit-metadata.js';
export type {
  DeepReadonly,
  DocumentRecord,
  FrozenMetadata,
  JsonValue,
  Metadata,
  MetadataPath,
} from './documents/record.js';
export type { DocumentInput, NamedDocument } from './documents/take-document.js';
export type { RemoteCommit } from './threads/replicas/writer-session.js';
export type { CalibrationSummary } from './calibration/summary.js';
export { distance } from './version/distance.js';
export type { DocumentPosting, NumberArray, Posting, StoredPosting, VectorInput } from './version/posting.js';
export type { KeyInput } from './version/posting-key.js';
export { contentId } from './inspect/content-id.js';
export { count, documents, type DocumentsOptions, type FoundDocument } from './inspect/find.js';
export { getDocuments, snippet, type SnippetOptions } from './inspect/read-documents.js';
export { documentIds, getDocument, getPosting, hasDocument, postings } from './inspect/read.js';
export type { RowBlock } from './version/row-block.js';
export type { Centroid, Shard, ShardId } from './version/shard.js';
export type { Segment, ShardRows } from './version/shard-rows.js';
export type { ShardexIndex } from './version/shardex-index.js';
export { type ShardSizes, type Statistics, statistics } from './inspect/statistics.js';
export { verify, type Verification, type VerifyOptions, type Violation } from './inspect/verify.js';
export type { WhereRecipe } from './write/edited-where.js';
export type { IndexDraft } from './write/index-draft.js';
export { createIndex, type Recipe, update } from './write/update.js';
