// Rollup leaves `new Worker(new URL(…))` as it is, so the page says where the second entry went.
import * as shardex from 'shardex';
import { report } from './report.mjs';

report(shardex, () => new Worker(new URL('./pool-worker.js', import.meta.url), { type: 'module' }));
