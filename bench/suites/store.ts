// The benchmark of stores: durable commits, opening again, bytes on the disk, and other engines for the same work.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bytes, count, rounded, time } from '../../demo/units.js';
import type { Options } from '../options.js';
import type { Measurement, SuiteResult, Table } from '../result.js';
import type { Committed } from '../stores/commits.js';
import { STORE_ENGINES, type StoreEngineName, newPath } from '../stores/engines.js';
import type { Source } from '../stores/run-store.js';
import { printed } from '../tables.js';

const METHOD =
  'Each line in a process of its own, one-shot times. A commit adds one posting, and is awaited by its writer before the next one; the bare loop appends records of the same size to SQLite with the same settings, as many in a transaction as the store had in a group, and does nothing else. Opening is read to the index that can be searched, with the file in the cache of the system; its peak is of the whole process less what there was before. Of the peers each is opened so that it can be searched; LanceDB searches on the disk, without an index. One more document: until the engine says that it is kept, which is on the disk for a store alone. Killed: the process is ended by SIGKILL at some moment while it adds documents; lost is what it had reported and what is not there when it is opened again.';

const SCRIPT = fileURLToPath(new URL('../stores/run-store.ts', import.meta.url));

/** Postings that vectra can hold: its file of JSON has to fit into one string, and it writes it anew with each document. */
const OF_PEERS = 10_000;
const ROUNDS = 10;
const KILLED_AFTER_MS = 700;

