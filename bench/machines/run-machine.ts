// One machine of the benchmark of several: a process of its own, which writes to a store in Postgres, follows it, or does the
// bare work. It ends with whoever started it.
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { search } from '../../dist/index.js';
import { postgresLog } from '../../dist/postgres/index.js';
import { type CommitLog, openFollower, openStore } from '../../dist/store/index.js';
import { connection } from '../../test/postgres/support/cluster.js';
import { clusteredPostings } from '../clustered.js';
import { realVectors } from '../words-index.js';

/** What a process is to do. */
export interface Task {
  readonly port: number;
  readonly namespace: string;
  /** For how long, in milliseconds. */
  readonly ms?: number;
  /** How much of it. */
  readonly count?: number;
  /** Commits a second at most. */
  readonly rate?: number;
  /** Whether to listen for hints; else the log is asked every 50 ms. */
  readonly listen?: boolean;
  /** Bytes of a row. */
  readonly bytes?: number;
}

/** Dimensions of what is written. */
const DIMENSIONS = 100;
/** Commits that are under way at once where as many as possible are to be written. */
const AT_ONCE = 100;

const [name, text] = process.argv.slice(2);
const task = JSON.parse(text) as Task;
const { namespace, ms = 0, count = 0, rate = Infinity, listen = false } = task;
const pool = new Pool({ ...connection(task.port), max: 4 });
process.once('disconnect', () => process.exit());

/** Milliseconds since 1970, finer than a millisecond, the same in all processes of a machine. */
const now = (): number => performance.timeOrigin + performance.now();
const log = (): CommitLog => postgresLog(pool, { namespace, listen });

/** Says that it is ready, and waits until all are. */
function started(): Promise<unknown> {
  const go = new Promise((resolve) => process.once('message', resolve));
  process.send?.('ready');
  return go;
}

const TASKS: Record<string, () => Promise<unknown>> = {
  /** Makes an index of so many postings. */
  make: async () => {
    const store = await openStore(log(), { dimensions: DIMENSIONS });
    await store.ingest(clusteredPostings(count, DIMENSIONS));
    await store.checkpoint();
    await store.close();
    return {};
  },

  /** Commits one posting after the other; how many, how long each took from call to promise, and bytes of an entry. */
  write: async () => {
    const store = await openStore(log());
    const postings = [...clusteredPostings(1000, DIMENSIONS)];
    await started();
    const end = now() + ms;
    const times: number[] = [];
    const made: (readonly [number, number])[] = [];
    for (let i = 0; now() < end; i++) {
      const at = now();
      const { version } = await store.update((draft) => {
        draft.addPosting({ documentId: `${process.pid} ${i}`, vector: postings[i % 1000].vector });
      });
      made.push([version, at]);
      times.push(now() - at);
      const next = at + 1000 / rate;
      if (now() < next) await sleep(next - now());
    }
    const { entryBytes, durableCommits, lostRaces } = store.metrics();
    await store.close();
    return { times, made, lost: lostRaces, bytes: entryBytes / Math.max(1, durableCommits) };
  },

  /** Inserts rows of the same size. */
  insert: async () => {
    const bytes = new Uint8Array(task.bytes ?? 1000).fill(7);
    const client = await pool.connect();
    await started();
    const end = now() + ms;
    let rows = 0;
    for (; now() < end; rows++)
      await client.query('INSERT INTO bare (writer, seq, bytes) VALUES ($1, $2, $3)', [
        process.pid,
        rows,
        bytes,
      ]);
    client.release();
    return { rows };
  },

  /** Follows; when each version was visible. */
  follow: async () => {
    const follower = await openFollower(log());
    const seen: (readonly [number, number])[] = [];
    follower.subscribe(({ version }) => seen.push([version, now()]));
    // Until hints are heard.
    await sleep(500);
    await started();
    await sleep(ms + 500);
    await follower.close();
    return { seen };
  },

  /** Searches a follower in a loop, with turns of the event loop in between. */
  search: async () => {
    const follower = await openFollower(log());
    const queries = [...clusteredPostings(200, DIMENSIONS)].map(({ vector }) => vector);
    for (const query of queries) search(follower.read(), query, { k: 10 });
    await started();
    const times: number[] = [];
    const end = now() + ms;
    for (let i = 0; now() < end; i++) {
      const at = now();
      search(follower.read(), queries[i % queries.length], { k: 10 });
      times.push(now() - at);
      await sleep(1);
    }
    const version = follower.version;
    await follower.close();
    return { times, version };
  },

  /** Writes commits that a follower has not seen, and has it catch up. */
  catchUp: async () => {
    const inner = log();
    // Nobody drops entries: the follower is to read them all.
    const kept = new Proxy(inner, {
      get: (target, property) => {
        if (property === 'trim') return () => Promise.resolve();
        const value: unknown = Reflect.get(target, property);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const store = await openStore(kept, { dimensions: DIMENSIONS });
    const postings = [...clusteredPostings(1000, DIMENSIONS)];
    // It hears of nothing, so that it reads when it is told to.
    const deaf = new Proxy(log(), {
      get: (target, property) => {
        if (property === 'changed')
          return (_: number, signal: AbortSignal) =>
            new Promise<void>((resolve) => {
              signal.addEventListener('abort', () => {
                if (follower.isClosed) resolve();
              });
            });
        const value: unknown = Reflect.get(target, property);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const follower = await openFollower(deaf);
    for (let i = 0; i < count; i += AT_ONCE)
      await Promise.all(
        Array.from({ length: AT_ONCE }, (_, j) =>
          store.update((draft) => {
            draft.addPosting({ documentId: `d${i + j}`, vector: postings[(i + j) % 1000].vector });
          }),
        ),
      );
    await store.close();
    globalThis.gc?.();
    const before = follower.version;
    const [at, used] = [now(), process.cpuUsage()];
    await follower.refresh();
    const seconds = (now() - at) / 1000;
    const { user, system } = process.cpuUsage(used);
    const commits = follower.version - before;
    void follower.close();
    return { seconds, commits, processor: (user + system) / 1e6 };
  },

  /** Puts the words into a store, with a checkpoint. */
  words: async () => {
    const { postings, dimensions } = await realVectors({ quick: false, words: count });
    const store = await openStore(log(), { dimensions });
    await store.ingest(postings);
    await store.checkpoint();
    await store.close();
    return { rows: postings.length };
  },

  /** Starts a follower of them: until it is there, and until it has searched. */
  start: async () => {
    const at = now();
    const follower = await openFollower(log());
    const opened = now() - at;
    const [shard] = follower.read().shards.values();
    search(follower.read(), shard.centroid.toArray(), { k: 10 });
    const searched = now() - at;
    await follower.close();
    return { opened, searched };
  },
};

const result = await TASKS[name]();
process.send?.({ result }, () => process.exit());
