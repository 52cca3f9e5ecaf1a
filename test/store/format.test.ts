// Reads checkpoints by the tables of docs/internals/store-format.md, with a reader that knows nothing but those tables.
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { type ShardexIndex, createIndex, postings, update } from 'shardex';
import { memoryLog } from 'shardex/store';
import { Checkpointer } from '../../src/store/checkpoint/checkpointer.js';
import { KINDS } from '../../src/store/checkpoint/frame.js';
import { decodeManifest } from '../../src/store/checkpoint/manifest.js';
import { TableReader, type Tables, type Values, tablesOf } from '../support/table-reader.js';
import { atOnce, changed, numbers, vectorFrom } from './support/versions.js';

const pageOf = (name: string): string =>
  readFileSync(new URL(`../../docs/internals/${name}.md`, import.meta.url), 'utf8');
const TABLES: Tables = new Map([...tablesOf(pageOf('delta-format')), ...tablesOf(pageOf('store-format'))]);

let index: ShardexIndex;
let manifest: Uint8Array;
let rows: Uint8Array;
let records: Uint8Array;

beforeAll(async () => {
  const next = numbers(9);
  // Enough for a calibration, with dead rows in several segments.
  const all = Array.from({ length: 1500 }, (_, i) => ({
    documentId: `d${i}`,
    start: i,
    length: 2,
    vector: vectorFrom(next),
  }));
  index = createIndex({ dimensions: 5, shardCapacity: 100 }, all);
  for (let i = 0; i < 5; i++) index = changed(index, next);
  index = update(index, (draft) => {
    draft.putDocument('r1', { text: 'Ran', metadata: { year: 1985 } });
    draft.setMetadata('r0', { tags: ['a', null] });
    draft.setText('r2', '\ud800');
  });
  const log = memoryLog();
  await log.open(new Uint8Array());
  await new Checkpointer(log).take(
    index,
    [
      { version: 3, token: 'older' },
      { version: index.version, token: 'its own' },
    ],
    atOnce,
  );
  const checkpoint = await log.latestCheckpoint();
  manifest = checkpoint?.manifest ?? new Uint8Array();
  rows = await chunkOf(KINDS.rows);
  records = await chunkOf(KINDS.records);

  function chunkOf(wanted: number): Promise<Uint8Array> {
    return log.chunk(decodeManifest(manifest).chunks.find(({ kind }) => kind === wanted)?.key ?? '');
  }
});

/** Reads a frame and what is in it; nothing but padding may follow. */
function readBy(
  tables: Tables,
  bytes: Uint8Array,
  what: string,
): { readonly frame: Values; readonly rest: Values } {
  const reader = new TableReader(bytes, tables);
  const frame = reader.structure('Frame');
  const size = (frame.a as number) * (frame.b as number);
  const rest = reader.structure(what, { ...frame, size });
  expect(bytes.length - reader.at).toBeLessThan(4);
  expect([...bytes.subarray(reader.at)].every((byte) => byte === 0)).toBe(true);
  return { frame, rest };
}

test('the tables read a manifest', () => {
  const { frame, rest } = readBy(TABLES, manifest, 'Manifest');
  expect(frame).toMatchObject({
    magic: 0x43584853,
    format: 2,
    kind: 1,
    a: 5,
    b: index.shardCount,
    reserved: 0,
  });
  const { version, fingerprint, postingCount, documentCount, placedCount, nextShardId, churn } = index;
  expect(rest).toMatchObject({
    version,
    fingerprint,
    postingCount,
    documentCount,
    placedCount,
    recordBytes: index.recordBytes,
    nextShardId,
    churn,
    token: 'its own',
  });
  expect(rest.tokens).toEqual([
    { version: 3, token: 'older' },
    { version, token: 'its own' },
  ]);
  const kinds = (rest.chunks as Values[]).map(({ kind }) => kind);
  expect(rest.buckets).toEqual([kinds.indexOf(3) + 1]);
  expect(rest.centroids).toEqual(index.centroids.chunks.map(({ ids }) => ({ ids: [...ids] })));
  expect((rest.calibration as Values).samples).toHaveLength(index.calibration?.samples.size ?? -1);
  const shards = rest.shards as Values[];
  expect(shards.map(({ id }) => id)).toEqual([...index.shards.keys()].sort((a, b) => a - b));
  for (const { id, centroid, segments } of shards) {
    const shard = index.shards.get(id as number);
    expect(centroid).toEqual([...(shard?.centroid.toArray() ?? [])]);
    expect((segments as Values[]).map(({ visible }) => visible)).toEqual(
      shard?.rows.segments.map(({ visible }) => visible),
    );
  }
  // Everything that the tables describe is there.
  const segments = shards.flatMap((shard) => shard.segments as Values[]);
  expect(segments.some(({ dead }) => (dead as number[]).length > 0)).toBe(true);
  expect(segments.some(({ parts }) => (parts as Values[]).length > 1)).toBe(true);
});

test('the tables read a chunk', () => {
  const { frame, rest } = readBy(TABLES, rows, 'Rows');
  expect(frame).toMatchObject({ magic: 0x43584853, format: 2, kind: 2, b: 5, reserved: 0 });
  const ids = (rest.ids as Values[]).flatMap(({ count, documentId }) =>
    Array<unknown>(count as number).fill(documentId),
  );
  expect(ids).toHaveLength(frame.a as number);
  expect(new Set(ids)).toEqual(new Set([...postings(index)].map(({ documentId }) => documentId)));
  const vectors = rest.vectors as number[];
  (rest.squaredNorms as number[]).forEach((norm, row) => {
    const squares = vectors.slice(5 * row, 5 * row + 5).map((component) => component ** 2);
    expect(norm).toBeCloseTo(
      squares.reduce((sum, square) => sum + square, 0),
      10,
    );
  });
});

test('the tables read a chunk of records', () => {
  const { frame, rest } = readBy(TABLES, records, 'Records');
  expect(frame).toMatchObject({ magic: 0x43584853, format: 2, kind: 3, a: 3, b: 0, reserved: 0 });
  expect(rest.records).toEqual([
    { documentId: 'r0', hasText: 0, hasMetadata: 1, metadata: '{"tags":["a",null]}' },
    { documentId: 'r1', hasText: 1, text: 'Ran', hasMetadata: 1, metadata: '{"year":1985}' },
    { documentId: 'r2', hasText: 1, text: '\ud800', hasMetadata: 0 },
  ]);
});
