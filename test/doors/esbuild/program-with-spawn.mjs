// The bundle has no script of the library beside it, so it says where the second entry went.
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import * as shardex from 'shardex';
import { useAll } from './use-all.mjs';

const [folder] = process.argv.slice(2);
const spawn = () => new Worker(join(folder, 'pool-worker.js'));
useAll(shardex, spawn).then((seen) => console.log(JSON.stringify(seen)));
