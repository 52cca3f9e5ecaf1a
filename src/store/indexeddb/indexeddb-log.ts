/*
 * A log in IndexedDB: what a store keeps an index in, in a browser. Transactions that write exclude each other over all
 * pages of a site, so that whoever finds its parent to be the newest entry is the only one to add the next.
 */

import { requireName } from '../../config.js';
import { CorruptLogError, LogClosedError } from '../errors.js';
import { checkedLog, inBatches } from '../log/checked-log.js';
import { denseFrom, sameHead, sumOf } from '../log/checks.js';
import {
  type Appended,
  type BranchSummary,
  type Checkpoint,
  type CommitLog,
  type Entry,
  type EntrySummary,
  type Forked,
  type Head,
  type LoggedEntry,
  MAIN,
  type OpenedLog,
  type ReadOptions,
} from '../log/commit-log.js';
import {
  addBranch,
  addMain,
  branchOf,
  dropBranch,
  dropOrphans,
  dropUnneeded,
  examine,
  headOf,
  listBranches,
} from './branches.js';
import { Changes } from './changes.js';
import { checkpointUpTo, listEntries, readBatch } from './entries.js';
import { logErrorOf } from './failure.js';
import { allOf, notesOf } from './ranges.js';
import {
  type BranchRow,
  type Database,
  type EntryRow,
  type Name,
  type Reading,
  type Writing,
  connect,
} from './schema.js';
import { reading, writing } from './transaction.js';

/**
 * Makes a log in the IndexedDB database of this name, which `indexedDB.deleteDatabase(name)` deletes. Several pages of a
 * site may open one. Needs the package `idb`. Every write asks for `durability: 'strict'`: the browser is to have handed it
 * to the disk before it acknowledges. The database is opened when it is first used.
 *
 * @throws {@link InvalidOptionError}
 */
export function indexedDbLog(name: string): CommitLog {
  requireName('name', name);
  return checkedLog(new IndexedDbLog(name, MAIN));
}

class IndexedDbLog implements CommitLog {
  readonly name: string;
  readonly branchName: string;
  readonly #changes: Changes;
  readonly #underWay = new Set<Promise<unknown>>();
  #db: Promise<Database> | undefined;
  /** Whether the database was there, so that it is never made in the place of one that was deleted. */
  #wasThere = false;
  #isClosing = false;

  constructor(name: string, branch: string) {
    this.name = name;
    this.branchName = branch;
    this.#changes = new Changes(name);
  }

