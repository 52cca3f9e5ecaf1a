import { once } from 'node:events';
import { MessageChannel, type Worker } from 'node:worker_threads';
import { type ReadableCell, type ReplicaService, serveReplicas } from 'shardex';
import type { ReaderAnswers } from '../workers/reader.js';
import type { Built } from './built.js';

type Awaited1<T> = T extends PromiseLike<infer Value> ? Value : T;

/** A worker that follows a cell of this thread. */
export interface Reader {
  readonly worker: Worker;
  readonly service: ReplicaService;
  /** What it saw of each version, in order. */
  readonly seen: string[];
  readonly ask: <K extends keyof ReaderAnswers>(
    ask: K,
    ...argument: Parameters<ReaderAnswers[K]>
  ) => Promise<Awaited1<ReturnType<ReaderAnswers[K]>>>;
}

/** Starts one, and waits until it has a version. */
export async function startReader(
  { start }: Built,
  cell: ReadableCell,
  name: string,
  tells = true,
): Promise<Reader> {
  const { port1, port2 } = new MessageChannel();
  const service = serveReplicas(cell, port1);
  const worker = start('reader', { port: port2, name, tells }, { transferList: [port2] });
  const seen: string[] = [];
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  worker.on('message', (message: { seen?: string; id: number; value: unknown }) => {
    if (message.seen !== undefined) seen.push(message.seen);
    else waiting.get(message.id)?.resolve(message.value);
  });
  worker.once('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('The worker has ended.'));
  });
  await once(worker, 'message');
  let id = 0;
  return {
    worker,
    service,
    seen,
    ask: (ask, ...argument) => {
      const asked = id++;
      return new Promise((resolve, reject) => {
        waiting.set(asked, { resolve: resolve as (value: unknown) => void, reject });
        worker.postMessage({ id: asked, ask, argument: argument[0] });
      });
    },
  };
}
