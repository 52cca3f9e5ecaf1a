/*
 * Makes checkpoints of versions: puts the rows and records that no chunk has yet, and a manifest of the whole. A checkpoint after a
 * small change costs a small chunk and the manifest. `read-checkpoint.ts` is its counterpart.
 */

import { calibrationChange } from '../../calibration/change.js';
import type { Steps } from '../../collections/steps.js';
import { hexOf, randomName } from '../../host/random.js';
import { matrixOf } from '../../version/shard.js';
import { deadBits } from '../../version/shard-rows.js';
import type { ShardexIndex } from '../../version/shardex-index.js';
import { NoBranchError } from '../errors.js';
import type { CommitLog } from '../log/commit-log.js';
import { KINDS } from './frame.js';
import {
  type KnownToken,
  type ManifestChunk,
  type ManifestShard,
  type Part,
  decodeManifest,
  encodeManifest,
} from './manifest.js';
import { type WrittenRecords, planBuckets } from './record-buckets.js';
import { encodeRecords } from './record-chunk.js';
import { type RowRun, encodeRows, rowBytes } from './row-chunk.js';
import { type Written, nothingWritten } from './written.js';
import { type Place, type WrittenChunk, countUse, missingRuns } from './written-rows.js';

/** Bytes of a chunk, about: what is in memory at a time, and takes a few milliseconds to encode. */
const CHUNK_BYTES = 1 << 20;
/** A chunk below this is a small one; more than so many of them are written again, together. */
const SMALL_BYTES = 256 << 10;
const MOST_SMALL = 16;
/** A chunk of whose rows less than this share is live is written again. */
const LEAST_USE = 0.5;
/** The same where the log is to become as small as it can be. */
const LEAST_USE_COMPACT = 0.95;

/** Runs steps in slices, with the event loop in between. */
export type RunSteps = <T>(steps: Steps<T>) => Promise<T>;

/** What a checkpoint cost. */
export interface CheckpointCost {
  /** Bytes of the chunks that were put. */
  readonly putBytes: number;
  /** Bytes of its manifest. */
  readonly manifestBytes: number;
  /** Bytes of all chunks that the checkpoint needs. */
  readonly totalBytes: number;
}

/** Makes the checkpoints of one log, and remembers what lies in its chunks. */
export class Checkpointer {
  readonly #log: CommitLog;
  #written: Written;

  constructor(log: CommitLog, written = nothingWritten()) {
    this.#log = log;
    this.#written = written;
  }

