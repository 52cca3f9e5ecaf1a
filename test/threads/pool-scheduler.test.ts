import { MessageChannel } from 'node:worker_threads';
import { CowShardexIndex, createIndex } from 'shardex';
import { afterEach, expect, test } from 'vitest';
import { PoolScheduler } from '../../src/threads/pool/pool-scheduler.js';
import { Job } from '../../src/threads/pool/jobs.js';
import { packResults } from '../../src/threads/pool/packed-results.js';
import { type FromSearcher, SEARCHES, type ToSearcher } from '../../src/threads/pool/search-messages.js';
import { Link } from '../../src/threads/port/link.js';
import type { Thread } from '../../src/threads/port/thread.js';
import { until } from '../support/until.js';

/* The scheduler of a pool, with threads that are none: a port each, at whose other end the test answers. */

/** What stands for a thread: it takes down the searches that it gets, and answers or dies when it is told to. */
class FakeThread {
  readonly ids: number[] = [];
  isOver = false;
  readonly #channel = new MessageChannel();
  readonly #link: Link<FromSearcher>;
  readonly #died: ((error: unknown) => void)[] = [];

  constructor(startsAtOnce: boolean) {
    this.#link = new Link<FromSearcher>(this.#channel.port2, 'client', {
      message: (body, channel) => {
        if (channel !== SEARCHES) return;
        const message = body as ToSearcher;
        if (message.kind === 'search') this.ids.push(message.id);
        else if (startsAtOnce) this.#link.send(SEARCHES, { kind: 'ready' });
      },
      gone: () => undefined,
    });
  }

  get thread(): Thread {
    const port = this.#channel.port1;
    return {
      postMessage: (message) => {
        port.postMessage(message);
      },
      on: (event, listener) => {
        if (event === 'error') this.#died.push(listener);
        else port.on(event as 'message', listener);
      },
      off: (event, listener) => {
        if (event !== 'error') port.off(event as 'message', listener);
      },
      terminate: () => {
        this.isOver = true;
        port.close();
      },
    };
  }

  /** Answers the search that it got first. */
  answer(): void {
    const id = this.ids.shift() as number;
    const found = { index: { version: 0, fingerprint: 'x' }, results: packResults([[]]) };
    this.#link.send(SEARCHES, { kind: 'found', id, found });
  }

  die(): void {
    for (const died of this.#died) died(new Error('dead'));
  }
}

interface Pool {
  readonly scheduler: PoolScheduler;
  readonly threads: FakeThread[];
  readonly failures: Error[];
  readonly opening: Promise<void>;
}

const pools: PoolScheduler[] = [];

afterEach(async () => {
  for (const scheduler of pools.splice(0)) await scheduler.close(new Error('over'));
});

function poolOf(size: number, starts: (started: number) => boolean = () => true): Pool {
  const threads: FakeThread[] = [];
  const failures: Error[] = [];
  const scheduler = new PoolScheduler({
    cell: new CowShardexIndex(createIndex({ dimensions: 1 })),
    size,
    name: 'pool',
    spawn: () => {
      const fake = new FakeThread(starts(threads.length));
      threads.push(fake);
      return fake.thread;
    },
    failed: (error) => failures.push(error),
  });
  pools.push(scheduler);
  const opening = scheduler.start();
  opening.catch(() => undefined);
  return { scheduler, threads, failures, opening };
}

function jobs(count: number): Job[] {
  const request = { queries: [Float32Array.of(1)], options: { k: 1 }, atLeast: 0, part: undefined };
  return Array.from({ length: count }, () => new Job(request));
}

const loads = (threads: readonly FakeThread[]): number[] => threads.map(({ ids }) => ids.length);

