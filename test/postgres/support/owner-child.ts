/* A program that starts a cluster, says where, and waits to be killed. */

import { writeSync } from 'node:fs';
import { startCluster } from './cluster.js';

const { port } = await startCluster();
writeSync(1, `listening ${port}\n`);
setInterval(() => undefined, 1000);