  /**
   * Makes a checkpoint of a version, durable when it resolves. `tokens` ends with the version's own. Time: O(rows that no
   * chunk has · dimensions + rows with dead ones among them + shards · dimensions), and where records have changed, O(records
   * + bytes of their buckets).
   *
   * With `isCompact`, chunks that are not full, or have dead rows, are put again.
   *
   * @throws {@link NoBranchError} where the branch was deleted, and what the log throws; what was put by then is collected by
   * the next trim.
   */
  async take(
    index: ShardexIndex,
    tokens: readonly KnownToken[],
    run: RunSteps,
    isCompact = false,
  ): Promise<CheckpointCost> {
    for (;;) {
      const cost = await this.#try(index, tokens, run, isCompact);
      if (cost !== undefined) return cost;
      const { branchName } = this.#log;
      const names = (await this.#log.branches()).flatMap(({ name }) => name ?? []);
      if (!names.includes(branchName)) throw new NoBranchError(branchName, names);
      // Another process has collected chunks that were known here: all are put again, which changes nothing of those there.
      this.#written = nothingWritten();
    }
  }

  async #try(
    index: ShardexIndex,
    tokens: readonly KnownToken[],
    run: RunSteps,
    isCompact: boolean,
  ): Promise<CheckpointCost | undefined> {
    const { dimensions } = index.config;
    await run(this.#forgetWasteful(index, isCompact));
    const chunksOfRuns = await run(this.#missing(index));
    let putBytes = 0;
    for (const runs of chunksOfRuns) {
      const rows = runs.reduce((sum, { count }) => sum + count, 0);
      const chunk = await this.#put(await run(encodeRows(runs, dimensions)), rows);
      putBytes += chunk.byteLength;
      this.#note(runs, chunk);
    }
    const { buckets, chunks: ofBuckets } = await run(planBuckets(index, this.#written.records));
    const bucketChunks = [...ofBuckets];
    for (const { place, records } of buckets) {
      const chunk = await this.#put(await run(encodeRecords(records)), records.length);
      putBytes += chunk.byteLength;
      bucketChunks[place] = chunk;
    }
    this.#written = { ...this.#written, records: { records: index.records, chunks: bucketChunks } };
    const { manifest, chunks } = await run(this.#manifest(index, this.#written.records, tokens));
    // A checkpoint that cannot be read must not take the place of entries that can.
    decodeManifest(manifest);
    const { version, token } = tokens[tokens.length - 1];
    const keys = chunks.map(({ key }) => key);
    if (!(await this.#log.commitCheckpoint({ version, token, manifest, chunks: keys }))) return undefined;
    const totalBytes = chunks.reduce((sum, { byteLength }) => sum + byteLength, manifest.length);
    return { putBytes, manifestBytes: manifest.length, totalBytes };
  }

  async #put(bytes: Uint8Array<ArrayBuffer>, rows: number): Promise<WrittenChunk> {
    const key = await keyOf(bytes);
    await this.#log.putChunk(key, bytes);
    return { key, rows, byteLength: bytes.length };
  }

  /** Forgets rows in chunks that are mostly unused, or too small and too many. */
  *#forgetWasteful(index: ShardexIndex, isCompact: boolean): Steps<void> {
    const use = new Map<WrittenChunk, number>();
    for (const { rows } of index.shards.values()) {
      yield;
      for (const segment of rows.segments) countUse(segment, this.#written.rows.of(segment.block), use);
    }
    const small = [...use.keys()].filter(({ byteLength }) => byteLength < SMALL_BYTES);
    const wasteful = new Set(small.length > (isCompact ? 1 : MOST_SMALL) ? small : []);
    const least = isCompact ? LEAST_USE_COMPACT : LEAST_USE;
    for (const [chunk, live] of use) if (live < least * chunk.rows) wasteful.add(chunk);
    if (wasteful.size === 0) return;
    for (const { rows } of index.shards.values()) {
      yield;
      for (const { block } of rows.segments) this.#written.rows.forget(block, wasteful);
    }
  }

  /** The rows to be put, in the order of their shards, chunk by chunk. */
  *#missing(index: ShardexIndex): Steps<RowRun[][]> {
    const size = rowBytes(index.config.dimensions);
    const most = Math.max(1, Math.floor(CHUNK_BYTES / size));
    const chunks: RowRun[][] = [];
    let runs: RowRun[] = [];
    let rows = 0;
    for (const id of [...index.shards.keys()].sort((a, b) => a - b)) {
      yield;
      for (const segment of index.shards.get(id)?.rows.segments ?? [])
        for (const run of missingRuns(segment, this.#written.rows.of(segment.block), most)) {
          if (rows > 0 && rows + run.count > most) {
            chunks.push(runs);
            runs = [];
            rows = 0;
          }
          runs.push(run);
          rows += run.count;
        }
    }
    if (rows > 0) chunks.push(runs);
    return chunks;
  }

  #note(runs: readonly RowRun[], chunk: WrittenChunk): void {
    let row = 0;
    for (const { block, at, count } of runs) {
      this.#written.rows.add(block, { at, count, chunk, row });
      row += count;
    }
  }

  *#manifest(
    index: ShardexIndex,
    records: WrittenRecords,
    tokens: readonly KnownToken[],
  ): Steps<{ readonly manifest: Uint8Array; readonly chunks: readonly ManifestChunk[] }> {
    const chunks: ManifestChunk[] = [];
    const numbers = new Map<WrittenChunk, number>();
    const numberOf = (chunk: WrittenChunk, kind: number = KINDS.rows): number => {
      let at = numbers.get(chunk);
      if (at === undefined) {
        numbers.set(chunk, (at = chunks.length));
        chunks.push({ ...chunk, kind });
      }
      return at;
    };
    const buckets = records.chunks.map((chunk) => chunk && numberOf(chunk, KINDS.records));
    const shards: ManifestShard[] = [];
    for (const id of [...index.shards.keys()].sort((a, b) => a - b)) {
      const shard = index.shards.get(id);
      if (shard === undefined) continue;
      yield;
      const segments = shard.rows.segments.map((segment) => ({
        capacity: segment.block.capacity,
        visible: segment.visible,
        dead: deadBits(segment) ?? [],
        parts: partsOf(this.#written.rows.of(segment.block), segment.visible, numberOf),
      }));
      shards.push({ id, centroid: matrixOf(shard.centroid).vectors, segments });
    }
    const { version, fingerprint, postingCount, documentCount, placedCount, recordBytes } = index;
    const { nextShardId, churn, owed } = index;
    const manifest = yield* encodeManifest({
      version,
      fingerprint,
      token: tokens[tokens.length - 1].token,
      postingCount,
      documentCount,
      placedCount,
      recordBytes,
      nextShardId,
      churn,
      owed,
      calibration: calibrationChange(undefined, index.calibration),
      chunks,
      buckets,
      shards,
      centroids: index.centroids.chunks.map(({ ids }) => ids),
      tokens,
    });
    return { manifest, chunks };
  }
}

/** The parts of a block that a version sees. */
function partsOf(
  places: readonly Place[],
  visible: number,
  numberOf: (chunk: WrittenChunk) => number,
): readonly Part[] {
  return places
    .filter(({ at }) => at < visible)
    .map(({ at, count, chunk, row }) => ({
      at,
      count: Math.min(count, visible - at),
      chunk: numberOf(chunk),
      row,
    }));
}

/**
 * The key of a chunk: a hash of what it is, so that equal chunks of two processes are one. Pages that came without
 * encryption have no such hash; there, equal chunks are kept twice.
 */
async function keyOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const { subtle } = crypto as { readonly subtle?: SubtleCrypto };
  if (subtle === undefined) return randomName();
  return hexOf(new Uint8Array(await subtle.digest('SHA-256', bytes)).subarray(0, 16));
}
