// Vectors may be any typed arrays of numbers, wherever a vector is taken.
import {
  CowShardexIndex,
  type NumberArray,
  type Posting,
  type VectorInput,
  createIndex,
  distance,
  measureRecall,
  merge,
  openRemoteWriter,
  postings,
  search,
  searchMany,
  serveReplicas,
  update,
} from 'shardex';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

type Make = (numbers: readonly number[]) => NumberArray;

/** Every kind of typed array of numbers that this engine has. */
const KINDS: [string, Make][] = [
  ['Float32Array', (numbers) => Float32Array.from(numbers)],
  ['Float64Array', (numbers) => Float64Array.from(numbers)],
  ['Int8Array', (numbers) => Int8Array.from(numbers)],
  ['Uint8Array', (numbers) => Uint8Array.from(numbers)],
  ['Uint8ClampedArray', (numbers) => Uint8ClampedArray.from(numbers)],
  ['Int16Array', (numbers) => Int16Array.from(numbers)],
  ['Uint16Array', (numbers) => Uint16Array.from(numbers)],
  ['Int32Array', (numbers) => Int32Array.from(numbers)],
  ['Uint32Array', (numbers) => Uint32Array.from(numbers)],
  ['Buffer', (numbers) => Buffer.from(numbers)],
  ['a part of a larger buffer', (numbers) => Float64Array.from([9, ...numbers, 9]).subarray(1, -1)],
];
const { Float16Array } = globalThis as { Float16Array?: { from: Make } };
if (Float16Array !== undefined) KINDS.push(['Float16Array', (numbers) => Float16Array.from(numbers)]);

const OPTIONS = { dimensions: 3, metric: 'euclidean' } as const;
const numbers = fc.array(fc.double({ min: -300, max: 300, noNaN: true }), { minLength: 3, maxLength: 3 });
const PLAIN: Posting[] = [1, 2, 3].map((i) => ({ documentId: `p${i}`, vector: [i, 2 * i, 100 - i] }));

describe.each(KINDS)('a vector as %s is as one of the numbers in it', (_, make) => {
  const both = fc.array(numbers, { minLength: 4, maxLength: 4 }).map((rows) => {
    const typed = rows.map(make);
    return { typed, listed: typed.map((each): VectorInput => [...each]) };
  });
  const postingsOf = (vectors: readonly VectorInput[]): Posting[] =>
    vectors.map((vector, i) => ({ documentId: `d${i}`, vector }));

  test('in postings and in queries', () => {
    fc.assert(
      fc.property(both, ({ typed, listed }) => {
        const [one, other] = [typed, listed].map((vectors) =>
          update(createIndex(OPTIONS, postingsOf(vectors)), (draft) => {
            draft.replaceDocument('d0', [{ documentId: 'd0', start: 1, vector: vectors[1] }]);
          }),
        );
        expect(one.fingerprint).toBe(other.fingerprint);
        expect(postings(one, 'd0')).toEqual(postings(other, 'd0'));
        expect(search(one, typed[2], { k: 9 })).toEqual(search(other, listed[2], { k: 9 }));
        expect(searchMany(one, typed, { k: 9 })).toEqual(searchMany(other, listed, { k: 9 }));
        expect(distance('dot', typed[0], typed[1])).toBe(distance('dot', listed[0], listed[1]));
      }),
      { numRuns: 30 },
    );
  });

  test('from another thread, in what settles a merge, and where recall is measured', async () => {
    const vector = make([7, 8, 9]);
    const { port1, port2 } = new MessageChannel();
    const cell = new CowShardexIndex(createIndex(OPTIONS, PLAIN));
    serveReplicas(cell, port1, { writable: true });
    const writer = await openRemoteWriter(port2);
    await writer.addPosting({ documentId: 'remote', vector });
    await writer.commitChanges();
    expect(postings(cell.read(), 'remote')[0].vector).toEqual(Float32Array.of(7, 8, 9));
    port1.close();

    const base = createIndex(OPTIONS, PLAIN);
    const [ours, theirs] = [4, 5].map((value) =>
      update(base, (draft) => {
        draft.addPosting({ documentId: 'p1', vector: [value, value, value] });
      }),
    );
    const merged = merge(ours, theirs, base, { onConflict: () => vector });
    expect(postings(merged, 'p1')[0].vector).toEqual(Float32Array.of(7, 8, 9));
    expect(await measureRecall(base, { k: 1, queries: [vector] })).toMatchObject({ queries: 1 });
  });
});