/** What a store costs, and beside it what else keeps vectors. */
export async function store(options: Options): Promise<SuiteResult> {
  const folder = await mkdtemp(join(tmpdir(), 'shardex-bench-store-'));
  const measurements: Measurement[] = [];
  const note = (what: string, value: number, unit: string): void => {
    measurements.push({ what, value, unit });
  };
  try {
    const words: Source = { kind: 'words', rows: options.words };
    const synthetic: Source = { kind: 'synthetic', rows: options.quick ? 2000 : 100_000 };
    const tables: Table[] = [printed(await commitTable(folder, options, note))];
    tables.push(printed(await openingTable(folder, words, synthetic, options, note)));
    tables.push(printed(await peerTable(folder, options, note)));
    return { title: 'What a store costs', method: METHOD, tables, charts: [], measurements };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Note = (what: string, value: number, unit: string) => void;

async function commitTable(folder: string, { quick }: Options, note: Note): Promise<Table> {
  const source: Source = { kind: 'words', rows: quick ? 4000 : 40_000 };
  const found = await done<Committed[]>('commits', newPath(folder), source);
  const rows = found.map(
    ({ writers, perSecond, barePerSecond, perGroup, median, p99, processor }): string[] => {
      const what = `durable commits, ${writers} writers`;
      note(`${what}, a second`, perSecond, '1/s');
      note(`${what}, bare loop`, barePerSecond, '1/s');
      note(`${what}, timer of 1 ms, 99 %`, p99 / 1000, 's');
      note(`${what}, processor a commit`, processor / 1000, 's');
      return [
        String(writers),
        count(Math.round(perSecond)),
        rounded(perGroup),
        count(Math.round(barePerSecond)),
        rounded(barePerSecond / perSecond),
        time(median),
        time(p99),
        time(processor),
      ];
    },
  );
  return {
    caption: `Durable commits of one posting, on ${count(source.rows >> 1)} words.`,
    head: [
      'writers',
      'a second',
      'in a group',
      'bare loop, a second',
      'bare loop / store',
      'timer of 1 ms, median',
      '99 %',
      'processor each',
    ],
    rows,
  };
}

interface Reopened {
  readonly read: number;
  readonly opened: number;
  readonly first: number;
  readonly peak: number;
  readonly byteLength: number;
}

async function openingTable(
  folder: string,
  words: Source,
  synthetic: Source,
  { quick }: Options,
  note: Note,
): Promise<Table> {
  const rows: string[][] = [];
  const reopened = async (what: string, path: string, source: Source, without?: number): Promise<number> => {
    const { read, opened, first, peak, byteLength } = await done<Reopened>('reopen', path, source);
    note(`${what}: opening`, opened, 's');
    note(`${what}: reading the file`, read, 's');
    note(`${what}: first search`, first, 's');
    note(`${what}: peak of memory`, peak, 'bytes');
    note(`${what}: index`, byteLength, 'bytes');
    const opening =
      without === undefined
        ? `${time(1000 * opened)}, ${rounded(opened / read)} × reading the file`
        : `${time(1000 * opened)}, ${time(1000 * Math.max(0, opened - without))} more than without`;
    if (without !== undefined) note(`${what}: opening, more than without`, opened - without, 's');
    rows.push([
      what,
      opening,
      time(1000 * first),
      `${bytes(peak)}, ${rounded(peak / byteLength)} × the index`,
    ]);
    return opened;
  };
  for (const source of [words, synthetic]) {
    const path = newPath(folder);
    await done('save', path, source);
    const what =
      source.kind === 'words' ? `${count(source.rows)} words` : `${count(source.rows)} × 768, synthetic`;
    const { before, after, held } = await done<{ before: number; after: number; held: number }>(
      'compact',
      path,
      source,
    );
    note(`${what}: file, compacted`, after, 'bytes');
    note(`${what}: file to rows and texts`, after / held, '×');
    rows.push([
      `${what}, compacted`,
      `${bytes(before)} before, ${bytes(after)} after`,
      '–',
      `file ${rounded(after / held)} × rows and texts`,
    ]);
    const opened = await reopened(what, path, source);
    if (source.kind !== 'words') continue;
    const { put, whole } = await done<{ put: number; whole: number }>('share', path, source);
    note('checkpoint after 1 % changed, share of bytes', put / whole, '×');
    rows.push(['a checkpoint after 1 % changed', `${rounded((100 * put) / whole)} % of the bytes`, '–', '–']);
    const commits = quick ? 500 : 10_000;
    await done('deltas', path, { ...source, rows: commits });
    await reopened(`${what}, and ${count(commits)} commits of one posting`, path, source, opened);
  }
  return {
    caption: 'Opening again, and what lies on the disk.',
    head: ['', 'time, or bytes', 'first search', 'peak of memory'],
    rows,
  };
}

async function peerTable(folder: string, { quick }: Options, note: Note): Promise<Table> {
  const source: Source = { kind: 'words', rows: quick ? 1000 : OF_PEERS };
  const rows: string[][] = [];
  const missing: string[] = [];
  for (const name of Object.keys(STORE_ENGINES) as StoreEngineName[]) {
    const path = newPath(folder);
    try {
      const saved = await done<{ seconds: number; bytes: number }>('save', path, source, name);
      const open = await done<{ opened: number; first: number; one: number; peak: number }>(
        'open',
        path,
        source,
        name,
      );
      const lost = await killed(path, source, name, quick ? 2 : ROUNDS);
      for (const [what, seconds] of Object.entries({ save: saved.seconds, ...open }))
        if (what !== 'peak') note(`${name}: ${what}`, seconds, 's');
      note(`${name}: bytes`, saved.bytes, 'bytes');
      note(`${name}: reported and lost`, lost.lost, 'documents');
      note(`${name}: could not be opened after a kill`, lost.broken, 'times');
      rows.push([
        name,
        time(1000 * saved.seconds),
        bytes(saved.bytes),
        time(1000 * open.opened),
        time(1000 * open.first),
        time(1000 * open.one),
        `${count(lost.lost)} of ${count(lost.reported)}`,
        `${lost.broken} of ${lost.rounds}`,
      ]);
    } catch (error) {
      missing.push(`${name} (${error instanceof Error ? error.message : String(error)})`);
    }
  }
  const left = missing.length === 0 ? '' : ` Not measured here: ${missing.join(', ')}.`;
  return {
    caption: `${count(source.rows)} words in what else keeps vectors.${left}`,
    head: [
      '',
      'built and saved',
      'on the disk',
      'opened',
      'first search',
      'one more document',
      'lost when killed',
      'not to be opened after that',
    ],
    rows,
  };
}

interface Loss {
  reported: number;
  lost: number;
  broken: number;
  readonly rounds: number;
}

/** Kills processes that add documents, and counts what they had reported and what is gone. */
async function killed(path: string, source: Source, name: StoreEngineName, rounds: number): Promise<Loss> {
  const loss: Loss = { reported: 0, lost: 0, broken: 0, rounds };
  let next = source.rows;
  for (let round = 0; round < rounds; round++) {
    const child = fork(SCRIPT, ['kill', path, JSON.stringify({ ...source, rows: next }), name], {
      stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
    });
    const reported = await reportedUntilKilled(child, KILLED_AFTER_MS + 37 * round);
    loss.reported += reported.length;
    next = Math.max(next, ...reported.map((id) => id + 2));
    try {
      const asked = JSON.stringify(reported);
      const { lost } = await done<{ lost: number }>('count', path, { ...source, rows: 0 }, name, asked);
      loss.lost += lost;
    } catch {
      loss.broken++;
      loss.lost += reported.length;
      // Begun anew: what cannot be opened cannot be added to.
      await rm(path, { recursive: true, force: true });
      await done('save', path, source, name);
    }
  }
  return loss;
}

/** The ids that a process reports until it is killed, so long after the first one. */
function reportedUntilKilled(child: ChildProcess, ms: number): Promise<number[]> {
  const reported: number[] = [];
  if (child.stdout === null) throw new Error('The process has no output.');
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (reported.push(Number(line)) === 1) setTimeout(() => child.kill('SIGKILL'), ms);
  });
  return new Promise((resolve) => {
    child.once('close', () => {
      resolve(reported);
    });
  });
}

/** Runs a task in a process of its own; what it sends. */
function done<T>(
  task: string,
  path: string,
  source: Source,
  engine: StoreEngineName = 'shardex',
  asked = '',
): Promise<T> {
  const child = fork(SCRIPT, [task, path, JSON.stringify(source), engine, asked], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let errors = '';
  child.stderr?.on('data', (text: Buffer) => (errors += text.toString()));
  return new Promise((resolve, reject) => {
    child.once('message', (result) => {
      resolve(result as T);
    });
    child.once('close', () => {
      reject(new Error(/Error.*/.exec(errors)?.[0] ?? `the task ${task} ended without a result`));
    });
  });
}