test('a job goes to the least loaded thread, and waits where each has two', async () => {
  const { scheduler, threads, opening } = poolOf(2);
  await opening;
  expect(scheduler.readyCount).toBe(2);
  const all = jobs(6);
  for (const job of all.slice(0, 2)) scheduler.submit(job);
  await until(() => loads(threads).join() === '1,1');
  for (const job of all.slice(2)) scheduler.submit(job);
  await until(() => loads(threads).join() === '2,2');
  expect(scheduler.isBusy).toBe(true);
  threads[1].answer();
  await until(() => loads(threads).join() === '2,2');
  expect(all.filter(({ isSettled }) => isSettled)).toHaveLength(1);
  for (const job of all) {
    await until(() => threads.some(({ ids }) => ids.length > 0) || job.isSettled);
    for (const thread of threads) while (thread.ids.length > 0) thread.answer();
    expect((await job.settled).results).toEqual([[]]);
  }
  expect(scheduler.isBusy).toBe(false);
});

test('jobs for all threads at once go to one each', async () => {
  const { scheduler, threads, opening } = poolOf(3);
  await opening;
  scheduler.submitToAll(jobs(3));
  await until(() => loads(threads).join() === '1,1,1');
});

test('the jobs of a thread that dies run on another one, before those that wait', async () => {
  const { scheduler, threads, opening } = poolOf(1);
  await opening;
  const all = jobs(3);
  for (const job of all) scheduler.submit(job);
  await until(() => loads(threads).join() === '2');
  threads[0].die();
  await until(() => threads.length === 2 && threads[1].ids.length === 2);
  expect(threads[0].isOver).toBe(true);
  threads[1].answer();
  await all[0].settled;
  expect([all[0].deaths, all[2].deaths, all[2].isSettled]).toEqual([1, 0, false]);
});

test('a job that two threads died with fails, and the pool goes on', async () => {
  const { scheduler, threads, opening, failures } = poolOf(1);
  await opening;
  const [bad] = jobs(1);
  scheduler.submit(bad);
  for (const died of [0, 1]) {
    await until(() => threads.length > died && threads[died].ids.length === 1);
    threads[died].die();
  }
  await expect(bad.settled).rejects.toMatchObject({ code: 'WORKER_FAILED' });
  const [good] = jobs(1);
  scheduler.submit(good);
  await until(() => threads.length === 3 && threads[2].ids.length === 1);
  threads[2].answer();
  await good.settled;
  expect(failures).toEqual([]);
});

test('threads that die before they are ready are replaced three times, and then the pool has failed', async () => {
  const { scheduler, threads, opening, failures } = poolOf(1, (started) => started === 0);
  await opening;
  for (const died of [0, 1, 2, 3, 4]) {
    await until(() => threads.length > died);
    threads[died].die();
    if (died < 4) expect(failures).toEqual([]);
  }
  await until(() => failures.length === 1);
  expect(failures[0]).toMatchObject({ code: 'WORKER_FAILED' });
  expect([threads.length, scheduler.readyCount]).toEqual([5, 0]);
});

test('a pool none of whose threads starts does not open', async () => {
  const { threads, opening } = poolOf(1, () => false);
  await until(() => threads.length === 1);
  threads[0].die();
  await expect(opening).rejects.toMatchObject({ code: 'WORKER_FAILED' });
});

test('a job that is given up leaves the queue; closing fails the rest and ends every thread', async () => {
  const { scheduler, threads, opening } = poolOf(1);
  await opening;
  const all = jobs(4);
  for (const job of all) scheduler.submit(job);
  scheduler.drop(all[2]);
  await expect(all[2].settled).rejects.toMatchObject({ code: 'POOL_CLOSED' });
  await until(() => loads(threads).join() === '2');
  // The next one that the thread gets is not the one that was given up.
  threads[0].answer();
  await until(() => loads(threads).join() === '2');
  expect(scheduler.isBusy).toBe(false);
  const [, last] = threads[0].ids;
  threads[0].answer();
  threads[0].answer();
  await all[3].settled;
  expect(last).toBe(2);
  const more = jobs(3);
  for (const job of more) scheduler.submit(job);
  const over = new Error('over');
  await scheduler.close(over);
  await expect(more[2].settled).rejects.toBe(over);
  expect(threads[0].isOver).toBe(true);
  const [late] = jobs(1);
  scheduler.submit(late);
  await expect(late.settled).rejects.toBe(over);
});
