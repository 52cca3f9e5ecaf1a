/* Commits that are replayed for their last version alone: equal to one after the other, without a map of all documents. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ShardexIndex, applyDelta, createIndex, update, verify } from 'shardex';
import { type LoggedEntry, memoryLog, openFollower, openStore } from 'shardex/store';
import { Slices } from '../../src/cell/ingest/slices.js';
import { Commit } from '../../src/delta/commit.js';
import { decodeEntry, encodeEntry } from '../../src/store/entry-bytes.js';
import { Replay } from '../../src/store/replay.js';
import { documentsIn, documentsLater } from '../../src/version/documents-draft.js';
import { eachChangedDocument } from '../../src/version/documents.js';
import { thrownBy } from '../support/thrown.js';
import { numbers, vectorFrom, wholeBytes } from './support/versions.js';

const slices = (): Slices =>
  new Slices(
    5,
    () => undefined,
    () => undefined,
    () => Promise.resolve(),
  );

/** A version as a checkpoint leaves it: without its documents map. */
function withoutMap(index: ShardexIndex): ShardexIndex {
  return { ...index, documents: documentsLater(index.shards) };
}

/** The next version: postings, records with and without them, of few documents and of one that is in many shards. */
function next(index: ShardexIndex, number: () => number): ShardexIndex {
  return update(index, (draft) => {
    for (let i = 1 + Math.floor(number() * 12); i > 0; i--) {
      const documentId = number() < 0.2 ? 'long' : `d${Math.floor(number() * 60)}`;
      const what = number();
      if (what < 0.15) draft.removeDocument(documentId);
      else if (what < 0.25) draft.removePosting({ documentId, start: 0, length: 0 });
      else if (what < 0.4) draft.setMetadata(documentId, { a: Math.floor(number() * 3) });
      else if (what < 0.45) draft.setMetadata(documentId, undefined);
      else draft.addPosting({ documentId, start: Math.floor(number() * 90), vector: vectorFrom(number) });
    }
  });
}

function entryOf(before: ShardexIndex, after: ShardexIndex): LoggedEntry {
  const bytes = encodeEntry(new Commit(before, after), { time: 0 });
  return { version: after.version, token: `t${after.version}`, parent: undefined, bytes };
}

test('equal to applying one after the other: to the byte, in its counts and its documents', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(25), fc.integer({ min: 1, max: 12 }), async (seed, built, batch) => {
      const number = numbers(seed);
      let newest = createIndex({ dimensions: 5, shardCapacity: 12, indexed: ['a'] });
      for (let i = 0; i < built; i++) newest = next(newest, number);
      let single = newest;
      let replayed = withoutMap(newest);
      for (let round = 0; round < 3; round++) {
        const entries: LoggedEntry[] = [];
        while (entries.length < batch) {
          const after = next(newest, number);
          if (after !== newest) entries.push(entryOf(newest, after));
          newest = after;
        }
        const replay = await Replay.of(replayed, entries, slices());
        for (const entry of entries) {
          single = applyDelta(single, decodeEntry(entry).delta);
          const { previous, index } = replay.next(entry);
          expect(previous).toBe(replayed);
          replayed = index;
          expect([index.documentCount, index.placedCount]).toEqual([
            single.documentCount,
            single.placedCount,
          ]);
          expect(index.fingerprint).toBe(single.fingerprint);
        }
        expect(replayed.documents.isMade).toBe(false);
        expect(Buffer.compare(wholeBytes(withoutMap(replayed)), wholeBytes(newest))).toBe(0);
        eachChangedDocument(documentsIn(replayed.shards.values()), newest.documents.value, (documentId) => {
          throw new Error(`Document ${documentId} is elsewhere.`);
        });
      }
      expect([...verify(replayed)]).toEqual([]);
    }),
    { numRuns: 20 },
  );
}, 240_000);

describe('opening a store', () => {
  test.each([
    ['a store', openStore],
    ['a follower', openFollower],
  ])('makes no map of all documents for %s, however many commits there are', async (_, open) => {
    const log = memoryLog();
    const store = await openStore(log, { dimensions: 5, shardCapacity: 40 });
    const number = numbers(7);
    await store.update((draft) => {
      for (let i = 0; i < 300; i++) draft.addPosting({ documentId: `w${i}`, vector: vectorFrom(number) });
    });
    await store.checkpoint();
    for (let i = 0; i < 40; i++)
      await store.update((draft) => {
        if (i % 5 === 4) draft.removeDocument(`w${i}`);
        else draft.addPosting({ documentId: `x${i}`, vector: vectorFrom(number) });
      });
    const opened = await open(memoryLog(log));
    expect(opened.version).toBe(41);
    expect(opened.read().documents.isMade).toBe(false);
    expect(opened.documentCount).toBe(store.documentCount);
    expect(Buffer.compare(wholeBytes(opened.read()), wholeBytes(store.read()))).toBe(0);
    await opened.close();
    await store.close();
  });
});

test('a commit that does not fit is refused by its version', async () => {
  const empty = createIndex({ dimensions: 5 });
  const first = next(empty, numbers(3));
  const entry = entryOf(empty, first);
  const replay = await Replay.of(withoutMap(first), [entry], slices());
  expect(thrownBy(() => replay.next(entry))).toMatchObject({ code: 'LOG_CORRUPT', version: 1 });
});
