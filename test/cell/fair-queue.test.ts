import { describe, expect, test } from 'vitest';
import { FairQueue, abortable } from '../../src/cell/fair-queue.js';
import { WriteSet } from '../../src/write/write-set.js';
import { rejectionOf } from '../support/thrown.js';

const documents = (...ids: string[]) => {
  const writeSet = new WriteSet();
  for (const id of ids) writeSet.addDocument(id);
  return writeSet;
};

/** Lets all that can happen without a timer happen. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('turns', () => {
  test('are given out one at a time, first come first served', async () => {
    const turns = new FairQueue();
    const log: string[] = [];
    const taken = ['a', 'b', 'c'].map(async (name) => {
      const turn = await turns.take();
      log.push(name);
      await settled();
      log.push(`${name} ends`);
      turn.end();
    });
    await Promise.all(taken);
    expect(log).toEqual(['a', 'a ends', 'b', 'b ends', 'c', 'c ends']);
  });

  // A slot that is cleared first and signalled afterwards can be taken by a newcomer in between.
  test('are handed straight to the next in line, before any newcomer', async () => {
    const turns = new FairQueue();
    const first = await turns.take();
    const log: string[] = [];
    const waiting = turns.take().then((turn) => {
      log.push('waiting');
      turn.end();
    });
    await settled();
    first.end();
    const newcomer = turns.take().then((turn) => {
      log.push('newcomer');
      turn.end();
    });
    await Promise.all([waiting, newcomer]);
    expect(log).toEqual(['waiting', 'newcomer']);
  });

  test('pass over those who have aborted', async () => {
    const turns = new FairQueue();
    const first = await turns.take();
    const controllers = Array.from({ length: 5 }, () => new AbortController());
    const log: string[] = [];
    const outcomes = Promise.allSettled(
      controllers.map(async ({ signal }, i) => {
        const turn = await turns.take(signal);
        log.push(`turn ${i}`);
        turn.end();
      }),
    );
    for (const i of [0, 3, 4]) controllers[i].abort(new Error(`gone ${i}`));
    first.end();
    expect((await outcomes).map(({ status }) => status)).toEqual([
      'rejected',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    expect(log).toEqual(['turn 1', 'turn 2']);
    // And the line is free again.
    (await turns.take()).end();
  });

  test('are not lost where the next in line aborts just as it is woken', async () => {
    const turns = new FairQueue();
    const first = await turns.take();
    const controller = new AbortController();
    const second = turns.take(controller.signal);
    const third = turns.take();
    await settled();
    first.end();
    controller.abort(new Error('too late'));
    // It has its turn, since it was its turn when it aborted; it looks at the signal itself.
    (await second).end();
    (await third).end();
    (await turns.take()).end();
  });

  test('refuse who has aborted beforehand, though nobody is in the line', async () => {
    const turns = new FairQueue();
    const first = await turns.take();
    const reason = new Error('beforehand');
    expect(await rejectionOf(turns.take(AbortSignal.abort(reason)))).toBe(reason);
    first.end();
    (await turns.take()).end();
  });

  test('end once only', async () => {
    const turns = new FairQueue();
    const first = await turns.take();
    first.end();
    const second = await turns.take();
    first.end();
    let third = false;
    const waiting = turns.take().then((turn) => {
      third = true;
      turn.end();
    });
    await settled();
    expect(third).toBe(false);
    second.end();
    await waiting;
    expect(third).toBe(true);
  });
});

describe('claims', () => {
  test('hold for the documents of the turn, until it ends', async () => {
    const turns = new FairQueue();
    expect(turns.claimed(documents('a'))).toBe(false);
    const turn = await turns.take();
    expect(turns.claimed(documents('a'))).toBe(false);
    const writeSet = documents('a');
    turn.claim(writeSet);
    expect(turns.claimed(documents('a', 'z'))).toBe(true);
    expect(turns.claimed(documents('b'))).toBe(false);
    expect(turns.claimed(documents())).toBe(false);
    // What the draft touches later is claimed as well, and what an earlier run touched stays claimed.
    writeSet.addPosting('b', 0, 1);
    turn.claim(documents('c'));
    for (const id of ['a', 'b', 'c']) expect(turns.claimed(documents(id))).toBe(true);
    turn.end();
    for (const id of ['a', 'b', 'c']) expect(turns.claimed(documents(id))).toBe(false);
  });

  test('are those of the turn that is under way', async () => {
    const turns = new FairQueue();
    const first = await turns.take();
    first.claim(documents('a'));
    const second = turns.take().then((turn) => {
      turn.claim(documents('b'));
      return turn;
    });
    await settled();
    first.end();
    const turn = await second;
    expect([turns.claimed(documents('a')), turns.claimed(documents('b'))]).toEqual([false, true]);
    turn.end();
  });
});

describe('the end of a turn', () => {
  test('can be waited for, and need not be where there is none', async () => {
    const turns = new FairQueue();
    await turns.ended();
    const turn = await turns.take();
    let ended = false;
    const watching = turns.ended().then(() => {
      ended = true;
    });
    await settled();
    expect(ended).toBe(false);
    turn.end();
    await watching;
    expect(ended).toBe(true);
  });

  test('wakes all who wait for it, but those who have aborted', async () => {
    const turns = new FairQueue();
    const turn = await turns.take();
    const controller = new AbortController();
    const watching = Promise.allSettled([turns.ended(), turns.ended(controller.signal), turns.ended()]);
    controller.abort(new Error('gone'));
    turn.end();
    expect((await watching).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});

describe('abortable', () => {
  test('settles as its promise does', async () => {
    const { signal } = new AbortController();
    expect(await abortable(Promise.resolve(5), signal)).toBe(5);
    expect(await abortable(Promise.resolve(5))).toBe(5);
    const mine = new Error('mine');
    expect(await rejectionOf(abortable(Promise.reject(mine), signal))).toBe(mine);
  });

  test('rejects as soon as the signal aborts, and with its reason', async () => {
    const controller = new AbortController();
    const never = abortable(new Promise(() => undefined), controller.signal);
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await rejectionOf(never)).toBe(reason);
    expect(await rejectionOf(abortable(Promise.resolve(1), AbortSignal.abort(reason)))).toBe(reason);
  });

  test('leaves no listener on a signal that outlives it', async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const counting = {
      aborted: false,
      addEventListener: () => listeners++,
      removeEventListener: () => listeners--,
    };
    expect(signal.aborted).toBe(false);
    await abortable(Promise.resolve(1), counting as unknown as AbortSignal);
    await rejectionOf(abortable(Promise.reject(new Error('mine')), counting as unknown as AbortSignal));
    await settled();
    expect(listeners).toBe(0);
  });
});
