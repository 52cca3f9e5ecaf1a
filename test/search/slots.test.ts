import { expect, test } from 'vitest';
import { Arena } from '../../src/search/memory/arena.js';
import { Slots } from '../../src/search/memory/slots.js';
import { collectGarbage } from '../support/garbage.js';

const slotsOf = (most: number): Slots => new Slots(new Arena(0, () => true), most);

test('what was not used for a while makes room first', () => {
  const slots = slotsOf(3 * 64);
  const keys = [{}, {}, {}, {}, {}];
  for (const key of keys.slice(0, 3)) expect(slots.make(key, 64)).toBeDefined();
  // All were just made; the hand passes each once and comes back to the first.
  expect(slots.make(keys[3], 64)).toBeDefined();
  expect(slots.find(keys[0])).toBeUndefined();
  // The second is used again, the third is not.
  expect(slots.find(keys[1])).toBeDefined();
  expect(slots.make(keys[4], 64)).toBeDefined();
  expect(slots.find(keys[1])).toBeDefined();
  expect(slots.find(keys[2])).toBeUndefined();
  expect(slots.byteLength).toBe(3 * 64);
});

test('what is larger than the budget is not cached, and moves nothing out', () => {
  const slots = slotsOf(128);
  const key = {};
  slots.make(key, 64);
  expect(slots.make({}, 129)).toBeUndefined();
  expect(slots.find(key)).toBeDefined();
});

test('a smaller budget holds at once', () => {
  const slots = slotsOf(1024);
  for (let i = 0; i < 16; i++) slots.make({}, 64);
  slots.most = 100;
  expect(slots.byteLength).toBeLessThanOrEqual(100);
  expect(slots.make({}, 64)).toBeDefined();
  expect(slots.make({}, 64)).toBeDefined();
  expect(slots.byteLength).toBe(64);
});

test('what is collected gives its memory back (I8)', async () => {
  const slots = slotsOf(1 << 20);
  const kept = {};
  slots.make(kept, 64);
  (() => {
    for (let i = 0; i < 100; i++) slots.make({}, 640);
  })();
  expect(slots.byteLength).toBe(64 + 100 * 640);
  await collectGarbage(() => slots.byteLength === 64);
  expect(slots.byteLength).toBe(64);
  expect(slots.find(kept)).toBeDefined();
});
