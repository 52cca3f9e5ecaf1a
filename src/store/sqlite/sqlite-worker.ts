/*
 * The script of the thread that a log's engine runs in: it takes calls one by one, and answers each. SQLite's calls are
 * synchronous, so that in the program's own thread every commit would hold up its timers for as long as the disk takes.
 */

import { parentPort } from '../../threads/port/parent-port.js';
import { loadDriver } from './driver.js';
import { SqliteEngine } from './engine.js';
import { asFailure } from './failure.js';
import { type FromEngine, type ToEngine, callEngineWith, sentResult } from './messages.js';

interface NodePort {
  postMessage(message: unknown, transfer: readonly unknown[]): void;
}

async function main(): Promise<void> {
  const port = await parentPort();
  let engine: SqliteEngine | undefined;
  const answer = async (message: ToEngine): Promise<[FromEngine, readonly unknown[]]> => {
    const { id, call, path, driver } = message;
    try {
      // What could not be opened need not be closed.
      if (call === 'close' && engine === undefined) return [{ id }, []];
      engine ??= new SqliteEngine(await loadDriver(driver), path);
      const { value, memory } = sentResult(call, callEngineWith(engine, message));
      return [{ id, result: value }, memory];
    } catch (error) {
      return [{ id, failure: asFailure(error, 'in its thread') }, []];
    }
  };
  // One after the other, also while the driver is being loaded.
  let last = Promise.resolve();
  port?.on?.('message', (message) => {
    last = last.then(async () => {
      const [answered, memory] = await answer(message as ToEngine);
      // Node's port, which takes what is to be handed over in a list.
      (port as NodePort).postMessage(answered, memory);
    });
  });
}

void main();
