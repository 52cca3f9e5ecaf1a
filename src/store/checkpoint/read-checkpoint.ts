/*
 * Builds a version from a checkpoint: blocks as the manifest says, filled chunk by chunk, so that beside the version only
 * a chunk or two are in memory. It equals the version that was kept, down to the place of each row.
 */

import { bitCount } from '../../collections/bits.js';
import { Lazy } from '../../collections/lazy.js';
import type { Steps } from '../../collections/steps.js';
import type { ShardexConfig } from '../../config.js';
import { shardsFrom, versionFrom } from '../../delta/version-from.js';
import { noFields } from '../../documents/field-indexes.js';
import type { Records } from '../../documents/record.js';
import { documentsLater } from '../../version/documents-draft.js';
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
import { readRecords } from './read-records.js';
import { type RowChunk, decodeRows } from './row-chunk.js';
import type { Written } from './written.js';
import { WrittenRows } from './written-rows.js';

const WHAT = 'checkpoint';

/** A version from a checkpoint. */
export interface ReadCheckpoint {
  readonly index: ShardexIndex;
  readonly tokens: readonly KnownToken[];
  /** Where its rows and records lie, so that the next checkpoint need not put them again. */
  readonly written: Written;
  /** Bytes of the manifest and its chunks. */
  readonly totalBytes: number;
}

/** Rows that wait for their chunk. */
interface Target {
  readonly part: Part;
  readonly block: RowBlock;
}

/**
 * Reads a checkpoint. Time: O(rows · dimensions + bytes of records). The documents map and the field indexes
 * are made when they are first asked for, in O(rows) and O(records · log records).
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
  const records = await readRecords(chunksOf(log, manifest, KINDS.records), manifest, run);
  const index = await run(assembled(manifest, config, records.records, targets));
  const rows = new WrittenRows();
  for await (const [c, bytes] of chunksOf(log, manifest, KINDS.rows)) {
    const chunk = decodeRows(bytes, dimensions);
    if (chunk.rows !== manifest.chunks[c].rows)
      throw damaged(WHAT, 'a chunk holds other rows than its manifest says');
    await run(fill(chunk, targets[c], dimensions));
    for (const { block, part } of targets[c]) rows.add(block, { ...part, chunk: manifest.chunks[c] });
    targets[c].length = 0;
  }
  const totalBytes = manifest.chunks.reduce(
    (sum, { byteLength }) => sum + byteLength,
    checkpoint.manifest.length,
  );
  return { index, tokens: manifest.tokens, written: { rows, records }, totalBytes };
}

/**
 * The chunks of a kind, each with its place in the manifest. While one is in use, the next one is on its way; what was in use
 * is gone before the one after that is asked for, so that two are in memory at most.
 */
async function* chunksOf(
  log: CommitLog,
  { chunks }: Manifest,
  wanted: number,
): AsyncGenerator<readonly [number, Uint8Array]> {
  const places = [...chunks.keys()].filter((at) => chunks[at].kind === wanted);
  const ask = (i: number): Promise<Uint8Array> | undefined =>
    i < places.length ? log.chunk(chunks[places[i]].key) : undefined;
  const letGo = freer();
  let coming = ask(0);
  for (const [i, at] of places.entries()) {
    const bytes = await coming;
    coming = ask(i + 1);
    coming?.catch(() => undefined);
    if (bytes === undefined) throw damaged(WHAT, 'a chunk is missing');
    yield [at, bytes];
    letGo(bytes);
  }
}

/** Gives memory back at once: the garbage of chunks would be dozens of them before any is collected. */
function freer(): (bytes: Uint8Array) => void {
  // What is sent to a port that is closed goes with the message; runtimes without `transfer` have that.
  const { port1, port2 } = new MessageChannel();
  port2.close();
  return ({ buffer, byteLength }) => {
    const { transfer } = buffer as { readonly transfer?: (byteLength: number) => unknown };
    if (byteLength !== buffer.byteLength) return;
    if (transfer === undefined) port1.postMessage(undefined, [buffer as ArrayBuffer]);
    else transfer.call(buffer, 0);
  };
}

/** The version, with blocks whose rows are yet to come; `targets` gets the parts that go into each chunk's list. */
function* assembled(
  manifest: Manifest,
  config: ShardexConfig,
  records: Records,
  targets: readonly Target[][],
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
  // Field indexes are made when they are first asked for: making them takes too long for a step.
  const base = { ...emptyIndex(config), fields: new Lazy(() => noFields(config.indexed).value) };
  const next = shardsFrom(base, [], made, misfit);
  yield;
  const inChunks = manifest.centroids.flat();
  const listed = new Set(inChunks);
  if (next.postingCount !== manifest.postingCount) throw misfit('the number of postings');
  if (next.shards.size !== made.length || listed.size !== made.length || inChunks.length !== made.length)
    throw misfit('the shards with a centroid');
  const { documentCount, placedCount, postingCount } = manifest;
  // Who is among both cannot be told before the documents map is made.
  if (
    placedCount > postingCount ||
    documentCount < Math.max(placedCount, records.size) ||
    documentCount > placedCount + records.size
  )
    throw misfit('the number of documents');
  const parts = { ...manifest, records, documents: documentsLater(next.shards), chunks: manifest.centroids };
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
  from.ids.putInto(to.ids, at, row, count);
}
