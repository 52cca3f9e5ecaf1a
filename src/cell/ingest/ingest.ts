import { isThenable } from '../../callbacks.js';
import { assertFunction, assertSignal, isWhole, show } from '../../config.js';
import type { Commit } from '../../delta/commit.js';
import { ConflictError, InvalidOptionError } from '../../errors.js';
import { takeOptions } from '../../given.js';
import { type Steps, runSteps } from '../../steps.js';
import { type Posting, keyOfRow } from '../../version/posting.js';
import { type RowList, columnsOf } from '../../version/row-block.js';
import { type ShardexIndex, renumbered } from '../../version/shardex-index.js';
import { addRows } from '../../write/add.js';
import { type Missed, catchUp } from '../../write/catch-up.js';
import type { DraftState } from '../../write/draft-state.js';
import { changeInSteps, touchedBy } from '../../write/index-draft.js';
import { settle } from '../../write/rebalance.js';
import { Staging } from '../../write/staging.js';
import type { Touched } from '../../write/touched.js';
import { yieldToEventLoop } from '../../host/event-loop.js';
import { type IndexWriter, closeCommitted } from '../index-writer.js';
import { Intake } from './intake.js';
import type { CellState } from '../cell-state.js';
import { Slices } from './slices.js';
import { type Moment, touchedSince } from '../touch-log.js';
import { abortable } from '../fair-queue.js';

/** How far an `ingest` has come. */
export interface IngestProgress {
  /** Postings taken from the source. */
  readonly taken: number;
  /** Of those, postings whose commit has been published. */
  readonly published: number;
  /** Slices of work done, of all kinds: it goes on rising while those that were taken are sorted in. */
  readonly slices: number;
}

/** Options of `CowShardexIndex.ingest`. */
export interface IngestOptions {
  /** Gives the ingest up, until the moment it is published; from then on it is ignored. */
  readonly signal?: AbortSignal;
  /** Called after each slice, and before each publication; a promise is waited for. What it throws, or rejects with, ends the ingest. */
  readonly onProgress?: (progress: IngestProgress) => unknown;
  /** How long to work before others have their turn, in milliseconds, 0 to 1,000. Default 5. */
  readonly sliceMs?: number;
  /** Publishes whenever so many postings have been taken, 1 or more. By default once, at the end. */
  readonly commitEvery?: number;
}

/**
 * An ingest catches up with others in slices, and then with what they did during those, as long as each time takes less
 * than this share of the slices of the time before. Where they write too much for that, it does the rest in one go.
 */
const SHRINKING = 0.5;

/** Postings noted as touched in one step. */
const NOTED = 256;

/** Adds what a source yields to a cell; see `CowShardexIndex.ingest`. */
export async function ingest(
  publication: CellState,
  openWriter: () => IndexWriter,
  source: Iterable<Posting> | AsyncIterable<Posting>,
  options: IngestOptions,
  turn: () => Promise<void> = yieldToEventLoop,
): Promise<Commit> {
  const { signal, onProgress, sliceMs, commitEvery } = checked(options);
  signal?.throwIfAborted();
  let since = publication.touches.now;
  let writer = openWriter();
  let taken = 0;
  let published = 0;
  const report = (): Promise<unknown> | undefined => {
    const reported = onProgress?.(Object.freeze({ taken, published, slices: slices.count }));
    // An abort does not wait for one that hangs.
    return isThenable(reported) ? abortable(Promise.resolve(reported), signal) : undefined;
  };
  const check = (): void => {
    signal?.throwIfAborted();
    publication.assertOpen();
  };
  const slices = new Slices(sliceMs, report, check, turn);
  let intake: Intake | undefined;
  let last: Commit | undefined;
  try {
    intake = new Intake(source, signal);
    for (;;) {
      const staging = new Staging(writer.base.config);
      while (!intake.isDone && staging.list.length < commitEvery) {
        const next = intake.next();
        const result = next instanceof Promise ? await next : next;
        if (result.done === true) break;
        staging.add(result.value, taken++);
        if (slices.isOver) await slices.pause();
      }
      if (last !== undefined && staging.list.length === 0) return last;
      last = await publishRows(publication, writer, since, staging.list, slices);
      published = taken;
      if (intake.isDone) return last;
      since = publication.touches.now;
      writer = openWriter();
    }
  } finally {
    writer.discard();
    await intake?.close();
  }
}

/** Adds staged rows to a writer and publishes them, with all that others have published meanwhile. */
async function publishRows(
  publication: CellState,
  writer: IndexWriter,
  opened: Moment,
  staged: RowList,
  slices: Slices,
): Promise<Commit> {
  const { meter, touches } = publication;
  const touched = touchedBy(writer);
  let startedWith = slices.count;
  const written = await slices.run(changeInSteps(writer, (state) => added(state, staged, touched)));
  await slices.end();
  let known = writer.base;
  let since = opened;
  let took = slices.count - startedWith;
  let gainsGround = true;
  for (;;) {
    const startedAt = performance.now();
    const { current } = publication;
    const { now } = touches;
    const missed = { base: writer.base, known, current, recorded: touchedSince(since) };
    const joining = joined(writer, missed, written > 0);
    try {
      startedWith = slices.count;
      const next = gainsGround ? await slices.run(joining) : runSteps(joining);
      slices.check();
      // Between these comparisons and the last look at what is current nothing awaits.
      const isMissing = touches.now !== now;
      const commit = isMissing ? undefined : publication.publish(current, next, startedAt, touched);
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
    gainsGround = took < SHRINKING * before;
  }
}

function* added(state: DraftState, staged: RowList, touched: Touched): Steps<number> {
  const written = yield* addRows(state, staged);
  for (let i = 0; i < staged.length; i++) {
    if (i % NOTED === 0) yield;
    const { documentId, start, length } = keyOfRow(columnsOf(staged.blocks[i]), staged.rows[i]);
    touched.addPosting(documentId, start, length);
  }
  return written;
}

/** The version to follow the current one: what the writer has made, with what it has missed of what others did. */
function joined(writer: IndexWriter, missed: Missed, isChanged: boolean): Steps<ShardexIndex> {
  const touched = touchedBy(writer);
  const { known, current, recorded } = missed;
  return changeInSteps(writer, function* (state) {
    if (current !== known || recorded.length > 0) yield* catchUp(state, missed, touched, isChanged);
    if (!isChanged) return current;
    yield* settle(state);
    const mine = yield* state.finishing();
    return renumbered(mine, current.version + 1, Math.max(mine.nextShardId, current.nextShardId));
  });
}

interface Checked {
  readonly signal: AbortSignal | undefined;
  readonly onProgress: IngestOptions['onProgress'];
  readonly sliceMs: number;
  readonly commitEvery: number;
}

function checked(options: IngestOptions): Checked {
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
