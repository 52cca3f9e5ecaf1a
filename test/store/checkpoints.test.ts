import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ShardexIndex,
  ShardexError,
  createIndex,
  documentIds,
  hasDocument,
  postings,
  update,
  verify,
} from 'shardex';
import { type CommitLog, CorruptLogError, memoryLog } from 'shardex/store';
import { ByteWriter } from '../../src/delta/bytes.js';
import { Checkpointer } from '../../src/store/checkpoint/checkpointer.js';
import { FRAME, KINDS, framed } from '../../src/store/checkpoint/frame.js';
import { decodeManifest } from '../../src/store/checkpoint/manifest.js';
import { type ReadCheckpoint, readCheckpoint } from '../../src/store/checkpoint/read-checkpoint.js';
import { decodeRows } from '../../src/store/checkpoint/row-chunk.js';
import { atOnce, changed, numbers, smallIndex, vectorFrom, wholeBytes } from './support/versions.js';

async function openedLog(): Promise<CommitLog> {
  const log = memoryLog();
  await log.open(new Uint8Array());
  return log;
}

function tokensOf({ version }: ShardexIndex): { version: number; token: string }[] {
  return [{ version, token: `t${version}` }];
}

async function reread(log: CommitLog, { config, version }: ShardexIndex): Promise<ReadCheckpoint> {
  const checkpoint = await log.latestCheckpoint(version);
  if (checkpoint === undefined) throw new Error('no checkpoint');
  return readCheckpoint(log, checkpoint, config, atOnce);
}

/** A chunk of two rows of two dimensions, with these ids, each for so many rows. */
function rowsWith(ids: readonly (readonly [number, string])[]): Uint8Array {
  const out = new ByteWriter();
  for (const [rows, id] of ids) {
    out.number(rows);
    out.text(id);
  }
  const bytes = out.padded();
  const from = FRAME + 2 * (6 + 2);
  const words = new Uint32Array(from + bytes.length / 4);
  new Uint8Array(words.buffer).set(bytes, 4 * from);
  return framed(words, KINDS.rows, [2, 2]);
}

function expectSame(found: ShardexIndex, wanted: ShardexIndex): void {
  const { version, fingerprint, postingCount, documentCount, shardCount, byteLength } = wanted;
  expect(found).toMatchObject({ version, fingerprint, postingCount, documentCount, shardCount, byteLength });
  expect(Buffer.compare(wholeBytes(found), wholeBytes(wanted))).toBe(0);
  expect(verify(found).filter(({ invariant }) => invariant !== 'I6')).toEqual([]);
}

