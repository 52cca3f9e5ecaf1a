/* Records in checkpoints: what was kept comes back, a small edit costs what changed, and damage is refused. */

import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  type DocumentRecord,
  type Filter,
  type IndexDraft,
  type ShardexIndex,
  ShardexError,
  count,
  createIndex,
  documentIds,
  getDocument,
  update,
  verify,
} from 'shardex';
import { type CommitLog, memoryLog, openStore } from 'shardex/store';
import { Checkpointer } from '../../src/store/checkpoint/checkpointer.js';
import { KINDS } from '../../src/store/checkpoint/frame.js';
import { decodeManifest, encodeManifest } from '../../src/store/checkpoint/manifest.js';
import { type ReadCheckpoint, readCheckpoint } from '../../src/store/checkpoint/read-checkpoint.js';
import { runSteps } from '../../src/collections/steps.js';
import { atOnce, numbers, vectorFrom, wholeBytes } from './support/versions.js';

interface Film {
  year: number;
  tags: string[];
  note?: { by: string };
}

const OPTIONS = { dimensions: 5, shardCapacity: 40, indexed: ['year', 'tags'] } as const;

function films(): ShardexIndex<Film> {
  return createIndex<Film>(OPTIONS);
}

/** The next version: records come, change and go, with postings and without. */
function edited(index: ShardexIndex<Film>, next: () => number, edits: number): ShardexIndex<Film> {
  return update(index, (draft) => {
    edit(draft, next, edits);
  });
}

function edit(draft: IndexDraft<Film>, next: () => number, edits: number): void {
  const pick = (most: number): number => Math.floor(next() * most);
  for (let i = 0; i < edits; i++) {
    const documentId = ['d', 'ä\ud800', 'x'.repeat(70)][pick(3)] + String(pick(60));
    const metadata: Film = {
      year: 1990 + pick(9),
      tags: Array.from({ length: pick(3) }, () => `t${pick(5)}`),
    };
    switch (pick(6)) {
      case 0:
        draft.removeDocument(documentId);
        break;
      case 1:
        draft.setMetadata(documentId, next() < 0.3 ? undefined : metadata);
        break;
      case 2:
        draft.addPosting({ documentId, start: 0, length: 0, vector: vectorFrom(next) });
        break;
      default:
        draft.putDocument(documentId, {
          ...(next() < 0.7 && { text: ['', 'Alien', 'Ran \u{1f600} \udfff', 'y'.repeat(500)][pick(4)] }),
          ...(next() < 0.7 && { metadata: next() < 0.5 ? metadata : { ...metadata, note: { by: 'ü' } } }),
          postings: next() < 0.6 ? [{ vector: vectorFrom(next) }] : [],
        });
    }
  }
}

function recordsOf(index: ShardexIndex<Film>): [string, DocumentRecord<Film> | undefined][] {
  return [...documentIds(index)].sort().map((id) => [id, getDocument(index, id)]);
}

function expectSame(found: ShardexIndex<Film>, wanted: ShardexIndex<Film>): void {
  const { version, fingerprint, postingCount, documentCount, placedCount, recordBytes } = wanted;
  expect(found).toMatchObject({
    version,
    fingerprint,
    postingCount,
    documentCount,
    placedCount,
    recordBytes,
  });
  expect(recordsOf(found)).toEqual(recordsOf(wanted));
  for (const [, record] of recordsOf(found)) {
    expect(Object.isFrozen(record)).toBe(true);
    expect(record?.metadata === undefined || Object.isFrozen(record.metadata.tags)).toBe(true);
  }
  const filter: Filter<Film> = { year: { $gte: 1994 }, tags: 't1' };
  expect(count(found, filter)).toBe(count(wanted, filter));
  expect(verify(found).filter(({ invariant }) => invariant !== 'I6')).toEqual([]);
  expect(Buffer.compare(wholeBytes(found), wholeBytes(wanted))).toBe(0);
}

async function openedLog(): Promise<CommitLog> {
  const log = memoryLog();
  await log.open(new Uint8Array());
  return log;
}

const tokensOf = ({ version }: ShardexIndex): { version: number; token: string }[] => [
  { version, token: `t${version}` },
];

async function reread(log: CommitLog, { config, version }: ShardexIndex): Promise<ReadCheckpoint> {
  const checkpoint = await log.latestCheckpoint(version);
  if (checkpoint === undefined) throw new Error('no checkpoint');
  return readCheckpoint(log, checkpoint, config, atOnce);
}

