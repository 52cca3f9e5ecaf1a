/*
 * Builds a version from a checkpoint: blocks as the manifest says, filled chunk by chunk, so that beside the version only
 * a chunk or two are in memory. It equals the version that was kept, down to the place of each row.
 */

import { bitCount } from '../../collections/bits.js';
import { Lazy } from '../../collections/lazy.js';
import type { Steps } from '../../collections/steps.js';
import type { ShardexConfig } from '../../config.js';
import { shardsFrom, versionFrom } from '../../delta/version-from.js';
import type { Documents } from '../../version/documents.js';
import { documentsIn } from '../../version/documents-draft.js';
import { type Columns, RowBlock, claimRows, columnsOf } from '../../version/row-block.js';
import { Centroid, type Shard } from '../../version/shard.js';
import { Segment, ShardRows, isDead } from '../../version/shard-rows.js';
import { type ShardexIndex, emptyIndex } from '../../version/shardex-index.js';
import type { CorruptLogError } from '../errors.js';
import type { Checkpoint, CommitLog } from '../log/commit-log.js';
import type { RunSteps } from './checkpointer.js';
import { KINDS, damaged } from './frame.js';
import {
  type KnownToken,
  type Manifest,
  type ManifestSegment,
  type Part,
  decodeManifest,
} from './manifest.js';
import { type Records, bytesOfRecord, noRecords } from '../../documents/record.js';
import { decodeRecords } from './record-chunk.js';
import { type RowChunk, decodeRows } from './row-chunk.js';
import { type WrittenChunk, WrittenRows } from './written-rows.js';

const WHAT = 'checkpoint';

/** A version from a checkpoint. */
export interface ReadCheckpoint {
  readonly index: ShardexIndex;
  readonly tokens: readonly KnownToken[];
  /** Where its rows lie, so that the next checkpoint need not put them again. */
  readonly written: WrittenRows;
  /** Bytes of the manifest and its chunks. */
  readonly totalBytes: number;
}

/** Rows that wait for their chunk. */
interface Target {
  readonly part: Part;
  readonly block: RowBlock;
}

/**
 * Reads a checkpoint. Time: O(rows · dimensions). The documents map is made when it is first asked for, in O(rows).
 *
 * @throws {@link CorruptLogError}, {@link LogFormatError}, and what the log throws.
 */
export async function readCheckpoint(
  log: CommitLog,
  checkpoint: Checkpoint,
  config: ShardexConfig,
  run: RunSteps,
): Promise<ReadCheckpoint> {
  const manifest = decodeManifest(checkpoint.manifest);
  if (manifest.version !== checkpoint.version || manifest.token !== checkpoint.token)
    throw damaged(WHAT, `its manifest is of version ${manifest.version}, not ${checkpoint.version}`);
  const { dimensions } = config;
  const targets = manifest.chunks.map((): Target[] => []);
  const written = new WrittenRows();
  const records = await readRecords(log, manifest, written);
  const index = await run(assembled(manifest, config, targets, records));
  // While one chunk is being copied, the next one is on its way.
  const rowChunks = [...manifest.chunks.keys()].filter((c) => manifest.chunks[c].kind === KINDS.rows);
  let coming = chunkOf(log, manifest, rowChunks[0]);
  for (const [at, c] of rowChunks.entries()) {
    const bytes = await coming;
    coming = chunkOf(log, manifest, rowChunks[at + 1]);
    coming?.catch(() => undefined);
    if (bytes === undefined) throw damaged(WHAT, 'a chunk is missing');
    const chunk = decodeRows(bytes, dimensions);
    if (chunk.rows !== manifest.chunks[c].rows)
      throw damaged(WHAT, 'a chunk holds other rows than its manifest says');
    await run(fill(chunk, targets[c], dimensions));
    for (const { block, part } of targets[c]) written.add(block, { ...part, chunk: manifest.chunks[c] });
    targets[c].length = 0;
  }
  const totalBytes = manifest.chunks.reduce(
    (sum, { byteLength }) => sum + byteLength,
    checkpoint.manifest.length,
  );
  return { index, tokens: manifest.tokens, written, totalBytes };
}

function chunkOf(
  log: CommitLog,
  { chunks }: Manifest,
  at: number | undefined,
): Promise<Uint8Array> | undefined {
  return at === undefined ? undefined : log.chunk(chunks[at].key);
}

