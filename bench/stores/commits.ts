// Durable commits of one posting each: by so many writers at once, beside a bare loop of the same engine and record size.
import { createRequire } from 'node:module';
import type { Posting } from '../../dist/index.js';
import { openStore } from '../../dist/store/index.js';
import { logAt } from './engines.js';

const WRITERS = [1, 8, 64];
const SECONDS = 3;
/** Milliseconds after which a timer that was set again and again should have fired. */
const TICK = 1;

/** What some writers got done. */
export interface Committed {
  readonly writers: number;
  readonly perSecond: number;
  /** Commits of one group in a bare loop of the engine, as many as the store had in one. */
  readonly barePerSecond: number;
  readonly perGroup: number;
  /** Milliseconds that a timer of 1 ms took meanwhile. */
  readonly median: number;
  readonly p99: number;
  /** Milliseconds of the processor that a commit took, in all threads. */
  readonly processor: number;
}

/** Commits for some seconds by each number of writers, on an index of half of the postings. */
export async function commits(path: string, postings: readonly Posting[]): Promise<Committed[]> {
  const [first] = postings;
  const half = postings.length >> 1;
  const store = await openStore(logAt(path), { dimensions: first.vector.length });
  await store.ingest(postings.slice(0, half));
  await store.checkpoint();
  const found: Committed[] = [];
  for (const writers of WRITERS) {
    let [done, isOver] = [0, false];
    const before = store.metrics();
    const write = async (w: number): Promise<void> => {
      for (let i = 0; !isOver; i++) {
        const { vector } = postings[half + ((done * 31 + w) % half)];
        await store.update((draft) => {
          draft.addPosting({ documentId: `${writers} ${w} ${i}`, vector });
        });
        done++;
      }
    };
    const timer = delays();
    const startedAt = performance.now();
    const processorBefore = process.cpuUsage();
    const all = Array.from({ length: writers }, (_, w) => write(w));
    await new Promise((resolve) => setTimeout(resolve, 1000 * SECONDS));
    isOver = true;
    await Promise.all(all);
    const seconds = (performance.now() - startedAt) / 1000;
    const { user, system } = process.cpuUsage(processorBefore);
    const after = store.metrics();
    const commitCount = after.durableCommits - before.durableCommits;
    const perGroup = commitCount / (after.groups - before.groups);
    const bytes = (after.entryBytes - before.entryBytes) / commitCount;
    found.push({
      writers,
      perSecond: done / seconds,
      barePerSecond: await bareLoop(`${path}-bare-${writers}`, Math.round(bytes), Math.round(perGroup)),
      perGroup,
      ...timer.stop(),
      processor: (user + system) / 1000 / done,
    });
  }
  await store.close();
  return found;
}

/** A timer that is set again and again, and how long it took each time. */
function delays(): { stop: () => { median: number; p99: number } } {
  const all: number[] = [];
  let at = performance.now();
  let timer = setTimeout(fired, TICK);
  function fired(): void {
    all.push(performance.now() - at);
    at = performance.now();
    timer = setTimeout(fired, TICK);
  }
  return {
    stop: () => {
      clearTimeout(timer);
      all.sort((a, b) => a - b);
      const place = (share: number): number => all[Math.floor(share * (all.length - 1))];
      return { median: place(0.5), p99: place(0.99) };
    },
  };
}

interface Database {
  exec(sql: string): void;
  prepare(sql: string): { run(...values: unknown[]): unknown };
  close(): void;
}

/** Commits a second of a loop that does nothing but append records of that size, so many in a transaction. */
async function bareLoop(path: string, bytes: number, perGroup: number): Promise<number> {
  const name = process.versions.node.startsWith('20.')
    ? createRequire(new URL('../../package.json', import.meta.url)).resolve('@photostructure/sqlite')
    : 'node:sqlite';
  const { DatabaseSync } = (await import(name)) as { readonly DatabaseSync: new (path: string) => Database };
  const db = new DatabaseSync(path);
  db.exec('PRAGMA page_size = 65536; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  db.exec('PRAGMA wal_autocheckpoint = 256');
  db.exec('CREATE TABLE entry (position INTEGER PRIMARY KEY, token TEXT, bytes BLOB) STRICT');
  const insert = db.prepare('INSERT INTO entry (token, bytes) VALUES (?, ?)');
  const record = new Uint8Array(bytes).fill(1);
  const until = performance.now() + 1000 * SECONDS;
  let done = 0;
  for (; performance.now() < until; done += perGroup) {
    db.exec('BEGIN IMMEDIATE');
    for (let i = 0; i < perGroup; i++) insert.run(crypto.randomUUID(), record);
    db.exec('COMMIT');
  }
  db.close();
  return done / SECONDS;
}
