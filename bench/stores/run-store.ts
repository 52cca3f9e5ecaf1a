// One task of the benchmark of stores, in a process of its own: its memory is its own, and it can be killed.
import { existsSync, readFileSync, readdirSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Posting, search } from '../../dist/index.js';
import { openStore } from '../../dist/store/index.js';
import { clusteredPostings } from '../clustered.js';
import { realVectors } from '../words-index.js';
import { commits } from './commits.js';
import { STORE_ENGINES, type StoreEngineName, logAt } from './engines.js';
import { manyCommits, small, changedShare } from './own-work.js';

/** What vectors a task is about. */
export interface Source {
  readonly kind: 'words' | 'synthetic';
  readonly rows: number;
}

const [task, path, text, engineName] = process.argv.slice(2);
const source = JSON.parse(text) as Source;
const now = (): number => performance.now() / 1000;

async function vectorsOf({ kind, rows }: Source): Promise<readonly Posting[]> {
  if (kind === 'synthetic')
    return [...clusteredPostings(rows, 768)].map(({ documentId, vector }) => ({ documentId, vector }));
  const { postings } = await realVectors({ quick: false, words: rows + Math.min(1000, rows) });
  return postings.slice(0, rows);
}

async function run(): Promise<unknown> {
  const engine = STORE_ENGINES[(engineName as StoreEngineName | undefined) ?? 'shardex'];
  await engine.load();
  switch (task) {
    case 'save': {
      const postings = await vectorsOf(source);
      const vectors = postings.map(({ vector }) => Float32Array.from(vector));
      const startedAt = now();
      await engine.save(path, { dimensions: vectors[0].length, vectors });
      return { seconds: now() - startedAt, bytes: sizeOf(path) };
    }
    case 'open': {
      const query = Float32Array.from((await vectorsOf({ ...source, rows: 10 }))[0].vector);
      const before = process.memoryUsage().rss;
      const startedAt = now();
      const index = await engine.open(path, { dimensions: query.length });
      const opened = now() - startedAt;
      const peak = 1024 * process.resourceUsage().maxRSS - before;
      const searchedAt = now();
      await index.search(query);
      const first = now() - searchedAt;
      const addedAt = now();
      await index.add(source.rows + 1_000_000, query);
      const one = now() - addedAt;
      await index.close();
      return { opened, first, one, peak };
    }
    case 'reopen': {
      const before = process.memoryUsage().rss;
      const startedAt = now();
      const store = await openStore(logAt(path));
      const opened = now() - startedAt;
      const peak = 1024 * process.resourceUsage().maxRSS - before;
      const [shard] = store.read().shards.values();
      const searchedAt = now();
      search(store.read(), shard.centroid.toArray(), { k: 10 });
      const first = now() - searchedAt;
      const { byteLength } = store.read();
      await store.close();
      // Not before: it takes as much memory as the index, which the greatest of the process would have in it.
      const reading = now();
      readFileSync(path);
      const read = now() - reading;
      return { read, opened, first, peak, byteLength };
    }
    case 'commits':
      return commits(path, await vectorsOf(source));
    case 'deltas':
      return manyCommits(path, source.rows);
    case 'share':
      return changedShare(path);
    case 'compact':
      return small(path, () => sizeOf(path));
    case 'kill': {
      const [{ vector }] = await vectorsOf({ ...source, rows: 1 });
      const index = await engine.open(path, { dimensions: vector.length });
      const more = Float32Array.from(vector);
      for (let id = source.rows; ; id++) {
        more[0] += 0.001;
        await index.add(id, more);
        writeSync(1, `${id}\n`);
      }
    }
    case 'count': {
      const [{ vector }] = await vectorsOf({ ...source, rows: 1 });
      const index = await engine.open(path, { dimensions: vector.length });
      const asked = (JSON.parse(process.argv[6]) as number[]).filter((id) => id >= source.rows);
      let lost = 0;
      for (const id of asked) if (!(await index.has(id))) lost++;
      return { lost };
    }
  }
  throw new Error(`No task ${task}.`);
}

/** Bytes of a file and those beside it that begin like it, or of a folder. */
function sizeOf(of: string): number {
  if (!existsSync(of)) return 0;
  if (!statSync(of).isDirectory())
    return [of, `${of}-wal`].reduce((sum, file) => sum + (existsSync(file) ? statSync(file).size : 0), 0);
  return readdirSync(of, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(of, name)))
    .reduce((sum, file) => sum + (file.isDirectory() ? 0 : file.size), 0);
}

const result = await run();
process.send?.(result);
process.disconnect();
