import { runInNewContext } from 'node:vm';
import { InvalidPostingError, InvalidVectorError } from 'shardex';
import { describe, expect, test } from 'vitest';
import {
  assertDocumentId,
  compareKeys,
  takePosting,
  keyText,
  postingOfRow,
  writeVector,
} from '../../src/version/posting.js';
import { columnsOf } from '../../src/version/row-block.js';
import { listOf } from '../support/rows.js';
import { thrownBy } from '../support/thrown.js';

describe('writing a vector', () => {
  test('puts its components, as 32-bit floats, where they belong', () => {
    for (const target of [new Float32Array(5), new Float64Array(5)]) {
      writeVector([0.1, -2], 2, target, 3);
      expect([...target]).toEqual([0, 0, 0, Math.fround(0.1), -2]);
    }
    const target = new Float64Array(2);
    writeVector(Float32Array.of(0.1, 7), 2, target, 0);
    expect([...target]).toEqual([Math.fround(0.1), 7]);
  });

  test('takes typed arrays of another realm, such as a frame or a test runner makes', () => {
    for (const type of ['Float32Array', 'Float64Array', 'Int8Array', 'Uint8ClampedArray']) {
      const foreign: unknown = runInNewContext(`${type}.of(1, 2)`);
      expect(foreign).not.toBeInstanceOf(Object);
      const target = new Float64Array(2);
      writeVector(foreign, 2, target, 0);
      expect([...target]).toEqual([1, 2]);
    }
    expect(() => {
      writeVector(runInNewContext('BigInt64Array.of(1n, 2n)'), 2, new Float64Array(2), 0);
    }).toThrow(InvalidVectorError);
  });

  test('says what to do about bigints, and about bytes that hold 32-bit floats', () => {
    const write = (vector: unknown) =>
      thrownBy(() => {
        writeVector(vector, 2, new Float64Array(2), 0);
      });
    expect(write(BigUint64Array.of(1n, 2n))).toMatchObject({
      message: expect.stringContaining('Float64Array.from(vector, Number)') as unknown,
    });
    const { buffer } = Float32Array.of(1, 2);
    for (const bytes of [buffer, new DataView(buffer), new Uint8Array(buffer), Buffer.from(buffer)])
      expect(write(bytes)).toMatchObject({
        message: expect.stringContaining('new Float32Array(buffer, byteOffset, length)') as unknown,
      });
    expect(write(new Uint8Array(7))).toMatchObject({
      message: 'The query has 7 components; this index takes 2.',
    });
  });

  test('takes the largest 32-bit float, and refuses what would round to infinity', () => {
    const target = new Float64Array(1);
    writeVector([3.4028234663852886e38], 1, target, 0);
    expect(target[0]).toBe(3.4028234663852886e38);
    // Rounds down to the largest.
    writeVector([3.40282346e38], 1, target, 0);
    for (const component of [3.4028236e38, 1e39, -1e39, Number.MAX_VALUE]) {
      expect(() => {
        writeVector([component], 1, target, 0);
      }).toThrow(InvalidVectorError);
    }
  });

  test('rounds what is too small to 0', () => {
    const target = new Float64Array(2);
    writeVector([1e-50, Number.MIN_VALUE], 2, target, 0);
    expect([...target]).toEqual([0, 0]);
  });

  test('says which component of which posting is wrong', () => {
    const write = (vector: unknown, position?: number) =>
      thrownBy(() => {
        writeVector(vector, 3, new Float32Array(3), 0, position);
      });
    expect(write([1, 2, Number.NaN], 7)).toMatchObject({ code: 'INVALID_VECTOR', position: 7 });
    expect(String(write([1, 2, Number.NaN], 7))).toContain('posting 7 has NaN at component 2');
    expect(String(write([1, 2]))).toContain('The query has 2 components; this index takes 3');
    expect(write([1, 2])).toMatchObject({ position: undefined });
  });
});

describe('the key of a posting', () => {
  test('has start and length 0 by default', () => {
    expect(takePosting({ documentId: 'a' }, 0)).toEqual({ documentId: 'a', start: 0, length: 0 });
    expect(takePosting({ documentId: 'a', start: undefined, length: 5 }, 0)).toMatchObject({
      start: 0,
      length: 5,
    });
  });

  test('may have the largest unsigned 32-bit integers', () => {
    const key = { documentId: 'a', start: 0xffff_ffff, length: 0xffff_ffff };
    expect(takePosting(key, 0)).toEqual(key);
    expect(() => takePosting({ ...key, start: 2 ** 32 }, 0)).toThrow(InvalidPostingError);
  });

  test('has a text of its own, whatever the id looks like', () => {
    const keys = [
      ['a', 1, 1],
      ['1:a', 1, 1],
      ['1:1:a', 1, 1],
      ['a', 11, 1],
      ['a', 1, 11],
      ['1:a', 11, 1],
      [':a', 1, 1],
    ] as const;
    expect(new Set(keys.map(([id, start, length]) => keyText(id, start, length))).size).toBe(keys.length);
  });

  test('is ordered by code units, then start, then length', () => {
    const sorted = [
      { documentId: 'B', start: 9, length: 9 },
      { documentId: 'a', start: 0, length: 1 },
      { documentId: 'a', start: 0, length: 2 },
      { documentId: 'a', start: 1, length: 0 },
      { documentId: 'a0', start: 0, length: 0 },
      { documentId: 'é', start: 0, length: 0 },
      // A pair of surrogates (0xd83d…) comes before 0xff01, although its code point is greater.
      { documentId: '😀', start: 0, length: 0 },
      { documentId: '！', start: 0, length: 0 },
    ];
    expect([...sorted].reverse().sort(compareKeys)).toEqual(sorted);
    expect(compareKeys(sorted[1], { ...sorted[1] })).toBe(0);
  });
});

describe('a document id', () => {
  test.each(['a', ' ', '\u0000', '__proto__', '😀', '\ud800', 'x'.repeat(10_000)])('may be %j', (id) => {
    expect(() => {
      assertDocumentId(id);
    }).not.toThrow();
  });

  test.each([[''], [0], [null], [undefined], [{}], [['a']], [Symbol('a')], [1n], [new String('a')]])(
    'may not be %o',
    (id) => {
      expect(() => {
        assertDocumentId(id, 3);
      }).toThrow(InvalidPostingError);
    },
  );
});

test('a posting given back shares no memory with the index (I1)', () => {
  const { blocks, rows } = listOf([{ documentId: 'a', start: 1, length: 2, vector: [1, 2] }], 2);
  const columns = columnsOf(blocks[0]);
  const posting = postingOfRow(columns, rows[0], 2);
  expect(posting).toEqual({ documentId: 'a', start: 1, length: 2, vector: Float32Array.of(1, 2) });
  expect(posting.vector.buffer).toBeInstanceOf(ArrayBuffer);
  expect(posting.vector.buffer.byteLength).toBe(8);
  posting.vector.fill(9);
  expect([...columns.vectors.subarray(0, 2)]).toEqual([1, 2]);
});
