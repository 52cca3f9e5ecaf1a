import { setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { openReplica, search } from '../../dist/index.js';
import { Requests } from './requests.js';

/** What {@link parentPort} is asked to do, for so many milliseconds. */
export interface Task {
  readonly kind: 'search' | 'watch' | 'memory';
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
  const requests = new Requests((nth) =>
    search(replica.read(), queries[nth % queries.length], { k: 10, recall: 0.95 }),
  );
  while (performance.now() < until) {
    requests.serve();
    // A thread that spun would be in the way of those that collect garbage and compile, and make garbage itself.
    const left = requests.untilDue - AWAKE;
    if (left > 0) Atomics.wait(NEVER, 0, 0, Math.min(NAP, left));
    await turn();
  }
  return requests.latencies;
}
