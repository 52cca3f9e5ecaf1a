/* Entries on their way between the thread of a log's engine and the program: in one piece of memory, and back. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LoggedEntry } from 'shardex/store';
import { packEntries, receivedResult, sentArgs, sentResult } from '../../src/store/sqlite/messages.js';

const entries = fc.array(
  fc.record({
    version: fc.integer({ min: 1, max: 2 ** 40 }),
    token: fc.string(),
    parent: fc.option(fc.string(), { nil: undefined }),
    bytes: fc.uint8Array({ maxLength: 50 }),
  }),
  { minLength: 1, maxLength: 20 },
);

/** What arrives in the other thread. */
function crossed<T>(value: T, memory: readonly ArrayBufferLike[]): T {
  return structuredClone(value, { transfer: memory as ArrayBuffer[] });
}

test('what was read arrives as it was, in one piece, each entry on a whole word', () => {
  fc.assert(
    fc.property(entries, (read) => {
      const { value, memory } = sentResult('readBatch', read);
      expect(memory.length).toBeLessThanOrEqual(1);
      const got = receivedResult('readBatch', crossed(value, memory)) as readonly LoggedEntry[];
      expect(got).toEqual(read);
      expect(new Set(got.map(({ bytes }) => bytes.buffer)).size).toBe(1);
      for (const { bytes } of got) expect(bytes.byteOffset % 4).toBe(0);
    }),
  );
});

test('what is appended is copied into one piece, and stays what it was for whoever appends it', () => {
  fc.assert(
    fc.property(entries, (given) => {
      const twin = structuredClone(given);
      const { value, memory } = sentArgs('append', [undefined, given]);
      expect(memory).toHaveLength(1);
      expect(memory[0].byteLength).toBe(packEntries(given).packed.length);
      const [parent, packed] = crossed(value, memory) as [undefined, unknown];
      expect(parent).toBeUndefined();
      expect(receivedResult('readBatch', packed)).toEqual(twin);
      expect(given).toEqual(twin);
    }),
  );
});

test('no other call is changed', () => {
  const args = ['key', new Uint8Array([1, 2])];
  expect(sentArgs('putChunk', args)).toEqual({ value: args, memory: [] });
  const chunk = new Uint8Array([1, 2]);
  expect(sentResult('chunk', chunk)).toEqual({ value: chunk, memory: [chunk.buffer] });
  expect(receivedResult('chunk', chunk)).toBe(chunk);
  // A view of more than itself is copied: its neighbours would lose their bytes.
  expect(sentResult('chunk', new Uint8Array(8).subarray(2, 4)).memory).toEqual([]);
});
