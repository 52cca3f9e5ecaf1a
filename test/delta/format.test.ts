// Decodes deltas by the tables of docs/internals/delta-format.md, with a reader that knows nothing but those tables.
import { isDeepStrictEqual } from 'node:util';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Delta, createIndex, diff, encodeDelta, update, writtenPostings } from 'shardex';
import { TableReader, type Tables, type Value, type Values, tablesOf } from '../support/table-reader.js';

const PAGE = readFileSync(new URL('../../docs/internals/delta-format.md', import.meta.url), 'utf8');

interface Decoded {
  readonly header: Values;
  readonly vectors: readonly number[][];
  readonly meta: Values;
}

function decodedByTables(bytes: Uint8Array, tables: Tables): Decoded {
  const reader = new TableReader(bytes, tables);
  const header = reader.structure('Header');
  const { rows, dimensions, metaLength } = header as Record<string, number>;
  const floats = new Float32Array(bytes.slice(reader.at, reader.at + 4 * rows * dimensions).buffer);
  reader.at += floats.byteLength;
  const end = reader.at + metaLength;
  const meta = reader.structure('Metadata', header);
  // Nothing but padding follows, and that is all there is.
  expect(bytes.length).toBe(end);
  expect(end - reader.at).toBeLessThan(4);
  expect([...bytes.subarray(reader.at)].every((byte) => byte === 0)).toBe(true);
  const vectors = Array.from({ length: rows }, (_, row) => [
    ...floats.subarray(row * dimensions, (row + 1) * dimensions),
  ]);
  return { header, vectors, meta };
}

const OPTIONS = { dimensions: 16, shardCapacity: 64 } as const;
const EMPTY = createIndex(OPTIONS);

function vectorOf(i: number): number[] {
  return Array.from({ length: 16 }, (_, d) => Math.sin(i * (d + 1)) + (d === i % 16 ? 2 : 0));
}

/** Enough postings for shards to split, for chunks to change, and for a calibration. */
const FULL = update(EMPTY, (draft) => {
  draft.addPostings(
    Array.from({ length: 2500 }, (_, i) => ({ documentId: `d${i % 1700}`, start: i, vector: vectorOf(i) })),
  );
});
const CHANGED = update(FULL, (draft) => {
  draft.addPosting({ documentId: 'ünï', start: 7, length: 3, vector: vectorOf(-5) });
  draft.addPosting({ documentId: 'lone \ud800', vector: vectorOf(-6) });
  draft.addPosting({ documentId: 'd3', start: 3, vector: vectorOf(-7) });
  draft.removeDocuments(['d1', 'd2']);
  draft.addPostings(Array.from({ length: 200 }, (_, i) => ({ documentId: `new${i}`, vector: vectorOf(i) })));
  draft.putDocument('told', { text: 'x\ud800', metadata: { a: [1, 'ü'] } });
  draft.setMetadata('d9', { b: null });
  draft.setText('d8', 'x'.repeat(4000));
});

const deltas: [string, Delta][] = [
  ['of nothing', diff(FULL, FULL)],
  ['of a whole index', diff(EMPTY, FULL)],
  ['of a change', diff(FULL, CHANGED)],
  ['back', diff(CHANGED, FULL)],
];

function keysOf({ meta }: Decoded, keys: Value): string[] {
  const documents = meta.documentIds as string[];
  return (keys as { document: number; start: number; length: number }[]).map(({ document, start, length }) =>
    JSON.stringify([documents[document], start, length]),
  );
}

