import fc from 'fast-check';
import {
  type ApplyOptions,
  DeltaMismatchError,
  InvalidDeltaError,
  InvalidOptionError,
  type Posting,
  type ShardexIndex,
  applyDelta,
  createIndex,
  decodeDelta,
  diff,
  encodeDelta,
  update,
  verify,
} from 'shardex';
import { describe, expect, test } from 'vitest';
import { checksumOf } from '../../src/delta/checksum.js';
import { CHECKSUM } from '../../src/delta/encode.js';
import { gaussianVector, seeded } from '../support/random.js';
import { expectSound } from '../support/sound.js';

/* Deltas that somebody changed and sealed anew, with a right checksum: what they lead to is sound, or an error. */

const OPTIONS = { dimensions: 2, shardCapacity: 8 } as const;

function some(count: number, prefix: string, seed: number): Posting[] {
  const random = seeded(seed);
  return Array.from({ length: count }, (_, i) => ({
    documentId: `${prefix}${i % 20}`,
    start: i,
    vector: gaussianVector(random, 2),
  }));
}

function scene(options: object): { base: ShardexIndex; deltas: Uint8Array[] } {
  const base = createIndex({ ...OPTIONS, ...options }, some(50, 'd', 1));
  const nexts = [
    update(base, (draft) => draft.addPostings(some(30, 'e', 2))),
    update(base, (draft) => draft.addPostings(some(45, 'd', 3))),
    update(base, (draft) => draft.removeDocuments(['d1', 'd2', 'd3', 'd4', 'd5', 'd6'])),
    update(base, (draft) => {
      draft.addPosting({ documentId: 'd3', start: 3, vector: [1, 1] });
      draft.removeDocument('d5');
    }),
  ];
  // The way back gives shard ids back.
  const [grown] = nexts;
  const deltas = nexts.map((next) => encodeDelta(diff(base, next)));
  return { base, deltas: [...deltas, encodeDelta(diff(grown, base))] };
}

const { base, deltas } = scene({});
const strict = scene({ reassign: 'strict' });
const grown = applyDelta(base, decodeDelta(deltas[0]));
const strictGrown = applyDelta(strict.base, decodeDelta(strict.deltas[0]));

function sealed(bytes: Uint8Array): Uint8Array {
  const words = new Uint32Array(bytes.buffer);
  words.set(checksumOf(words, CHECKSUM), CHECKSUM);
  return bytes;
}

/** Where the metadata begins behind the names of both versions. */
function restOf(bytes: Uint8Array): number {
  const [, , dimensions, rows] = new Uint32Array(bytes.buffer);
  return 32 + 4 * dimensions * rows + 36;
}

const edit = fc.record({
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  how: fc.oneof(
    fc.record({ kind: fc.constant('byte' as const), byte: fc.oneof(fc.nat(255), fc.nat(9)) }),
    fc.record({ kind: fc.constant('more' as const), byte: fc.constantFrom(1, 255, 2, 254) }),
    fc.record({ kind: fc.constant('copy' as const), byte: fc.nat(12) }),
  ),
});

type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

function edited(original: Uint8Array, edits: readonly Edit[]): Uint8Array {
  const bytes = original.slice();
  const from = restOf(bytes);
  for (const { at, how } of edits) {
    const place = from + Math.floor(at * (bytes.length - from));
    if (how.kind === 'byte') bytes[place] = how.byte;
    else if (how.kind === 'more') bytes[place] += how.byte;
    else bytes.copyWithin(place, place + how.byte);
  }
  return sealed(bytes);
}

/** What a forgery leads to, if it is not refused as it should be. */
function applied(from: ShardexIndex, bytes: Uint8Array, options?: ApplyOptions): ShardexIndex | undefined {
  try {
    return applyDelta(from, decodeDelta(bytes), options);
  } catch (error) {
    if (error instanceof InvalidDeltaError || error instanceof DeltaMismatchError) return undefined;
    throw error;
  }
}

