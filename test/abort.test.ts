import { getEventListeners } from 'node:events';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { onAbort } from '../src/checks/abort.js';

test('however many wait for a signal, it has one listener, and none when nobody waits', () => {
  const steps = fc.array(fc.record({ who: fc.nat(5), waits: fc.boolean() }), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (all) => {
      const { signal } = new AbortController();
      const waiting = new Map<number, () => void>();
      for (const { who, waits } of all) {
        waiting.get(who)?.();
        waiting.delete(who);
        if (waits)
          waiting.set(
            who,
            onAbort(signal, () => undefined),
          );
        expect(getEventListeners(signal, 'abort')).toHaveLength(Math.min(1, waiting.size));
      }
    }),
  );
});

test('an abort is told to each who waits, in order and once', () => {
  const controller = new AbortController();
  const told: string[] = [];
  const tell = (): void => void told.push('same');
  onAbort(controller.signal, tell);
  const leave = onAbort(controller.signal, () => void told.push('left'));
  onAbort(controller.signal, tell);
  leave();
  leave();
  controller.abort();
  expect(told).toEqual(['same', 'same']);
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});

test('one that stops waiting while others are told is not told; one that comes then is not either', () => {
  const controller = new AbortController();
  const told: string[] = [];
  onAbort(controller.signal, () => {
    told.push('first');
    leave();
    onAbort(controller.signal, () => void told.push('too late'));
  });
  const leave = onAbort(controller.signal, () => void told.push('left'));
  onAbort(controller.signal, () => void told.push('last'));
  controller.abort();
  expect(told).toEqual(['first', 'last']);
});

test('without a signal, or with one that has aborted, there is nothing to wait for', () => {
  const aborted = AbortSignal.abort();
  for (const signal of [undefined, aborted])
    onAbort(signal, () => {
      throw new Error('told');
    })();
  expect(getEventListeners(aborted, 'abort')).toEqual([]);
});