/** The records of a checkpoint; `written` is told where they lie. */
async function readRecords(
  log: CommitLog,
  { chunks, buckets, bucketCount, recordBytes }: Manifest,
  written: WrittenRows,
): Promise<Records> {
  const records = noRecords().asMutable();
  const known = new Array<WrittenChunk | undefined>(bucketCount);
  let count = 0;
  let bytes = 0;
  for (const [at, chunk] of chunks.filter(({ kind }) => kind === KINDS.records).entries()) {
    const entries = decodeRecords(await log.chunk(chunk.key));
    if (entries.length !== chunk.rows)
      throw damaged(WHAT, 'a chunk holds other records than its manifest says');
    for (const [documentId, record] of entries) {
      records.set(documentId, record);
      bytes += bytesOfRecord(record);
    }
    count += entries.length;
    known[buckets[at]] = chunk;
  }
  if (records.size !== count || bytes !== recordBytes) throw misfit('the records of documents');
  const read = count === 0 ? noRecords() : records.asImmutable();
  written.records = { records: read, chunks: known };
  return read;
}

/** The version, with blocks whose rows are yet to come; `targets` gets the parts that go into each chunk's list. */
function* assembled(
  manifest: Manifest,
  config: ShardexConfig,
  targets: readonly Target[][],
  records: Records,
): Steps<ShardexIndex> {
  const { dimensions, shardCapacity } = config;
  const made: Shard[] = [];
  for (const { id, centroid, segments } of manifest.shards) {
    yield;
    if (centroid.length !== dimensions || id >= manifest.nextShardId) throw misfit(`shard ${id}`);
    const rows = new ShardRows(segments.map((segment) => segmentFrom(segment, dimensions, targets)));
    if (rows.liveCount === 0 || rows.liveCount > shardCapacity) throw misfit(`the postings of shard ${id}`);
    made.push(Object.freeze({ id, centroid: new Centroid(centroid), rows }));
  }
  const base = emptyIndex(config);
  const next = shardsFrom(base, [], made, misfit);
  yield;
  const inChunks = manifest.centroids.flat();
  const listed = new Set(inChunks);
  if (next.postingCount !== manifest.postingCount) throw misfit('the number of postings');
  if (next.shards.size !== made.length || listed.size !== made.length || inChunks.length !== made.length)
    throw misfit('the shards with a centroid');
  const documents = documentsLater(next.shards);
  const parts = { ...manifest, documents, records, chunks: manifest.centroids };
  return versionFrom(base, next, parts, misfit);
}

function misfit(what: string): CorruptLogError {
  return damaged(WHAT, `it contradicts itself about ${what}`);
}

function segmentFrom(
  { capacity, visible, dead, parts }: ManifestSegment,
  dimensions: number,
  targets: readonly Target[][],
): Segment {
  const block = new RowBlock(capacity, dimensions);
  claimRows(block, 0, visible);
  for (const part of parts) targets[part.chunk].push({ part, block });
  let deadCount = 0;
  for (const word of dead) deadCount += bitCount(word);
  const segment = new Segment(block, visible, visible - deadCount, dead.length === 0 ? undefined : dead);
  const { ids } = columnsOf(block);
  let next = 0;
  const skip = (end: number): void => {
    for (; next < end; next++) {
      if (!isDead(segment, next)) throw damaged(WHAT, 'a live row is in no chunk');
      // A dead row needs an id too: whoever copies the block copies those of all rows.
      ids.set(next, '');
    }
  };
  for (const { at, count } of parts) {
    skip(at);
    next = at + count;
  }
  skip(visible);
  return segment;
}

// A separate function, so that its closure keeps only the argument alive.
function documentsLater(shards: ShardexIndex['shards']): Lazy<Documents> {
  return new Lazy(() => documentsIn(shards.values()));
}

/** Copies rows of a chunk to where they belong. */
function* fill(chunk: RowChunk, targets: readonly Target[], dimensions: number): Steps<void> {
  for (const { block, part } of targets) {
    yield;
    copyPart(chunk, part, columnsOf(block), dimensions);
  }
}

function copyPart(from: RowChunk, { at, count, row }: Part, to: Columns, dimensions: number): void {
  const end = row + count;
  to.squaredNorms.set(from.squaredNorms.subarray(row, end), at);
  to.separations.set(from.separations.subarray(row, end), at);
  to.vectors.set(from.vectors.subarray(row * dimensions, end * dimensions), at * dimensions);
  to.starts.set(from.starts.subarray(row, end), at);
  to.lengths.set(from.lengths.subarray(row, end), at);
  for (let i = 0; i < count; i++) to.ids.set(at + i, from.ids[row + i]);
}
