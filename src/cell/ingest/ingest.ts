/*
 * `ingest` of a cell: takes postings from a source, adds them to a draft in slices of a few milliseconds, and
 * publishes it with whatever others committed meanwhile. `Intake` reads the source, `Slices` cuts the work, `catchUp`
 * in write/ replays the commits of others.
 */

import { isThenable } from '../../checks/callbacks.js';
import { assertFunction, assertSignal, isWhole, show } from '../../config.js';
import type { Commit } from '../../delta/commit.js';
import { ConflictError, InvalidOptionError } from '../../errors.js';
import { takeOptions } from '../../checks/given.js';
import { type Steps, runSteps } from '../../collections/steps.js';
import { type NamedDocument, isDocument, takeNamed } from '../../documents/take-document.js';
import type { Posting } from '../../version/posting.js';
import { type ShardexIndex, renumbered } from '../../version/shardex-index.js';
import { type Missed, catchUp } from '../../write/catch-up.js';
import type { DraftState } from '../../write/draft-state.js';
import { changeInSteps, writeSetOf } from '../../write/index-draft.js';
import { rebalance } from '../../write/rebalance.js';
import { DocumentStaging, assertWithinTexts, noteStaged, putDocuments } from '../../write/put-documents.js';
import type { WriteSet } from '../../write/write-set.js';
import { yieldToEventLoop } from '../../host/event-loop.js';
import { type IndexWriter, closeCommitted } from '../index-writer.js';
import { Intake } from './intake.js';
import type { CellState } from '../cell-state.js';
import { Slices } from './slices.js';
import { type Moment, writeSetsSince } from '../touch-log.js';
import { abortable } from '../fair-queue.js';

/** Progress of an `ingest`. */
export interface IngestProgress {
  /** Postings taken from the source. */
  readonly taken: number;
  /** Of those, postings whose commit has been published. */
  readonly published: number;
  /** Slices of work done. It goes on rising while postings that were taken are added to shards. */
  readonly slices: number;
}

/** Options of `CowShardexIndex.ingest`. */
export interface IngestOptions {
  /** Aborts the ingest. Ignored once it is published. */
  readonly signal?: AbortSignal;
  /**
   * Called after each slice and before each publication; a promise is awaited. What it throws, or rejects with, ends
   * the ingest.
   */
  readonly onProgress?: (progress: IngestProgress) => unknown;
  /** Milliseconds of work before the event loop runs again, 0 to 1,000. Default 5. */
  readonly sliceMs?: number;
  /** Postings per commit, 1 or more. By default there is one commit, at the end. */
  readonly commitEvery?: number;
}

/**
 * Catching up repeats in slices while each round takes less than this share of the slices of the one before. Then the
 * rest runs in one go, so that a fast writer cannot starve the ingest.
 */
const MAX_CATCH_UP_RATIO = 0.5;

/** The source of an ingest: postings, whole documents, or both. */
export type Source<M extends object = object> =
  Iterable<Posting | NamedDocument<M>> | AsyncIterable<Posting | NamedDocument<M>>;

/** Adds the postings of a source to a cell; see `CowShardexIndex.ingest`. */
export async function ingest(
  cell: CellState,
  openWriter: () => IndexWriter,
  source: Source,
  options: IngestOptions,
  betweenSlices: () => Promise<void> = yieldToEventLoop,
): Promise<Commit> {
  const { signal, onProgress, sliceMs, commitEvery } = checkedIngestOptions(options);
  signal?.throwIfAborted();
  let since = cell.touches.now;
  let writer = openWriter();
  let taken = 0;
  let published = 0;
  const report = (): Promise<unknown> | undefined => {
    const reported = onProgress?.(Object.freeze({ taken, published, slices: slices.count }));
    // An abort does not wait for a callback that hangs.
    return isThenable(reported) ? abortable(Promise.resolve(reported), signal) : undefined;
  };
  const check = (): void => {
    signal?.throwIfAborted();
    cell.assertOpen();
  };
  const slices = new Slices(sliceMs, report, check, betweenSlices);
  let intake: Intake | undefined;
  let last: Commit | undefined;
  try {
    intake = new Intake(source, signal);
    for (;;) {
      const staging = new DocumentStaging(writer.base.config);
      while (!intake.isDone && staging.count < commitEvery) {
        const next = intake.next();
        const result = next instanceof Promise ? await next : next;
        if (result.done === true) break;
        takeIn(staging, result.value, taken++);
        if (slices.isOver) await slices.pause();
      }
      if (last !== undefined && staging.count === 0) return last;
      last = await publishStaged(cell, writer, since, staging, slices);
      published = taken;
      if (intake.isDone) return last;
      since = cell.touches.now;
      writer = openWriter();
    }
  } finally {
    writer.discard();
    await intake?.close();
  }
}

