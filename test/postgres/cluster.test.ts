/* The cluster that tests and benchmarks start: it ends with whoever started it, however that is. */

import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { programs, run } from '../store/support/children.js';
import { temporaryFolder } from '../store/support/logs.js';
import { hasPostgres } from './support/cluster.js';

const folder = temporaryFolder();
const program = programs(folder, 'postgres/support/owner-child');

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    for (const [event, answer] of [
      ['connect', true],
      ['error', false],
    ] as const)
      socket.once(event, () => {
        socket.destroy();
        resolve(answer);
      });
  });
}

describe.skipIf(!hasPostgres)('a cluster', () => {
  test('ends though its owner was killed without a word', async () => {
    let port = 0;
    let wasListening = false;
    await run(process.execPath, [program('postgres/support/owner-child')], (line, child) => {
      port = Number(line.split(' ')[1]);
      void isListening(port).then((answer) => {
        wasListening = answer;
        child.kill('SIGKILL');
      });
    });
    expect(wasListening).toBe(true);
    await expect.poll(() => isListening(port), { timeout: 20_000, interval: 50 }).toBe(false);
  });
});
