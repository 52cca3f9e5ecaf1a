// A plugin for TypeDoc: puts what the library exports under the task that it serves, shows options in place, and links
// invariants to the page that states them.
// It fails where an export has no task, or a task names what is not exported.
import { CommentTag, Converter, ReflectionKind } from 'typedoc';

/** Every export, by task; the order of the tasks is `groupOrder` in typedoc.json. */
const TASKS = {
  'Make and read': `createIndex postings getPosting hasDocument documentIds statistics verify contentId ShardexIndex ShardexOptions
    ShardexConfig Metric SlopFactor Posting PostingKey StoredPosting DocumentPosting VectorInput NumberArray KeyInput
    Statistics ShardSizes VerifyOptions Verification Violation`,
  'Documents and filters': `getDocument getDocuments documents count snippet Filter FieldFilter Operators DocumentInput
    NamedDocument DocumentRecord Metadata FrozenMetadata DeepReadonly JsonValue MetadataPath MetadataRecipe WhereRecipe
    DocumentsOptions FoundDocument SnippetOptions`,
  Search: `search searchMany searchExplained similar similarExplained mmr fuse mergeHits compareSearch measureRecall evaluate
    compareEvaluations evaluationTable distance configureCache cacheBytes dropCaches SearchOptions SearchResult ExplainedSearch
    ExplainedSimilar Explanation FilterExplanation Expectation MeasureOptions MeasuredRecall CacheOptions CalibrationSummary
    MmrOptions FuseOptions Fused MergeHitsOptions DistantHit SearchComparison RankedResult MovedResult EvaluateOptions Judgment
    Measures Evaluation QueryEvaluation EvaluationComparison MeasureChange QueryChange`,
  Write: `update Recipe IndexDraft CowShardexIndex CowShardexIndexOptions ReadableCell IndexWriter CommitOptions
    AsyncRecipe UpdateAsyncOptions IngestOptions IngestProgress Source CellMetrics Timing`,
  Watch: `followTexts TextIndex Commit CommitListener ListenerErrorHandler SubscribeOptions ChangesOptions WaitForOptions`,
  'Keep versions': `Pin PinOptions HistoryOptions HeldVersion HeldPin HeldOptions`,
  'Branch and sync': `diff merge applyDelta updateWithDelta composeDeltas invertDelta encodeDelta decodeDelta
    writtenPostings recordChanges Delta ChangedDocumentRecord DocumentChanges VersionId ApplyOptions MergeOptions Resolution ResolvedField`,
  'Keep an index': `openStore openFollower Store Follower FollowerOptions FollowerMetrics PendingCommit TransactionOptions VersionedCell StoreOptions StoreWriter WriteOptions StoreUpdateAsyncOptions
    StoreIngestOptions Outcome StoreMetrics CheckpointCost KeepOptions LoadOptions LogEntry LogOptions Branch ForkOptions
    BranchMergeOptions`,
  'Logs in Postgres': `postgresLog migratePostgres postgresSchema PostgresLogOptions MigrateOptions PostgresSchemaOptions
    PostgresPool PostgresPoolClient PostgresClient PostgresQuery PostgresAnswer`,
  'Spans and metrics': `traceStore traceLog traceSearch TelemetryOptions TraceSearchOptions`,
  'Logs of a store': `sqliteLog SqliteLogOptions SqliteDriver SqliteDatabase SqliteStatement SqlValue indexedDbLog memoryLog
    CommitLog Appended AppendedWithin BranchSummary Checkpoint Entry EntrySummary Forked Head LoggedEntry LoggedHead OpenedLog
    ReadOptions`,
  'Look at it': `explore Explorer ExploreOptions`,
  Threads: `serveReplicas openReplica openRemoteWriter answerSearches SearchPool SearchPoolOptions PoolSearchOptions
    SplitOptions PoolAnswer ServeOptions ReplicaService ReplicaStatus Replica ReplicaOptions RemoteWriter
    RemoteWriterOptions RemoteCommit Port PortEvent Thread`,
  'Parts of a version': `Shard ShardId Centroid ShardRows Segment RowBlock`,
  Errors: `ShardexError ShardexErrorCode StoreErrorCode AsyncRecipeError CellClosedError ConfigError ConflictError
    ConflictDetails DeltaMismatchError InvalidDeltaError InvalidFilterError InvalidIndexError InvalidMetadataError
    InvalidOptionError InvalidPostingError InvalidVectorError MergeConflictError MergeConflict RecordConflict RecordField
    PinReleasedError PoolClosedError PortClosedError ResourceExhaustedError VersionNotKeptError WorkerFailedError
    WriterClosedError`,
  'Errors of a store': `CommitUnknownError CorruptLogError LogBusyError LogClosedError LogFailedError LogForkedError
    LogFormatError LogFullError MissingSqliteError NoBranchError OptionsMismatchError TrimmedError UnansweredError`,
};

