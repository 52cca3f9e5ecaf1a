// The processes that stand for machines, which end with the suite, however that ends.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Task } from './run-machine.js';

const SCRIPT = fileURLToPath(new URL('run-machine.ts', import.meta.url));

/** A process at work. */
export interface Machine<T> {
  /** Resolves when it is ready to start. */
  readonly ready: Promise<void>;
  readonly go: () => void;
  readonly result: Promise<T>;
}

/** The processes of a suite. */
export class Machines {
  readonly #port: number;
  readonly #running = new Set<ChildProcess>();

  constructor(port: number) {
    this.#port = port;
  }

  /** Starts one. */
  start<T>(task: string, options: Omit<Task, 'port'>): Machine<T> {
    const given: Task = { port: this.#port, ...options };
    const child = fork(SCRIPT, [task, JSON.stringify(given)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#running.add(child);
    let errors = '';
    child.stderr?.on('data', (piece: Buffer) => (errors += piece.toString()));
    let isReady: () => void = () => undefined;
    const ready = new Promise<void>((resolve) => (isReady = resolve));
    const result = new Promise<T>((resolve, reject) => {
      child.on('message', (message: 'ready' | { readonly result: T }) => {
        if (message === 'ready') isReady();
        else resolve(message.result);
      });
      child.once('close', (code) => {
        this.#running.delete(child);
        reject(new Error(`The task ${task} ended with ${code ?? 'a signal'}: ${errors}`));
      });
    });
    // Whoever waits for it to be ready must hear that it ended.
    return { ready: Promise.race([ready, result.then(() => undefined)]), go: () => child.send('go'), result };
  }

  /** Starts several, and lets them go at the same moment. */
  async together<T>(machines: readonly Machine<T>[]): Promise<readonly T[]> {
    await Promise.all(machines.map(({ ready }) => ready));
    for (const { go } of machines) go();
    return Promise.all(machines.map(({ result }) => result));
  }

  /** Ends all. */
  async end(): Promise<void> {
    const ends = [...this.#running].map(
      (child) =>
        new Promise<void>((resolve) => {
          child.once('close', () => {
            resolve();
          });
          child.kill('SIGKILL');
        }),
    );
    await Promise.all(ends);
  }
}
