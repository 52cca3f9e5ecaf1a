import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import {
  CowShardexIndex,
  InvalidDeltaError,
  applyDelta,
  createIndex,
  decodeDelta,
  diff,
  encodeDelta,
  openRemoteWriter,
  postings,
  search,
  serveReplicas,
} from 'shardex';
import { numbered } from '../support/postings.js';

const OPTIONS = { dimensions: 3, metric: 'euclidean', shardCapacity: 8 } as const;
const EMPTY = createIndex(OPTIONS);
const FULL = createIndex(
  OPTIONS,
  numbered(40, (i) => [i, 2 * i, -i]),
);
const ENCODED = encodeDelta(diff(EMPTY, FULL));

/** The bytes within a larger buffer, which is full of others before and after them. */
function within(buffer: ArrayBufferLike, before: number): Uint8Array {
  const all = new Uint8Array(buffer).fill(0xab);
  all.set(ENCODED, before);
  return all.subarray(before, before + ENCODED.length);
}

describe('bytes of a delta are read where they lie', () => {
  test('at any offset, before anything, in memory of any kind', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(5000), fc.boolean(), (before, after, isShared) => {
        const size = before + ENCODED.length + after;
        const bytes = within(isShared ? new SharedArrayBuffer(size) : new ArrayBuffer(size), before);
        expect(applyDelta(EMPTY, decodeDelta(bytes)).fingerprint).toBe(FULL.fingerprint);
        expect(() => decodeDelta(bytes.subarray(0, -4))).toThrow(InvalidDeltaError);
      }),
    );
  });

  test('also as Node hands them out: of a file, a socket, a base64 text', () => {
    // Small ones lie in a buffer of 8 kB that they share with others, at a multiple of eight.
    const small = encodeDelta(diff(EMPTY, createIndex(OPTIONS, [{ documentId: 'a', vector: [1, 2, 3] }])));
    for (const bytes of [ENCODED, small]) {
      const copies = [
        Buffer.from(bytes),
        Buffer.from(Buffer.from(bytes).toString('base64'), 'base64'),
        Buffer.concat([Buffer.from('header 8'), Buffer.from(bytes), Buffer.from('rest')]).subarray(8, -4),
      ];
      for (const copy of copies) expect(encodeDelta(decodeDelta(copy))).toEqual(bytes);
    }
  });

  test('and copied: neither the caller nor another thread changes a delta that was read', () => {
    for (const Memory of [ArrayBuffer, SharedArrayBuffer]) {
      const bytes = within(new Memory(ENCODED.length + 8), 4);
      const delta = decodeDelta(bytes);
      bytes.fill(0);
      expect(applyDelta(EMPTY, delta).fingerprint).toBe(FULL.fingerprint);
    }
  });

  test('as they were when the call was made, whatever another thread writes there meanwhile', () => {
    const index = createIndex(OPTIONS, [{ documentId: 'ü', vector: [1, 2, 3] }]);
    const encoded = encodeDelta(diff(EMPTY, index));
    const bytes = new Uint8Array(new SharedArrayBuffer(encoded.length));
    bytes.set(encoded);
    // In the middle of reading, after the checksum was found right and before vectors are read.
    const decoding = vi.spyOn(TextDecoder.prototype, 'decode').mockImplementation(() => {
      bytes.fill(1);
      return 'ü';
    });
    const delta = decodeDelta(bytes);
    expect(decoding).toHaveBeenCalledTimes(1);
    decoding.mockRestore();
    expect([...postings(applyDelta(EMPTY, delta), 'ü')[0].vector]).toEqual([1, 2, 3]);
  });

  test('bytes whose memory was sent away, or shrank, are refused', () => {
    const sent = ENCODED.slice();
    structuredClone(sent, { transfer: [sent.buffer] });
    expect(() => decodeDelta(sent)).toThrow(InvalidDeltaError);
  });
});

describe('vectors of a caller are read where they lie', () => {
  class Named extends Float32Array {
    static get [Symbol.species](): Float32ArrayConstructor {
      throw new Error('Nobody needs to make another one of these.');
    }
  }
  const views = (value: readonly number[]): [string, Float32Array | number[]][] => {
    const around = (memory: ArrayBufferLike): Float32Array => {
      const all = new Float32Array(memory).fill(9);
      all.set(value, 1);
      return all.subarray(1, 1 + value.length);
    };
    const bytes = 4 * (value.length + 2);
    return [
      ['a part of a larger one', around(new ArrayBuffer(bytes))],
      ['a part of shared memory', around(new SharedArrayBuffer(bytes))],
      ['of a class of its own', Named.from(value)],
      ['a plain array', [...value]],
    ];
  };

  test.each(views([1, 2, 3]))('%s', async (_, vector) => {
    const cell = new CowShardexIndex(createIndex(OPTIONS, [{ documentId: 'local', vector }]));
    const { port1, port2 } = new MessageChannel();
    serveReplicas(cell, port1, { writable: true });
    const writer = await openRemoteWriter(port2);
    await writer.addPosting({ documentId: 'remote', vector });
    await writer.commitChanges();
    port1.close();
    const hits = search(cell.read(), vector, { k: 2, includeVector: true });
    expect(hits.map(({ distance }) => distance)).toEqual([0, 0]);
    vector.fill(0);
    for (const documentId of ['local', 'remote'])
      expect([...postings(cell.read(), documentId)[0].vector]).toEqual([1, 2, 3]);
    for (const { vector: found } of hits) {
      expect([...(found ?? [])]).toEqual([1, 2, 3]);
      // The caller's own, so that it can be sent or transferred without anything around it.
      expect(found?.buffer).toBeInstanceOf(ArrayBuffer);
      expect(found?.buffer.byteLength).toBe(12);
    }
  });
});
