import { afterEach, describe, expect, test, vi } from 'vitest';
import { LEAST_MAPPED, newMemory } from '../../src/memory.js';
import { RowBlock, columnsOf } from '../../src/version/row-block.js';

/** As of ECMAScript 2024. */
type Growable = SharedArrayBuffer & { readonly growable: boolean; readonly maxByteLength: number };

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('memory', () => {
  test('of many bytes is mapped on its own: a buffer that could grow, and is as large as it can get', () => {
    for (const shared of [false, true]) {
      const memory = newMemory(LEAST_MAPPED, shared) as Growable;
      expect(memory).toBeInstanceOf(SharedArrayBuffer);
      expect([memory.growable, memory.byteLength, memory.maxByteLength]).toEqual([
        true,
        LEAST_MAPPED,
        LEAST_MAPPED,
      ]);
      expect(new Uint8Array(memory).every((byte) => byte === 0)).toBe(true);
    }
  });

  test('of few bytes is an ordinary buffer of the kind that was asked for', () => {
    const shared = newMemory(LEAST_MAPPED - 1, true) as Growable;
    expect(shared).toBeInstanceOf(SharedArrayBuffer);
    expect([shared.growable, shared.byteLength]).toEqual([false, LEAST_MAPPED - 1]);
    expect(newMemory(LEAST_MAPPED - 1)).toBeInstanceOf(ArrayBuffer);
    expect(newMemory(0).byteLength).toBe(0);
  });

  test('is an ordinary buffer where nothing can be shared', () => {
    vi.stubGlobal('SharedArrayBuffer', undefined);
    for (const byteLength of [8, LEAST_MAPPED]) {
      const memory = newMemory(byteLength, true);
      expect(memory).toBeInstanceOf(ArrayBuffer);
      expect(memory.byteLength).toBe(byteLength);
    }
  });

  test('of rows that are many is mapped, and their views are of fixed length', () => {
    const { vectors } = columnsOf(new RowBlock(LEAST_MAPPED / 64, 16));
    expect((vectors.buffer as Growable).growable).toBe(true);
    expect(vectors.length).toBe(LEAST_MAPPED / 4);
  });

  test('goes to another thread as it is, and is one memory there', async () => {
    const { port1, port2 } = new MessageChannel();
    const memory = new Int32Array(newMemory(LEAST_MAPPED));
    const received = new Promise<Int32Array>((resolve) => {
      port2.onmessage = ({ data }: MessageEvent<Int32Array>) => {
        resolve(data);
      };
    });
    port1.postMessage(memory);
    memory[1] = 7;
    expect((await received)[1]).toBe(7);
    port1.close();
  });
});
