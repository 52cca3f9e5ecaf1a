/** Has a cell, for its parent to follow and to write to. */
import { parentPort } from 'node:worker_threads';
import { CowShardexIndex, createIndex, serveReplicas } from 'shardex';
import { OPTIONS } from '../support/changes.js';

const cell = new CowShardexIndex(createIndex(OPTIONS));
if (parentPort !== null) serveReplicas(cell, parentPort, { writable: true });
