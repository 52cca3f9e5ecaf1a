/** A thread of a pool that dies when it is asked for something that only it takes notice of. */
import { parentPort, workerData } from 'node:worker_threads';
import { answerSearches } from 'shardex';
import { DEADLY, Gate, SLOW } from '../support/special-searches.js';

const { dies, gate } = workerData as { dies: 'at once' | 'when asked'; gate?: Int32Array };
if (dies === 'at once') throw new Error('This thread never starts.');
parentPort?.on('message', (message: { body?: { kind?: string; options?: { k?: number } } }) => {
  const { body } = message;
  if (body?.kind !== 'search') return;
  if (body.options?.k === DEADLY) process.exit(1);
  if (body.options?.k === SLOW) new Gate(gate).pass();
});
void answerSearches();
