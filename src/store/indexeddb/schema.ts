/*
 * The object stores of a log in IndexedDB, described in docs/internals/store-format.md. Keys are arrays that begin with a
 * branch, so that what belongs to one branch is a range of keys.
 */

import { type DBSchema, type IDBPDatabase, type IDBPTransaction, type StoreNames, openDB } from 'idb';
import { LogFailedError, LogFormatError } from '../errors.js';
import type { Head } from '../log/commit-log.js';

/** The only format; the version of the database. */
export const FORMAT = 1;

/** A database of a log. */
export type Database = IDBPDatabase<LogSchema>;

/** The name of an object store. */
export type Name = StoreNames<LogSchema>;

/** A transaction that reads, or writes too. */
export type Reading = IDBPTransaction<LogSchema, Name[], 'readonly' | 'readwrite'>;
export type Writing = IDBPTransaction<LogSchema, Name[], 'readwrite'>;

/** What tells a version from others of its branch, and its token without its bytes. */
export type HeadKey = [branch: number, version: number, token: string];

/** What is stored, by the name of the object store. */
export interface LogSchema extends DBSchema {
  branch: { key: number; value: BranchRow; indexes: { name: string } };
  entry: { key: [branch: number, version: number]; value: EntryRow; indexes: { head: HeadKey } };
  note: {
    key: [branch: number, name: string];
    value: { readonly branch: number; readonly name: string; readonly bytes: Uint8Array };
  };
  chunk: { key: string; value: { readonly key: string; readonly bytes: Uint8Array } };
  checkpoint: {
    key: [branch: number, version: number];
    value: CheckpointRow;
    /** `chunks` tells whether a chunk is needed. */
    indexes: { head: HeadKey; chunks: string };
  };
}

/** A branch as it is stored. */
export interface BranchRow {
  /** Given out by the database; never again. */
  readonly id: number;
  /** `undefined` where it was dropped while others start from it. */
  readonly name: string | undefined;
  readonly settings: Uint8Array;
  /** The id of the branch that it starts from. */
  readonly parent: number | undefined;
  /** The version that it starts after, one of its parent's own. */
  readonly start: Head | undefined;
  /** Entries before this version were dropped, but those that branches need which start there. */
  readonly trimmed: number;
}

/** A commit as it is stored. */
export interface EntryRow {
  readonly branch: number;
  readonly version: number;
  readonly token: string;
  readonly parent: string | undefined;
  readonly sum: string;
  readonly bytes: Uint8Array;
}

/** A checkpoint as it is stored. */
export interface CheckpointRow {
  readonly branch: number;
  readonly version: number;
  readonly token: string;
  readonly manifest: Uint8Array;
  readonly chunks: string[];
}

const STORES: readonly Name[] = ['branch', 'entry', 'note', 'chunk', 'checkpoint'];

/**
 * Connects to a database, which is made where there is none and `mayMake` says so. `lost` is called when the connection is
 * over: the browser has ended it, or another page is to delete the database, which must not wait for this one.
 *
 * @throws {@link LogFormatError}, {@link LogFailedError}, and what the engine fails with.
 */
export async function connect(name: string, mayMake: boolean, lost: () => void): Promise<Database> {
  if ((globalThis as { readonly indexedDB?: unknown }).indexedDB === undefined)
    throw new LogFailedError(
      'This runtime has no IndexedDB, which browsers have. In Node, open a store by the path of a file.',
      false,
    );
  const deleted = { found: false };
  try {
    const db = await openDB<LogSchema>(name, FORMAT, {
      upgrade: (made, _oldVersion, _newVersion, transaction) => {
        // Aborting makes the opening fail, which says so.
        transaction.done.catch(() => undefined);
        deleted.found = !mayMake;
        if (mayMake) make(made);
        else transaction.abort();
      },
      blocking: (_current, _blocked, event) => {
        (event.target as IDBDatabase).close();
        lost();
      },
      terminated: lost,
    });
    if (STORES.every((store) => db.objectStoreNames.contains(store))) return db;
    db.close();
  } catch (error) {
    if (!deleted.found) throw error;
    throw new LogFailedError(
      `The database ${name} was deleted. What was read stays readable; to make it anew, open another store.`,
      false,
    );
  }
  throw new LogFormatError(
    `The database ${name} is of something else, not a log of this library. Choose another name.`,
  );
}

function make(db: Database): void {
  const branches = db.createObjectStore('branch', { keyPath: 'id', autoIncrement: true });
  branches.createIndex('name', 'name', { unique: true });
  const entries = db.createObjectStore('entry', { keyPath: ['branch', 'version'] });
  entries.createIndex('head', ['branch', 'version', 'token']);
  db.createObjectStore('note', { keyPath: ['branch', 'name'] });
  db.createObjectStore('chunk', { keyPath: 'key' });
  const checkpoints = db.createObjectStore('checkpoint', { keyPath: ['branch', 'version'] });
  checkpoints.createIndex('head', ['branch', 'version', 'token']);
  checkpoints.createIndex('chunks', 'chunks', { multiEntry: true });
}
