// The thread of a reader, in the suite on threads.
import { setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { openReplica, search } from '../../dist/index.js';
import { Requests } from './requests.js';

/** What {@link parentPort} is asked to do, for so many milliseconds. */
export interface Task {
  readonly kind: 'paced' | 'serial' | 'watch' | 'memory';
  readonly ms: number;
}

/** Follows the cell at the other end of a port, and searches or watches it on demand. */
const { port, queries } = workerData as { port: MessagePort; queries: readonly Float32Array[] };
/** Milliseconds to sleep at most before looking whether messages have come, and for which to be awake before a request. */
const NAP = 0.2;
const AWAKE = 0.1;
const NEVER = new Int32Array(new SharedArrayBuffer(4));

const before = await memory();
const replica = await openReplica(port, { name: 'bench' });

parentPort?.on('message', (task: Task) => {
  void run(task).then((result) => parentPort?.postMessage(result));
});
parentPort?.postMessage('ready');

/** Bytes on this thread's heap, and outside of it; shared memory is not among these, as it is no thread's own. */
async function memory(): Promise<readonly number[]> {
  for (let i = 0; i < 6; i++) {
    globalThis.gc?.();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return [heapUsed, external];
}

async function run({ kind, ms }: Task): Promise<readonly number[]> {
  if (kind === 'memory') {
    // What a search needs is there once it has searched.
    for (const query of queries) search(replica.read(), query, { k: 10, recall: 0.95 });
    return (await memory()).map((bytes, i) => bytes - before[i]);
  }
  const until = performance.now() + ms;
  if (kind === 'watch') {
    const seen: number[] = [];
    const stop = replica.subscribe(({ version }) => {
      seen.push(version, performance.timeOrigin + performance.now());
    });
    while (performance.now() < until) await turn();
    stop();
    return seen;
  }
  const answer = (nth: number): unknown =>
    search(replica.read(), queries[nth % queries.length], { k: 10, recall: 0.95 });
  if (kind === 'serial') return serial(answer, until);
  const requests = new Requests(answer);
  while (performance.now() < until) {
    requests.serve();
    // A thread that spun would be in the way of those that collect garbage and compile, and make garbage itself.
    const left = requests.untilDue - AWAKE;
    if (left > 0) Atomics.wait(NEVER, 0, 0, Math.min(NAP, left));
    await turn();
  }
  return requests.latencies;
}

/** One search after the other: of each the time since the one before was answered, and the time of the search itself. */
async function serial(answer: (nth: number) => unknown, until: number): Promise<readonly number[]> {
  const latencies: number[] = [];
  let before = performance.now();
  for (let nth = 0; before < until; nth++) {
    // Versions are taken in meanwhile.
    await turn();
    const calledAt = performance.now();
    answer(nth);
    const answeredAt = performance.now();
    latencies.push(answeredAt - before, answeredAt - calledAt);
    before = answeredAt;
  }
  return latencies;
}