describe('a checkpoint', () => {
  test('keeps the records of a version, however it came to them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.array(fc.constantFrom('edit', 'one', 'checkpoint', 'reopen'), { maxLength: 15 }),
        async (seed, steps) => {
          const log = await openedLog();
          const next = numbers(seed);
          let index = edited(films(), next, 150);
          let checkpointer = new Checkpointer(log);
          for (const step of [...steps, 'checkpoint']) {
            if (step === 'edit' || step === 'one') index = edited(index, next, step === 'one' ? 1 : 40);
            else {
              await checkpointer.take(index, tokensOf(index), atOnce);
              const read = await reread(log, index);
              const found = read.index as ShardexIndex<Film>;
              expectSame(found, index);
              if (step === 'checkpoint') continue;
              index = found;
              checkpointer = new Checkpointer(log, read.written);
            }
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  test('after one edited record puts the bucket of that record', async () => {
    const text = 'Every word counts. '.repeat(200);
    let index = update(films(), (draft) => {
      for (let i = 0; i < 2000; i++)
        draft.putDocument(`d${i}`, { text: `${text}${i}`, metadata: { year: i, tags: [] } });
    });
    const log = await openedLog();
    let checkpointer = new Checkpointer(log);
    const whole = await checkpointer.take(index, tokensOf(index), atOnce);
    const most = whole.putBytes / 20;
    const costOf = async (documentId: string): Promise<number> => {
      index = update(index, (draft) => {
        draft.setMetadata(documentId, { year: 1, tags: ['new'] });
      });
      const { putBytes } = await checkpointer.take(index, tokensOf(index), atOnce);
      expectSame((await reread(log, index)).index, index);
      return putBytes;
    };
    const cost = await costOf('d7');
    expect(cost).toBeGreaterThan(text.length);
    expect(cost).toBeLessThan(most);
    // The same where the chunks are those of an earlier process, which had changed nothing.
    const read = await reread(log, index);
    index = read.index;
    checkpointer = new Checkpointer(log, read.written);
    expect((await checkpointer.take(index, tokensOf(index), atOnce)).putBytes).toBe(0);
    expect(await costOf('d1999')).toBeLessThan(most);
    // Records that go, in so far as their buckets are left with others.
    index = update(index, (draft) => {
      draft.removeDocument('d3');
    });
    expect((await checkpointer.take(index, tokensOf(index), atOnce)).putBytes).toBeLessThan(most);
    expectSame((await reread(log, index)).index, index);
    // And all of them.
    index = update(index, (draft) => {
      draft.removeDocuments([...documentIds(index)]);
    });
    expect((await checkpointer.take(index, tokensOf(index), atOnce)).putBytes).toBe(0);
    expectSame((await reread(log, index)).index, index);
  });

  test('is made again where another process has collected the chunks of its records', async () => {
    const log = await openedLog();
    const checkpointer = new Checkpointer(log);
    let index = edited(films(), numbers(1), 50);
    await checkpointer.take(index, tokensOf(index), atOnce);
    index = update(index, (draft) => {
      draft.addPosting({ documentId: 'new', vector: [1, 2, 3, 4, 5] });
    });
    const version = index.version + 1;
    await log.commitCheckpoint({ version, token: 'x', manifest: new Uint8Array(), chunks: [] });
    await log.trim(version);
    await checkpointer.take(index, tokensOf(index), atOnce);
    expectSame((await reread(log, index)).index, index);
  });
});

describe('damage', () => {
  test('any byte of a chunk of records that is not what it was is an error', async () => {
    const index = edited(films(), numbers(2), 8);
    const log = await openedLog();
    await new Checkpointer(log).take(index, tokensOf(index), atOnce);
    const checkpoint = await log.latestCheckpoint();
    const chunk = decodeManifest(checkpoint?.manifest ?? new Uint8Array()).chunks.find(
      ({ kind }) => kind === KINDS.records,
    );
    if (checkpoint === undefined || chunk === undefined) throw new Error('no records');
    const bytes = await log.chunk(chunk.key);
    const read = (changed: Uint8Array): Promise<ReadCheckpoint> => {
      const ask = (key: string): Promise<Uint8Array> =>
        key === chunk.key ? Promise.resolve(changed) : log.chunk(key);
      return readCheckpoint({ ...log, chunk: ask }, checkpoint, index.config, atOnce);
    };
    expectSame((await read(bytes.slice())).index, index);
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.slice();
      flipped[at] ^= 1 << (at % 8);
      await expect(read(flipped), `byte ${at}`).rejects.toBeInstanceOf(ShardexError);
    }
    for (const end of [0, 4, 32, bytes.length - 4])
      await expect(read(bytes.slice(0, end))).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
  });

  test('a manifest whose counts or buckets are not those of its records is refused', async () => {
    const index = edited(films(), numbers(3), 60);
    const log = await openedLog();
    await new Checkpointer(log).take(index, tokensOf(index), atOnce);
    const checkpoint = await log.latestCheckpoint();
    if (checkpoint === undefined) throw new Error('no checkpoint');
    const manifest = decodeManifest(checkpoint.manifest);
    const of = manifest.chunks.findIndex(({ kind }) => kind === KINDS.records);
    const read = (changes: object): Promise<ReadCheckpoint> => {
      const bytes = runSteps(encodeManifest({ ...manifest, ...changes }));
      return readCheckpoint(log, { ...checkpoint, manifest: bytes }, index.config, atOnce);
    };
    expectSame((await read({})).index, index);
    for (const changes of [
      { recordBytes: manifest.recordBytes + 2 },
      { placedCount: manifest.postingCount + 1 },
      { documentCount: manifest.placedCount - 1 },
      { documentCount: manifest.placedCount + index.records.size + 1 },
      { buckets: [] },
      { buckets: [undefined] },
      { buckets: [of, of] },
      { buckets: [of, undefined, undefined] },
      // In the wrong bucket: of two, some belong into the other.
      { buckets: [of, undefined] },
      {
        chunks: manifest.chunks.map((one) =>
          one.kind === KINDS.records ? { ...one, rows: one.rows + 1 } : one,
        ),
      },
      { chunks: manifest.chunks.map((one) => ({ ...one, kind: KINDS.rows })) },
      { chunks: manifest.chunks.map((one) => ({ ...one, kind: KINDS.records })) },
    ])
      await expect(read(changes), JSON.stringify(changes)).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
  });
});

describe('a store', () => {
  test('opened again has its records, from a checkpoint and from what came after it', async () => {
    const log = memoryLog();
    let store = await openStore<Film>(log, OPTIONS);
    let twin = films();
    const next = numbers(11);
    const reopen = async (): Promise<void> => {
      await store.close();
      store = await openStore<Film>(memoryLog(log));
      expect(store.read().config.indexed).toEqual(['year', 'tags']);
      expectSame(store.read(), twin);
    };
    const commit = async (edits: number): Promise<void> => {
      const seed = Math.floor(next() * 1e6);
      twin = edited(twin, numbers(seed), edits);
      await store.update((draft) => {
        edit(draft, numbers(seed), edits);
      });
    };
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 5; i++) await commit(30);
      await store.checkpoint();
      await reopen();
      for (let i = 0; i < 3; i++) await commit(10);
      await reopen();
    }
    expect((await store.load(store.version)).records.size).toBeGreaterThan(20);
    await store.close();
  });

  test('takes whole documents in an ingest, typed as its metadata', async () => {
    const store = await openStore<Film>(memoryLog(), OPTIONS);
    expectTypeOf(store.read()).toEqualTypeOf<ShardexIndex<Film>>();
    const { index } = await store.ingest([
      {
        documentId: 'a',
        text: 'Alien',
        metadata: { year: 1979, tags: [] },
        postings: [{ vector: [1, 0, 0, 0, 0] }],
      },
      { documentId: 'b', vector: [0, 1, 0, 0, 0] },
    ]);
    expect(getDocument(index, 'a')?.metadata?.year).toBe(1979);
    expect(index.documentCount).toBe(2);
    const writer = store.cloneForWrite();
    writer.editMetadata('a', (film) => {
      film.year++;
    });
    expect(() => {
      // @ts-expect-error -- A film's year is a number.
      writer.setMetadata('a', { year: Symbol('x'), tags: [] });
    }).toThrow(ShardexError);
    await writer.commitChanges();
    expect(getDocument(store.read(), 'a')?.metadata?.year).toBe(1980);
    await store.close();
  });
});
