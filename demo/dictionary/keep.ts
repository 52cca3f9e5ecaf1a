// Keeps the dictionary in a store, kills a process that is writing to it, and looks what is left.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type ShardexIndex, getDocument, postings, search, verify } from '../../dist/index.js';
import { type CommitLog, openStore, sqliteLog } from '../../dist/store/index.js';
import type { Report } from '../report.js';
import { bytes, count, time } from '../units.js';
import type { Entry } from './definitions.js';
import { noteOf } from './editor-note.js';
import type { Dictionary } from './index-definitions.js';

/** How many commits of the editor are awaited before it is killed. */
const COMMITS = 50;

/** Puts the dictionary on the disk, and shows that a killed process loses nothing that it was told is there. */
export async function keep(report: Report, { cell, vectorOf }: Dictionary): Promise<void> {
  report.step(
    'Store it on disk, and kill a process that writes to it',
    'A store must not lose a commit that it has acknowledged, however its process ends.',
  );
  const driver = await sqliteHere();
  if (driver === undefined) {
    report.say(
      'Skipped, because this Node has no SQLite. Node has it from 22.13 on. For an older one, npm install @photostructure/sqlite.',
    );
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'shardex-demo-'));
  try {
    const path = join(folder, 'dictionary.db');
    const log = (): CommitLog => sqliteLog({ path, ...(driver !== '' && { driver }) });
    const startedAt = performance.now();
    const index = cell.read();
    const { dimensions } = index.config;
    const store = await openStore<Entry>(log(), { dimensions, indexed: ['pos', 'domain', 'words'] });
    await store.ingest(entries(index));
    await store.checkpoint();
    await store.close();
    report.say(
      `Stored ${count(index.documentCount)} documents in ${time(performance.now() - startedAt)}, in an SQLite file of ${bytes(statSync(path).size)}.`,
    );

    const acknowledged = await editAndDie(path, driver);
    const openedAt = performance.now();
    const again = await openStore<Entry>(log());
    const opening = performance.now() - openedAt;
    const kept = again.read();
    const lost = acknowledged.filter(
      ([documentId, note]) => getDocument(kept, documentId)?.metadata?.note !== note,
    );
    report.say(
      `Another process then added a note to one entry after the other, each in a commit of its own. It was killed (SIGKILL) while it was writing, when ${count(acknowledged.length)} commits had been acknowledged. The store opened again in ${time(opening)}, at version ${count(kept.version)}.`,
    );
    report.check(lost.length === 0, `of the acknowledged commits, ${count(lost.length)} are lost`);
    report.check(verify(kept).length === 0, 'verify() found no violations');
    const [before, after] = [index, kept].map(
      (version) => search(version, vectorOf('fear of open spaces'), { k: 1 })[0].documentId,
    );
    report.check(before === after, 'a search gives the same answer as before');
    await again.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A driver that is here: '' is Node's own. */
async function sqliteHere(): Promise<string | undefined> {
  const own = 'node:sqlite';
  try {
    await import(own);
    return '';
  } catch {
    const name = '@photostructure/sqlite';
    try {
      createRequire(import.meta.url).resolve(name);
      return name;
    } catch {
      return undefined;
    }
  }
}

/** The documents of an index, whole. */
function* entries(index: ShardexIndex<Entry>) {
  for (const { documentId, start, length, vector } of postings(index)) {
    const { text, metadata } = getDocument(index, documentId) ?? {};
    if (text === undefined || metadata === undefined) continue;
    yield { documentId, text, metadata, postings: [{ start, length, vector }] };
  }
}

/** Has another process write notes, and kills it; the ids and notes that were acknowledged to it. */
async function editAndDie(path: string, driver: string): Promise<(readonly [string, string])[]> {
  const script = fileURLToPath(new URL('editor.ts', import.meta.url));
  const editor: ChildProcess = spawn(process.execPath, ['--import', 'tsx', script, path, driver], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(editor, 'close');
  const acknowledged: (readonly [string, string])[] = [];
  if (editor.stdout !== null)
    createInterface(editor.stdout).on('line', (documentId) => {
      acknowledged.push([documentId, noteOf(documentId)]);
      if (acknowledged.length === COMMITS) editor.kill('SIGKILL');
    });
  await ended;
  if (acknowledged.length < COMMITS)
    throw new Error(`The editor ended after ${acknowledged.length} commits.`);
  return acknowledged;
}
