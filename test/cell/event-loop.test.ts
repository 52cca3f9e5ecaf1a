import { afterEach, expect, test, vi } from 'vitest';
import { yieldToEventLoop } from '../../src/host/event-loop.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

const { setImmediate: immediately } = globalThis;

/** Whether a task that waits already has its turn before the promise resolves; a microtask would not let it. */
async function goesRound(): Promise<boolean> {
  let others = false;
  immediately(() => {
    others = true;
  });
  await yieldToEventLoop();
  return others;
}

test('others have their turn, by setImmediate where there is one', async () => {
  expect(await goesRound()).toBe(true);
});

test('by scheduler.yield in browsers that have it', async () => {
  vi.stubGlobal('setImmediate', undefined);
  let asked = 0;
  const scheduler = {
    yield(): Promise<void> {
      // It needs to be called as a method.
      expect(this).toBe(scheduler);
      asked++;
      return Promise.resolve();
    },
  };
  vi.stubGlobal('scheduler', scheduler);
  await yieldToEventLoop();
  expect(asked).toBe(1);
});

test('by a message in other browsers, whose ports are closed again', async () => {
  vi.stubGlobal('setImmediate', undefined);
  vi.stubGlobal('scheduler', undefined);
  const closed = vi.spyOn(MessagePort.prototype, 'close');
  for (let i = 0; i < 3; i++) await yieldToEventLoop();
  expect(closed).toHaveBeenCalledTimes(3);
  closed.mockRestore();
});

test('by a timer where there is nothing else', async () => {
  for (const name of ['setImmediate', 'scheduler', 'MessageChannel']) vi.stubGlobal(name, undefined);
  const timer = vi.spyOn(globalThis, 'setTimeout');
  await yieldToEventLoop();
  expect(timer).toHaveBeenCalledTimes(1);
  timer.mockRestore();
});
