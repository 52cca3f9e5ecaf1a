import { expect, test } from 'vitest';
import {
  DeltaMismatchError,
  InvalidDeltaError,
  type ShardexIndex,
  applyDelta,
  createIndex,
  decodeDelta,
  diff,
  encodeDelta,
  update,
  updateWithDelta,
} from 'shardex';
import { seededRandom } from '../../src/geometry/random.js';
import { checksumOf } from '../../src/delta/checksum.js';
import { CHECKSUM } from '../../src/delta/encode.js';
import { contents, sent } from './steps.js';

/** A base, and deltas of every kind from it: written, moved, buried and removed rows, splits and merges of shards. */
function examples(): { base: ShardexIndex; deltas: Uint8Array[] } {
  const random = seededRandom(7);
  const posting = (n: number) => ({
    documentId: `d${n}`,
    start: n,
    vector: [random() - 0.5, random() - 0.5],
  });
  const base = createIndex(
    { dimensions: 2, shardCapacity: 8 },
    Array.from({ length: 40 }, (_, n) => posting(n)),
  );
  const grown = update(base, (draft) => {
    draft.addPostings(Array.from({ length: 30 }, (_, n) => posting(100 + n)));
  });
  const shrunk = update(base, (draft) => {
    draft.removeDocuments(Array.from({ length: 25 }, (_, n) => `d${n}`));
  });
  const one = update(base, (draft) => {
    draft.addPosting({ documentId: 'd3', start: 3, vector: [1, 1] });
    draft.removeDocument('d5');
  });
  return { base, deltas: [grown, shrunk, one].map((next) => encodeDelta(diff(base, next))) };
}

const { base, deltas } = examples();

test('bytes that are cut off, too many, or have any one bit flipped are refused', () => {
  for (const bytes of deltas) {
    expect(() => applyDelta(base, decodeDelta(bytes))).not.toThrow();
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeDelta(bytes.slice(0, length))).toThrow(InvalidDeltaError);
    expect(() => decodeDelta(Uint8Array.from([...bytes, 0, 0, 0, 0]))).toThrow(InvalidDeltaError);
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const flipped = bytes.slice();
      flipped[bit >>> 3] ^= 1 << (bit & 7);
      expect(() => decodeDelta(flipped)).toThrow(InvalidDeltaError);
    }
  }
});

test('of 100,000 mutated deltas with a right checksum none does anything but be used or refused', () => {
  const random = seededRandom(42);
  const below = (n: number): number => Math.floor(random() * n);
  const outcomes = { used: 0, undecodable: 0, inapplicable: 0 };
  const metaAt = deltas.map((bytes) => {
    const [, , dimensions, rows] = new Uint32Array(bytes.buffer);
    return 32 + 4 * dimensions * rows;
  });
  for (let n = 0; n < 100_000; n++) {
    const which = n % deltas.length;
    const bytes = deltas[which].slice();
    // The first part of the metadata names the base; beyond it there is more to break.
    const from = below(4) === 0 ? 4 : metaAt[which] + 40;
    for (let left = 1 + below(3); left > 0; left--) {
      const at = from + below(bytes.length - from);
      if (below(4) === 0) bytes.copyWithin(at, from + below(bytes.length - from), bytes.length - below(8));
      else bytes[at] = [0, 1, 0x7f, 0x80, 0xff, below(256), bytes[at] ^ (1 << below(8))][below(7)];
    }
    const words = new Uint32Array(bytes.buffer);
    words.set(checksumOf(words, CHECKSUM), CHECKSUM);
    try {
      const delta = decodeDelta(bytes);
      outcomes.inapplicable++;
      applyDelta(base, delta);
      outcomes.inapplicable--;
      outcomes.used++;
    } catch (error) {
      const typed = error instanceof InvalidDeltaError || error instanceof DeltaMismatchError;
      if (!typed) throw error;
      outcomes.undecodable++;
    }
  }
  outcomes.undecodable -= outcomes.inapplicable;
  // Mutations that only one check ever sees would prove little.
  expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(2000);
}, 120_000);

test('what is claimed and not there is not allocated', () => {
  const huge = deltas[0].slice();
  const words = new Uint32Array(huge.buffer);
  words[3] = 0xffff_ffff;
  words.set(checksumOf(words, CHECKSUM), CHECKSUM);
  expect(() => decodeDelta(huge)).toThrow(InvalidDeltaError);
});

test('what is no delta is refused', () => {
  for (const value of [undefined, null, 'SHXD', {}, new Float32Array(20), [1, 2]])
    expect(() => decodeDelta(value as Uint8Array)).toThrow(InvalidDeltaError);
  for (const value of [undefined, {}, base]) {
    expect(() => encodeDelta(value as never)).toThrow(InvalidDeltaError);
    expect(() => applyDelta(base, value as never)).toThrow(InvalidDeltaError);
  }
});

test('bytes may lie anywhere, and ids come back as they were, even those that are no Unicode', () => {
  const ids = ['\ud800', 'x\udc00y', '😀', 'é'.repeat(5000), '\ufeffbom', '\0'];
  const index = update(createIndex({ dimensions: 1 }), (draft) => {
    for (const documentId of ids) draft.addPosting({ documentId, start: 0xffff_ffff, vector: [-0] });
  });
  const empty = createIndex({ dimensions: 1 });
  const bytes = encodeDelta(diff(empty, index));
  const shifted = new Uint8Array(bytes.length + 3).subarray(3);
  shifted.set(bytes);
  const replica = applyDelta(empty, decodeDelta(shifted));
  expect(contents(replica)).toEqual(contents(index));
  expect(encodeDelta(decodeDelta(shifted))).toEqual(bytes);
});

test('a delta of one posting takes under a kilobyte beside its vector, whatever the index holds', () => {
  const random = seededRandom(1);
  const vector = (): number[] => Array.from({ length: 100 }, () => random() - 0.5);
  const index = createIndex(
    { dimensions: 100, shardCapacity: 64 },
    Array.from({ length: 3000 }, (_, n) => ({ documentId: `document ${n}`, vector: vector() })),
  );
  const added = updateWithDelta(index, (draft) => {
    draft.addPosting({ documentId: 'document 7', vector: vector() });
  });
  expect(encodeDelta(added.delta).length).toBeLessThan(400 + 1024);
  const removed = updateWithDelta(index, (draft) => {
    draft.removeDocument('document 7');
  });
  expect(encodeDelta(removed.delta).length).toBeLessThan(1024);
  expectSame(applyDelta(index, sent(removed.delta)), removed.index);
});

function expectSame(actual: ShardexIndex, expected: ShardexIndex): void {
  expect(actual.fingerprint).toBe(expected.fingerprint);
  expect(contents(actual)).toEqual(contents(expected));
}