test.each(deltas)('the tables decode a delta %s', (_, delta) => {
  const decoded = decodedByTables(encodeDelta(delta), tablesOf(PAGE));
  const { header, meta, vectors } = decoded;
  expect([header.magic, header.format, header.dimensions, header.reserved]).toEqual([0x44584853, 5, 16, 0]);
  expect([meta.base, meta.next]).toEqual([delta.base, delta.next]);

  const postings = new Map(
    [...writtenPostings(delta)].map(({ documentId, start, length, vector }) => [
      JSON.stringify([documentId, start, length]),
      [...vector],
    ]),
  );
  const keys = keysOf(decoded, meta.keys);
  expect(new Map(keys.map((key, row) => [key, vectors[row]]))).toEqual(postings);
  const isUpdated = new Set(meta.updated as number[]);
  const listed = (all: Delta['added']): string[] =>
    all.map(({ documentId, start, length }) => JSON.stringify([documentId, start, length])).sort();
  expect(keys.filter((_, row) => isUpdated.has(row)).sort()).toEqual(listed(delta.updated));
  expect(keys.filter((_, row) => !isUpdated.has(row)).sort()).toEqual(listed(delta.added));
  expect(keysOf(decoded, meta.removed).sort()).toEqual(listed(delta.removed));
  const ids = (places: Value): string[] =>
    (places as number[]).map((place) => (meta.documentIds as string[])[place]).sort();
  expect(ids(meta.addedDocuments)).toEqual(delta.documents.added);
  expect(ids(meta.removedDocuments)).toEqual(delta.documents.removed);

  const records = (meta.records as Values[]).map(({ document, text, metadata }) => ({
    documentId: (meta.documentIds as string[])[document as number],
    text,
    metadata: typeof metadata === 'string' ? (JSON.parse(metadata) as unknown) : undefined,
  }));
  expect(records).toEqual(
    delta.records.map(({ documentId, after }) => ({
      documentId,
      text: after?.text,
      metadata: after?.metadata,
    })),
  );
  expect((meta.records as Values[]).map(({ existed }) => existed)).toEqual(
    delta.records.map(({ before }) => (before === undefined ? 0 : 1)),
  );

  const runs = (meta.shards as Values[]).flatMap(({ segments }) =>
    (segments as Values[]).flatMap((segment) => segment.runs as Values[]),
  );
  const written = runs.filter(({ source }) => source === 0);
  expect(written.reduce((sum, { count }) => sum + (count as number), 0)).toBe(header.rows);
});

test('these deltas have everything that the tables describe', () => {
  const all = deltas.map(([, delta]) => decodedByTables(encodeDelta(delta), tablesOf(PAGE)).meta);
  const shards = all.flatMap((meta) => meta.shards as Values[]);
  const runs = shards.flatMap(({ segments }) =>
    (segments as Values[]).flatMap((one) => one.runs as Values[]),
  );
  const samples = all.flatMap(({ calibration }) =>
    'samples' in (calibration as Values) ? ((calibration as Values).samples as Values[]) : [],
  );
  expect(new Set(shards.map(({ hasCentroid }) => hasCentroid))).toEqual(new Set([0, 1]));
  expect(new Set(samples.map(({ stays }) => stays))).toEqual(new Set([0, 1]));
  expect(runs.some(({ source }) => source !== 0)).toBe(true);
  expect(all.some(({ hasChunks }) => hasChunks === 0) && all.some(({ hasChunks }) => hasChunks === 1)).toBe(
    true,
  );
});

test.each(['Header', 'Metadata', 'Record', 'Shard', 'Segment'])(
  'exchanging two fields of %s misreads some delta',
  (name) => {
    const tables = tablesOf(PAGE);
    const fields = tables.get(name) ?? [];
    for (let i = 1; i < fields.length; i++) {
      if (fields[i].type === fields[i - 1].type) continue;
      const exchanged = new Map(tables).set(name, fields.with(i, fields[i - 1]).with(i - 1, fields[i]));
      const misread = deltas.some(([, delta]) => {
        const bytes = encodeDelta(delta);
        try {
          return !isDeepStrictEqual(decodedByTables(bytes, exchanged), decodedByTables(bytes, tables));
        } catch {
          // It does not even come to an end.
          return true;
        }
      });
      expect(misread, `${fields[i - 1].name}, ${fields[i].name}`).toBe(true);
    }
  },
);
