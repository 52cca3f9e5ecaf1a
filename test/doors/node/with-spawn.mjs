// Threads that the program starts itself: from the package's script, and from one of its own that imports that.
import { Worker } from 'node:worker_threads';
import * as shardex from 'shardex';
import { useAll } from './use-all.mjs';

await useAll(shardex, () => new Worker(new URL(import.meta.resolve('shardex/pool-worker'))));
console.log(
  JSON.stringify(await useAll(shardex, () => new Worker(new URL('./worker.mjs', import.meta.url)))),
);