const forgery = fc.tuple(fc.nat(deltas.length - 1), fc.array(edit, { minLength: 1, maxLength: 3 }));

describe('of many sealed mutations', () => {
  test('those that are applied lead to a version that is sound, and stays so when it is written to', () => {
    let used = 0;
    let refused = 0;
    fc.assert(
      fc.property(forgery, ([which, edits]) => {
        const from = which === deltas.length - 1 ? grown : base;
        const next = applied(from, edited(deltas[which], edits));
        if (next === undefined) {
          refused++;
          return;
        }
        used++;
        expectSound(next);
        if (used % 8 !== 0) return;
        const after = update(next, (draft) => draft.addPostings(some(40, 'f', 4)));
        expect(after.postingCount).toBe(next.postingCount + 40);
        expectSound(after);
      }),
      { numRuns: 6000, seed: 17 },
    );
    expect(Math.min(used, refused)).toBeGreaterThan(300);
  }, 120_000);

  test('those that are verified are sound in all respects, also where every posting has to be in its nearest shard', () => {
    fc.assert(
      fc.property(forgery, ([which, edits]) => {
        const from = which === deltas.length - 1 ? strictGrown : strict.base;
        const bytes = edited(strict.deltas[which], edits);
        const next = applied(from, bytes, { verify: true });
        if (next !== undefined) expectSound(next);
      }),
      { numRuns: 2000, seed: 3 },
    );
  }, 120_000);
});

describe('refused is', () => {
  test('a next shard id that is in use, forwards and on the way back', () => {
    for (const [from, bytes] of [
      [base, deltas[2]],
      [grown, deltas[4]],
    ] as const) {
      const forged = bytes.slice();
      forged[restOf(forged)] = 1;
      expect(() => applyDelta(from, decodeDelta(sealed(forged)))).toThrow(/next shard id/);
    }
  });

  test('a posting whose key is there already, in a document of many shards', () => {
    const one = update(base, (draft) => {
      draft.addPosting({ documentId: 'd3', start: 77, vector: [1, 1] });
    });
    const bytes = encodeDelta(diff(base, one));
    const at = bytes.lastIndexOf(77, restOf(bytes) + 20);
    expect(bytes[at]).toBe(77);
    for (const start of [3, 23, 43]) {
      bytes[at] = start;
      expect(() => applyDelta(base, decodeDelta(sealed(bytes)))).toThrow(/there already/);
    }
    bytes[at] = 78;
    expectSound(applyDelta(base, decodeDelta(sealed(bytes))));
  });

  test('a posting in a shard that is not its nearest, where that is looked at', () => {
    const forged = strict.deltas[0].slice();
    const vectors = new Float32Array(forged.buffer, 32, 2 * new Uint32Array(forged.buffer)[3]);
    for (let i = 0; i < vectors.length; i++) vectors[i] = -vectors[i];
    sealed(forged);
    expect(applied(strict.base, forged)?.postingCount).toBe(80);
    expect(() => applyDelta(strict.base, decodeDelta(forged), { verify: true })).toThrow(/\(I6\)/);
    expect(applied(strict.base, strict.deltas[0], { verify: true })?.postingCount).toBe(80);
  });

  test('an option that is none', () => {
    for (const options of [{ verify: 1 }, { verified: true }])
      expect(() => applyDelta(base, decodeDelta(deltas[0]), options as never)).toThrow(InvalidOptionError);
  });
});

test('the checker reports what is broken beyond looking at, instead of failing itself', () => {
  for (const broken of [
    { centroids: createIndex(OPTIONS).centroids },
    { documents: undefined },
    { shards: base.shards.map((shard) => ({ ...shard, rows: undefined })) },
    { shards: base.shards.map((shard) => ({ ...shard, centroid: undefined })) },
  ]) {
    const found = verify(Object.freeze({ ...base, ...broken }) as unknown as ShardexIndex);
    expect(found.length).toBeGreaterThan(0);
  }
});
