import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Difference } from '../../src/threads/replicas/messages.js';
import { ReceivedBlocks } from '../../src/threads/replicas/received-blocks.js';
import { collectGarbage } from '../support/garbage.js';

const CAPACITY = 4;

function sent(generation: number): Pick<Difference, 'blocks' | 'rows'> {
  return {
    blocks: [{ handle: 7, generation, capacity: CAPACITY, memory: undefined }],
    rows: { runs: [7, 0, 1], ids: ['a'], copies: [] },
  };
}

test('a block that is sent again before it is known to be gone is there, and its end is told once', async () => {
  const told: unknown[] = [];
  const received = new ReceivedBlocks((blocks) => told.push(...blocks));
  // In jobs of their own, so that nothing of the block is left in this one.
  await setTimeout(1).then(() => received.take(sent(1), [], 1)?.size);
  await setTimeout(1);
  const again = await setTimeout(1).then(() => {
    globalThis.gc?.();
    // Nobody has been told of what was just collected: that is a job as well.
    return received.take(sent(2), [], 1);
  });
  const block = again?.get(7);
  await collectGarbage();
  expect(told).toEqual([]);
  expect(received.list()).toMatchObject([{ handle: 7, generation: 2, rows: 1, block }]);
  // The one that is gone is not counted.
  expect(received.byteLength).toBe(block?.byteLength);
});

test('a block whose end was told is one more where it is sent again', async () => {
  const told: unknown[] = [];
  const received = new ReceivedBlocks((blocks) => told.push(...blocks));
  for (const generation of [1, 2]) {
    await setTimeout(1).then(() => received.take(sent(generation), [], 1)?.size);
    await collectGarbage(() => told.length === generation);
  }
  expect(told).toEqual([
    [7, 1],
    [7, 2],
  ]);
  expect(received.byteLength).toBe(0);
});