/**
 * Where exports come from, by task or by name, if not from the package itself.
 *
 * @type {Record<string, string | undefined>}
 */
const ENTRIES = {
  'Keep an index': 'shardex/store',
  'Logs of a store': 'shardex/store',
  'Errors of a store': 'shardex/store',
  indexedDbLog: 'shardex/indexeddb',
  'Logs in Postgres': 'shardex/postgres',
  'Look at it': 'shardex/explore',
  'Spans and metrics': 'shardex/opentelemetry',
};

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    const tasks = new Map(
      Object.entries(TASKS).flatMap(([task, names]) => names.split(/\s+/).map((name) => [name, task])),
    );
    for (const child of project.children ?? []) {
      const task = tasks.get(child.name);
      if (task === undefined)
        app.logger.error(`${child.name} has no task; add it to scripts/typedoc/tasks.mjs.`);
      tasks.delete(child.name);
      const entry = ENTRIES[child.name] ?? ENTRIES[task ?? ''];
      for (const { comment } of [child, ...(child.signatures ?? [])]) {
        tag(comment, '@group', task ?? 'Other');
        if (entry !== undefined) comment?.summary.push({ kind: 'text', text: `\n\nFrom \`${entry}\`.` });
      }
    }
    for (const name of tasks.keys()) app.logger.error(`${name} has a task, and is not exported.`);
    const signatures = project.getReflectionsByKind(
      ReflectionKind.CallSignature | ReflectionKind.ConstructorSignature,
    );
    for (const signature of signatures) {
      for (const { type } of /** @type {import('typedoc').SignatureReflection} */ (signature).parameters ??
        [])
        if (type?.type === 'reference' && type.name.endsWith('Options'))
          tag(signature.comment, '@expandType', type.name);
    }
  });
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    const design = project.documents?.find(({ name }) => name === 'Design');
    if (design === undefined) app.logger.error('There is no page "Design", which invariants lead to.');
    for (const { comment } of Object.values(project.reflections))
      if (comment !== undefined) comment.summary = comment.summary.flatMap((part) => linked(part, design));
  });
}

/**
 * A part of a comment, with each invariant that it names, such as I7, leading to where they are stated.
 *
 * @param {import('typedoc').CommentDisplayPart} part
 * @param {import('typedoc').DocumentReflection | undefined} design
 * @returns {import('typedoc').CommentDisplayPart[]}
 */
function linked(part, design) {
  if (part.kind !== 'text' || design === undefined) return [part];
  return part.text
    .split(/\b(I(?:1[01]|[1-9]))\b/)
    .map((text, i) =>
      i % 2 === 0 ? { kind: 'text', text } : { kind: 'inline-tag', tag: '@link', text, target: design },
    );
}

/**
 * @param {import('typedoc').Comment | undefined} comment
 * @param {'@group' | '@expandType'} name
 * @param {string} text
 */
function tag(comment, name, text) {
  comment?.blockTags.push(new CommentTag(name, [{ kind: 'text', text }]));
}
