import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Arena } from '../../src/search/memory/arena.js';

const MOST = 100_000;

test('pieces never overlap, and all of the memory is there again once they are back', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 9000 }), fc.nat(), fc.boolean()), { maxLength: 80 }),
      (steps) => {
        const arena = new Arena(100, (byteLength) => byteLength <= MOST + 128);
        const held: { at: number; bytes: number }[] = [];
        for (const [bytes, which, gives] of steps) {
          if (gives && held.length > 0) {
            const [back] = held.splice(which % held.length, 1);
            arena.give(back.at, back.bytes);
            continue;
          }
          const at = arena.take(bytes, MOST);
          if (at === undefined) continue;
          expect(at % 64).toBe(0);
          expect(at).toBeGreaterThanOrEqual(100);
          expect(at + bytes).toBeLessThanOrEqual(MOST + 128);
          for (const other of held) expect(at + bytes <= other.at || other.at + other.bytes <= at).toBe(true);
          held.push({ at, bytes });
        }
        for (const { at, bytes } of held) arena.give(at, bytes);
        expect(arena.used).toBe(0);
        expect(arena.take(MOST - 64, MOST)).toBe(128);
      },
    ),
  );
});

test('no more is handed out than the memory grows to, or than is allowed', () => {
  const small = new Arena(0, (byteLength) => byteLength <= 256);
  expect(small.take(256, MOST)).toBe(0);
  expect(small.take(1, MOST)).toBeUndefined();
  const bounded = new Arena(0, () => true);
  expect(bounded.take(200, 128)).toBeUndefined();
  expect(bounded.take(128, 128)).toBe(0);
  expect(bounded.take(1, 128)).toBeUndefined();
});
