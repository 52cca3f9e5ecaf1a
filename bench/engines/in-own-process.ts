// Measures an engine in a process of its own.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { EngineName } from './engines.js';
import type { Patience } from './measure.js';
import type { Outcome } from './measured.js';

/** Measures an engine in a process of its own: its memory is its own, and so is its end, if it comes to one. */
export function inOwnProcess(name: EngineName, folder: string, patience: Patience): Promise<Outcome> {
  const child = fork(fileURLToPath(new URL('run-engine.ts', import.meta.url)), [
    name,
    folder,
    JSON.stringify(patience),
  ]);
  return new Promise((resolve) => {
    child.once('message', resolve);
    child.once('exit', (code, signal) => {
      resolve({ failed: `its process ended without a result (${signal ?? `exit code ${code}`})` });
    });
  });
}