/** Adds staged rows to a writer and publishes them together with the commits of others. */
async function publishStaged(
  cell: CellState,
  writer: IndexWriter,
  opened: Moment,
  staged: DocumentStaging,
  slices: Slices,
): Promise<Commit> {
  const { meter, touches } = cell;
  const writeSet = writeSetOf(writer);
  let startedWith = slices.count;
  const isChanged = await slices.run(changeInSteps(writer, (state) => addStaged(state, staged, writeSet)));
  await slices.end();
  let known = writer.base;
  let since = opened;
  let took = slices.count - startedWith;
  let gainsGround = true;
  for (;;) {
    const startedAt = performance.now();
    const { current } = cell;
    const { now } = touches;
    const missed = { base: writer.base, known, current, recorded: writeSetsSince(since) };
    const steps = joinMissed(writer, missed, isChanged);
    try {
      startedWith = slices.count;
      const next = gainsGround ? await slices.run(steps) : runSteps(steps);
      slices.check();
      // Nothing awaits between reading the current version and publishing.
      const isMissing = touches.now !== now;
      const commit = isMissing ? undefined : cell.publish(current, next, startedAt, writeSet);
      if (commit !== undefined) {
        if (next !== current && current !== writer.base) meter.rebases++;
        closeCommitted(writer);
        return commit;
      }
    } catch (error) {
      if (error instanceof ConflictError) meter.conflicts++;
      throw error;
    }
    known = current;
    since = now;
    const before = took;
    took = slices.count - startedWith;
    gainsGround = took < MAX_CATCH_UP_RATIO * before;
  }
}

/** Stages a posting or a document. */
function takeIn(staging: DocumentStaging, item: Posting | NamedDocument<object>, position: number): void {
  const given: unknown = item;
  if (typeof given !== 'object' || given === null || !looksLikeDocument(given))
    staging.add(item as Posting, position);
  else {
    const { documentId, ...document } = takeNamed(given);
    staging.put(documentId, document);
  }
}

/** Whether a value has the fields of a document. A value that cannot be read is refused later, as a posting. */
function looksLikeDocument(given: object): given is NamedDocument<object> {
  try {
    return isDocument(given);
  } catch {
    return false;
  }
}

/** Adds staged rows and documents to a draft. Returns whether that changes anything. */
function* addStaged(state: DraftState, staged: DocumentStaging, writeSet: WriteSet): Steps<boolean> {
  assertWithinTexts(state, staged);
  yield* putDocuments(state, staged);
  yield* noteStaged(writeSet, staged);
  return state.isChanged;
}

/** Builds the successor of the current version: the writer's changes together with the commits that it missed. */
function joinMissed(writer: IndexWriter, missed: Missed, isChanged: boolean): Steps<ShardexIndex> {
  const writeSet = writeSetOf(writer);
  const { known, current, recorded } = missed;
  return changeInSteps(writer, function* (state) {
    if (current !== known || recorded.length > 0) yield* catchUp(state, missed, writeSet, isChanged);
    if (!isChanged) return current;
    yield* rebalance(state);
    const mine = yield* state.finishing();
    return renumbered(mine, current.version + 1, Math.max(mine.nextShardId, current.nextShardId));
  });
}

interface CheckedIngestOptions {
  readonly signal: AbortSignal | undefined;
  readonly onProgress: IngestOptions['onProgress'];
  readonly sliceMs: number;
  readonly commitEvery: number;
}

function checkedIngestOptions(options: IngestOptions): CheckedIngestOptions {
  const {
    signal,
    onProgress,
    sliceMs = 5,
    commitEvery = Infinity,
  } = takeOptions(options, ['signal', 'onProgress', 'sliceMs', 'commitEvery']);
  assertSignal(signal);
  assertFunction('onProgress', onProgress);
  if (typeof sliceMs !== 'number' || !(sliceMs >= 0 && sliceMs <= 1000))
    throw new InvalidOptionError(
      'sliceMs',
      `sliceMs must be a number from 0 to 1,000, not ${show(sliceMs)}.`,
    );
  if (commitEvery !== Infinity && !isWhole(commitEvery, 1, Number.MAX_SAFE_INTEGER)) {
    throw new InvalidOptionError(
      'commitEvery',
      `commitEvery must be a whole number of at least 1, or left out, not ${show(commitEvery)}.`,
    );
  }
  return { signal, onProgress, sliceMs, commitEvery };
}
