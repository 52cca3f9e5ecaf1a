/** Follows the parent's cell, and says what it sees. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { type Pin, type Replica, openReplica, update, verify } from 'shardex';
import { collectGarbage } from '../../support/garbage.js';
import { print } from '../support/print.js';

export interface ReaderData {
  readonly port: MessagePort;
  readonly name: string;
  /** Whether to say what each version looks like. */
  readonly tells: boolean;
}

/** What it can be asked. */
export interface ReaderAnswers {
  now(): string;
  /** Holds the current version, and says what it looks like. */
  hold(): string;
  /** What the held versions look like now. */
  held(): string[];
  release(): void;
  /** Makes a branch of the current version, writes to it, and says what the version looks like then. */
  branch(): string;
  /** Takes no messages: says so in the first number, until the second is changed. */
  stand(gate: Int32Array): void;
  waitFor(version: number): string;
  problems(): string[];
  /** Collects garbage, and says how many old versions are left. */
  collect(): Promise<number>;
  close(): void;
  fail(): void;
}

const { port, name, tells } = workerData as ReaderData;
const replica: Replica = await openReplica(port, { name, requireSharedMemory: true });
const pins: Pin[] = [];

const say = (message: unknown): void => {
  parentPort?.postMessage(message);
};

if (tells)
  replica.subscribe(({ index }) => {
    say({ seen: print(index) });
  });

const answers: { [K in keyof ReaderAnswers]: (argument: never) => unknown } = {
  now: () => print(replica.read()),
  hold: () => {
    pins.push(replica.pin());
    return print(replica.read());
  },
  held: () => pins.map((pin) => print(pin.index)),
  release: () => {
    for (const pin of pins.splice(0)) pin.release();
  },
  branch: () => {
    const version = replica.read();
    update(version, (draft) => {
      for (let i = 0; i < 40; i++) draft.addPosting({ documentId: `mine ${i}`, vector: [i % 3, i % 5, 0] });
    });
    return print(version);
  },
  stand: (gate: Int32Array) => {
    Atomics.store(gate, 0, 1);
    Atomics.wait(gate, 1, 0);
  },
  waitFor: async (version: number) => print(await replica.waitFor(version)),
  problems: () => [...verify(replica.read())].map((problem) => JSON.stringify(problem)),
  collect: async () => {
    await collectGarbage();
    return replica.metrics().liveOldVersions;
  },
  close: () => {
    replica.close();
  },
  fail: () => {
    throw new Error('on purpose');
  },
};

parentPort?.on(
  'message',
  ({ id, ask, argument }: { id: number; ask: keyof ReaderAnswers; argument: never }) => {
    // What it throws ends the thread.
    const answer = answers[ask](argument);
    void Promise.resolve(answer).then((value) => {
      say({ id, value });
    });
  },
);
say({ seen: print(replica.read()) });