describe('a checkpoint', () => {
  test('read back is the version that was kept, and both go on alike', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.array(fc.constantFrom('change', 'small', 'checkpoint', 'reopen'), { maxLength: 25 }),
        async (seed, steps) => {
          const log = await openedLog();
          const next = numbers(seed);
          let index = changed(smallIndex(), next, 200);
          let checkpointer = new Checkpointer(log);
          for (const step of steps) {
            if (step === 'change') index = changed(index, next);
            else if (step === 'small') index = changed(index, next, 2);
            else {
              await checkpointer.take(index, tokensOf(index), atOnce);
              const read = await reread(log, index);
              expectSame(read.index, index);
              if (step === 'checkpoint') continue;
              // Goes on with what was read, as the next process does.
              index = read.index;
              checkpointer = new Checkpointer(log, read.written);
            }
            const twin = changed(index, numbers(seed + 1), 3);
            expect(wholeBytes(changed(index, numbers(seed + 1), 3))).toEqual(wholeBytes(twin));
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  test('a version that was read goes on to the same versions as the one that was kept', async () => {
    const next = numbers(7);
    let index = smallIndex();
    for (let i = 0; i < 12; i++) index = changed(index, next);
    const log = await openedLog();
    await new Checkpointer(log).take(index, tokensOf(index), atOnce);
    let { index: other } = await reread(log, index);
    for (let i = 0; i < 25; i++) {
      index = changed(index, numbers(i));
      other = changed(other, numbers(i));
      expectSame(other, index);
    }
    // And branches of it, which copy blocks whose room another one took.
    const branches = [1, 2].map((seed) => changed(other, numbers(seed)));
    expect(wholeBytes(branches[0])).toEqual(wholeBytes(changed(index, numbers(1))));
    expect(branches[1].fingerprint).toBe(changed(index, numbers(2)).fingerprint);
  });

  test('branches of a version that was read copy blocks with rows that were dead by then', async () => {
    const next = numbers(4);
    const posting = (i: number): { documentId: string; vector: number[] } => ({
      documentId: `d${i}`,
      vector: vectorFrom(next),
    });
    const all = createIndex(
      { dimensions: 5 },
      Array.from({ length: 200 }, (_, i) => posting(i)),
    );
    // A second block, with room behind its rows. Sixteen ids make one text: of the first, none is kept.
    let index = all;
    for (let i = 200; i < 220; i++) {
      const more = posting(i);
      index = update(index, (draft) => {
        draft.addPosting(more);
      });
    }
    index = update(index, (draft) => {
      draft.removeDocuments(Array.from({ length: 17 }, (_, i) => `d${200 + i}`));
    });
    const log = await openedLog();
    await new Checkpointer(log).take(index, tokensOf(index), atOnce);
    const { index: read } = await reread(log, index);
    for (const [i, from] of [read, read, read].entries()) {
      const more = Array.from({ length: 3 }, (_, j) => posting(1000 + 100 * i + j));
      const branch = update(from, (draft) => {
        draft.addPostings(more);
      });
      expect(branch.postingCount).toBe(index.postingCount + 3);
      expect([...verify(branch)]).toEqual([]);
    }
  });

  test('an empty version', async () => {
    const index = smallIndex();
    const log = await openedLog();
    await new Checkpointer(log).take(index, [{ version: 0, token: 'none' }], atOnce);
    const { index: read } = await reread(log, index);
    expect(read.fingerprint).toBe(index.fingerprint);
    expect(
      update(read, (draft) => {
        draft.addPosting({ documentId: 'a', vector: [1, 0, 0, 0, 0] });
      }).postingCount,
    ).toBe(1);
  });

  test('ids of any kind come back', async () => {
    const ids = ['a', 'ä', '\u{1f600}', '\ud800', 'x'.repeat(300), ' ', '0', 'a'.repeat(70)];
    const index = createIndex(
      { dimensions: 2 },
      ids.map((documentId, i) => ({ documentId, start: i, length: 7, vector: [i, 1] })),
    );
    const log = await openedLog();
    await new Checkpointer(log).take(index, tokensOf(index), atOnce);
    const { index: read } = await reread(log, index);
    for (const id of ids) expect(hasDocument(read, id)).toBe(true);
    expectSame(read, index);
  });

  test('of a version that changed little costs little, and finds old rows where they are', async () => {
    const next = numbers(3);
    let index = createIndex(
      { dimensions: 64, shardCapacity: 200 },
      Array.from({ length: 6_000 }, (_, i) => ({
        documentId: `d${i}`,
        vector: Array.from({ length: 64 }, () => next() - 0.5),
      })),
    );
    const log = await openedLog();
    const checkpointer = new Checkpointer(log);
    const whole = await checkpointer.take(index, tokensOf(index), atOnce);
    expect(whole.totalBytes).toBeLessThan(1.15 * 6_000 * (4 * 64 + 24) + 300_000);
    index = update(index, (draft) => {
      for (let i = 0; i < 60; i++)
        draft.addPosting({ documentId: `n${i}`, vector: Array.from({ length: 64 }, () => next() - 0.5) });
    });
    const cost = await checkpointer.take(index, tokensOf(index), atOnce);
    // What one percent of new rows costs, with the splits that they cause.
    expect(cost.putBytes + cost.manifestBytes).toBeLessThan(0.16 * whole.totalBytes);
    expectSame((await reread(log, index)).index, index);
    // Nothing has changed: nothing is put.
    expect((await checkpointer.take(index, tokensOf(index), atOnce)).putBytes).toBe(0);
    const reopened = await reread(log, index);
    const again = new Checkpointer(log, reopened.written);
    expect((await again.take(reopened.index, tokensOf(index), atOnce)).putBytes).toBe(0);
  });

  test('puts the rows of chunks again that are mostly dead, so that they can be collected', async () => {
    const next = numbers(5);
    const log = await openedLog();
    const checkpointer = new Checkpointer(log);
    let index = smallIndex();
    for (let i = 0; i < 40; i++) {
      index = changed(index, next);
      await checkpointer.take(index, tokensOf(index), atOnce);
      const manifest = decodeManifest((await log.latestCheckpoint())?.manifest ?? new Uint8Array());
      // Of each chunk, half of the rows are live at least.
      expect(manifest.chunks.reduce((sum, { rows }) => sum + rows, 0)).toBeLessThanOrEqual(
        2 * index.postingCount,
      );
    }
    const latest = await log.latestCheckpoint();
    expect(latest?.chunks.length).toBeLessThan(20);
  });

  test('is made again where another process has collected its chunks', async () => {
    const log = await openedLog();
    const checkpointer = new Checkpointer(log);
    let index = changed(smallIndex(), numbers(1), 100);
    await checkpointer.take(index, tokensOf(index), atOnce);
    index = changed(index, numbers(2));
    // The other one has a checkpoint of its own, and drops what that does not need.
    await log.commitCheckpoint({
      version: index.version + 1,
      token: 'x',
      manifest: new Uint8Array(),
      chunks: [],
    });
    await log.trim(index.version + 1);
    await checkpointer.take(index, tokensOf(index), atOnce);
    expectSame((await reread(log, index)).index, index);
  });
});

describe('damage', () => {
  test('any byte of a manifest or a chunk that is not what it was is an error', async () => {
    const index = changed(smallIndex(), numbers(1), 30);
    const log = await openedLog();
    await new Checkpointer(log).take(index, tokensOf(index), atOnce);
    const checkpoint = await log.latestCheckpoint();
    if (checkpoint === undefined) throw new Error('no checkpoint');
    const chunks = new Map<string, Uint8Array>();
    for (const key of checkpoint.chunks) chunks.set(key, await log.chunk(key));
    const read = (manifest: Uint8Array, changedChunk?: Uint8Array): Promise<ReadCheckpoint> => {
      const damaged = {
        ...log,
        // What reads it may do away with it.
        chunk: (key: string) => Promise.resolve((changedChunk ?? (chunks.get(key) as Uint8Array)).slice()),
      };
      return readCheckpoint(damaged, { ...checkpoint, manifest }, index.config, atOnce);
    };
    expectSame((await read(checkpoint.manifest)).index, index);
    const [chunk] = chunks.values();
    for (const [bytes, reading] of [
      [checkpoint.manifest, (flipped: Uint8Array) => read(flipped)],
      [chunk, (flipped: Uint8Array) => read(checkpoint.manifest, flipped)],
    ] as const) {
      for (let at = 0; at < bytes.length; at++) {
        const flipped = bytes.slice();
        flipped[at] ^= 1 << (at % 8);
        const error: unknown = await reading(flipped).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(error, `byte ${at}`).toBeInstanceOf(ShardexError);
      }
      for (const end of [0, 4, 31, 32, 100, bytes.length - 4, bytes.length - 1])
        await expect(reading(bytes.slice(0, end))).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
    }
  });

  test.each([
    ['an id of nothing', [[2, '']]],
    [
      'an id of nothing behind another',
      [
        [1, 'a'],
        [1, ''],
      ],
    ],
    [
      'an id of no row',
      [
        [0, 'a'],
        [2, 'b'],
      ],
    ],
    ['ids of more rows than there are', [[3, 'a']]],
    ['ids of fewer rows', [[1, 'a']]],
    [
      'ids behind the last row',
      [
        [2, 'a'],
        [1, 'b'],
      ],
    ],
  ] as [string, [number, string][]][])(
    'a chunk of rows with %s is refused, though its checksum is right',
    (_, ids) => {
      expect(
        decodeRows(
          rowsWith([
            [1, 'ä'],
            [1, 'b'],
          ]),
          2,
        ).rows,
      ).toBe(2);
      expect(() => decodeRows(rowsWith(ids), 2)).toThrow(CorruptLogError);
    },
  );

  test('a manifest that contradicts itself is refused, though its checksum is right', async () => {
    const index = changed(smallIndex(), numbers(1), 30);
    const log = await openedLog();
    await new Checkpointer(log).take(index, tokensOf(index), atOnce);
    const checkpoint = await log.latestCheckpoint();
    if (checkpoint === undefined) throw new Error('no checkpoint');
    for (const wrong of [{ version: 9 }, { token: 'other' }])
      await expect(
        readCheckpoint(log, { ...checkpoint, ...wrong }, index.config, atOnce),
      ).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
    const other = { ...index.config, dimensions: 6 };
    await expect(readCheckpoint(log, checkpoint, other, atOnce)).rejects.toMatchObject({
      code: 'LOG_CORRUPT',
    });
  });
});

/** Kept bytes: what this version of the library cannot read any more, no file of its users can be read from. */
describe.each([1, 2])('the golden checkpoint of format %i', (format) => {
  const at = (name: string): URL => new URL(`golden/${name}`, import.meta.url);
  const golden = (): ShardexIndex => {
    const next = numbers(42);
    let index = smallIndex();
    for (let i = 0; i < 14; i++) index = changed(index, next, 80);
    return index;
  };

  test.runIf(process.env.STORE_GOLDEN === 'write' && format === 2)('is written', async () => {
    const index = golden();
    const log = await openedLog();
    await new Checkpointer(log).take(index, tokensOf(index), atOnce);
    const checkpoint = await log.latestCheckpoint();
    if (checkpoint === undefined) throw new Error('no checkpoint');
    if (checkpoint.chunks.length !== 1) throw new Error('The golden checkpoint has one chunk.');
    writeFileSync(at(`checkpoint-${format}.manifest`), checkpoint.manifest);
    writeFileSync(at(`checkpoint-${format}.rows`), await log.chunk(checkpoint.chunks[0]));
    writeFileSync(at(`checkpoint-${format}.json`), `${JSON.stringify(contentsOf(index))}\n`);
  });

  test('is read', async () => {
    const manifest = new Uint8Array(readFileSync(at(`checkpoint-${format}.manifest`)));
    const { version, token, chunks } = decodeManifest(manifest);
    const log = {
      chunk: () => Promise.resolve(new Uint8Array(readFileSync(at(`checkpoint-${format}.rows`)))),
    };
    const checkpoint = { version, token, manifest, chunks: chunks.map(({ key }) => key) };
    const { index } = await readCheckpoint(
      log as unknown as CommitLog,
      checkpoint,
      smallIndex().config,
      atOnce,
    );
    expect(contentsOf(index)).toEqual(JSON.parse(readFileSync(at(`checkpoint-${format}.json`), 'utf8')));
    expect([...verify(index)]).toEqual([]);
  });
});

/** What somebody sees of a version. */
function contentsOf(index: ShardexIndex): unknown {
  const { version, fingerprint, postingCount, documentCount, shardCount, byteLength } = index;
  const all = [...documentIds(index)].sort().flatMap((documentId) =>
    postings(index, documentId).map(({ start, length, vector }) => ({
      documentId,
      start,
      length,
      vector: [...vector],
    })),
  );
  return { version, fingerprint, postingCount, documentCount, shardCount, byteLength, postings: all };
}