  async open(settings?: Uint8Array): Promise<OpenedLog> {
    const made = settings && stored(settings);
    if (made !== undefined && this.branchName === MAIN)
      await this.#write('opening it', ['branch'], (tx) => addMain(tx, made));
    return this.#read('opening it', ['branch', 'entry'], async (tx, branch) => {
      await examine(tx);
      return { settings: branch?.settings, head: branch && (await headOf(tx, branch)) };
    });
  }

  async head(): Promise<Head | undefined> {
    return this.#read(
      'looking for the newest entry',
      ['branch', 'entry'],
      async (tx, branch) => branch && headOf(tx, branch),
    );
  }

  async append(parent: Head | undefined, entries: readonly Entry[]): Promise<Appended> {
    let before = parent?.token;
    // Copied now: the caller may use the memory again.
    const rows = entries.map(({ version, token, bytes }): Omit<EntryRow, 'branch'> => {
      const sum = sumOf(version, token, before, bytes);
      const row = { version, token, parent: before, sum, bytes: stored(bytes) };
      before = token;
      return row;
    });
    const answer = await this.#write(
      'appending',
      ['branch', 'entry'],
      async (tx, branch): Promise<Appended> => {
        const head = branch && (await headOf(tx, branch));
        if (branch === undefined || !sameHead(head, parent)) return { conflict: head };
        const added = tx.objectStore('entry');
        await Promise.all(rows.map((row) => added.add({ branch: branch.id, ...row })));
        const { version, token } = rows[rows.length - 1];
        return { head: { version, token } };
      },
    );
    if (answer.head !== undefined) this.#changes.tell();
    return answer;
  }

  read(after: number, options?: ReadOptions): AsyncIterable<readonly LoggedEntry[]> {
    return inBatches(after, options, (from, maxBytes) =>
      this.#read('reading', ['branch', 'entry'], async (tx, branch) =>
        branch === undefined ? [] : readBatch(tx, branch, from, maxBytes),
      ),
    );
  }

  async entries(before: number, limit: number): Promise<readonly EntrySummary[]> {
    return this.#read('listing', ['branch', 'entry'], async (tx, branch) => {
      if (branch === undefined) return [];
      return denseFrom(before, await headOf(tx, branch), await listEntries(tx, branch, before, limit));
    });
  }

  async changed(after: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // From before the look on, so that no hint is missed.
      const hint = this.#changes.next(signal);
      if (((await this.head())?.version ?? 0) > after) return;
      await hint;
    }
  }

  async putChunk(key: string, bytes: Uint8Array): Promise<void> {
    const row = { key, bytes: stored(bytes) };
    await this.#write('keeping a chunk', ['chunk'], async (tx) => {
      const chunks = tx.objectStore('chunk');
      if ((await chunks.getKey(key)) === undefined) await chunks.add(row);
    });
  }

  async chunk(key: string): Promise<Uint8Array> {
    const row = await this.#read('reading a chunk', ['chunk'], (tx) => tx.objectStore('chunk').get(key));
    if (row === undefined) throw new CorruptLogError(`The log has no chunk ${key}.`);
    return row.bytes;
  }

  async commitCheckpoint(checkpoint: Checkpoint): Promise<boolean> {
    const { version, token } = checkpoint;
    const chunks = [...checkpoint.chunks];
    const manifest = stored(checkpoint.manifest);
    return this.#write('adding a checkpoint', ['branch', 'chunk', 'checkpoint'], async (tx, branch) => {
      const found = await Promise.all(chunks.map((key) => tx.objectStore('chunk').getKey(key)));
      if (branch === undefined || found.includes(undefined)) return false;
      await tx.objectStore('checkpoint').put({ branch: branch.id, version, token, manifest, chunks });
      return true;
    });
  }

  async latestCheckpoint(atMost: number): Promise<Checkpoint | undefined> {
    return this.#read(
      'looking for a checkpoint',
      ['branch', 'checkpoint'],
      async (tx, branch) => branch && checkpointUpTo(tx, branch, atMost),
    );
  }

  async checkpoints(): Promise<readonly Head[]> {
    return this.#read('listing checkpoints', ['branch', 'checkpoint'], async (tx, branch) =>
      branch === undefined ? [] : allOf(tx, 'checkpoint', branch.id),
    );
  }

  async trim(before: number, keep: readonly number[]): Promise<void> {
    const doing = 'dropping what a checkpoint replaced';
    await this.#write(doing, ['branch', 'entry', 'chunk', 'checkpoint'], async (tx, branch) => {
      if (branch === undefined) return;
      // The newest entry stays.
      const least = Math.min(before, (await headOf(tx, branch))?.version ?? 0);
      await dropUnneeded(tx, branch, least, keep);
      await dropOrphans(tx);
    });
  }

  branch(name: string): CommitLog {
    return new IndexedDbLog(this.name, name);
  }

  async branches(): Promise<readonly BranchSummary[]> {
    return this.#read('listing branches', ['branch', 'entry'], (tx) => listBranches(tx));
  }

  async fork(name: string, at: Head | undefined): Promise<Forked> {
    return this.#write('adding a branch', ['branch', 'entry', 'checkpoint'], async (tx, branch) =>
      branch === undefined ? 'gone' : addBranch(tx, branch, name, at),
    );
  }

  async dropBranch(name: string): Promise<boolean> {
    const stores: Name[] = ['branch', 'entry', 'note', 'chunk', 'checkpoint'];
    return this.#write('dropping a branch', stores, async (tx) => {
      const branch = await branchOf(tx, name);
      if (branch === undefined) return false;
      await dropBranch(tx, branch);
      await dropOrphans(tx);
      return true;
    });
  }

  async notes(): Promise<ReadonlyMap<string, Uint8Array>> {
    return this.#read('reading notes', ['branch', 'note'], async (tx, branch) => {
      const rows = branch === undefined ? [] : await tx.objectStore('note').getAll(notesOf(branch.id));
      return new Map(rows.map(({ name, bytes }) => [name, bytes]));
    });
  }

  async putNote(name: string, bytes: Uint8Array | undefined): Promise<void> {
    const kept = bytes && stored(bytes);
    await this.#write('keeping a note', ['branch', 'note'], async (tx, branch) => {
      if (branch === undefined) return;
      const notes = tx.objectStore('note');
      if (kept === undefined) await notes.delete([branch.id, name]);
      else await notes.put({ branch: branch.id, name, bytes: kept });
    });
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all(this.#underWay);
    this.#changes.close();
    (await this.#db?.catch(() => undefined))?.close();
  }

  #read<T>(
    doing: string,
    stores: Name[],
    work: (tx: Reading, branch: BranchRow | undefined) => Promise<T>,
  ): Promise<T> {
    return this.#run(doing, async (db) => {
      const tx = reading(db, ...stores);
      return work(tx, stores.includes('branch') ? await branchOf(tx, this.branchName) : undefined);
    });
  }

  /** Branches go by their names, which are looked up each time: another one may have it by now. */
  #write<T>(
    doing: string,
    stores: Name[],
    work: (tx: Writing, branch: BranchRow | undefined) => Promise<T>,
  ): Promise<T> {
    return this.#run(doing, (db) =>
      writing(db, stores, doing, async (tx) =>
        work(tx, stores.includes('branch') ? await branchOf(tx, this.branchName) : undefined),
      ),
    );
  }

  /** Works on the database; what the engine fails with becomes an error of a log. */
  #run<T>(doing: string, work: (db: Database) => Promise<T>): Promise<T> {
    if (this.#isClosing) return Promise.reject(new LogClosedError());
    const running = this.#connected()
      .then(work)
      .catch((error: unknown) => {
        throw logErrorOf(error, doing);
      });
    const settled: Promise<unknown> = running
      .catch(() => undefined)
      .finally(() => this.#underWay.delete(settled));
    this.#underWay.add(settled);
    return running;
  }

  /** The connection: another one, where the browser has ended the last. */
  #connected(): Promise<Database> {
    if (this.#db !== undefined) return this.#db;
    const lost = (): void => {
      if (this.#db === connecting) this.#db = undefined;
    };
    const connecting = connect(this.name, !this.#wasThere, lost);
    this.#db = connecting;
    connecting.then(() => (this.#wasThere = true), lost);
    return connecting;
  }
}

/** What is stored of bytes: else all the memory would be that they are a view of, and shared memory could not be. */
function stored(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
