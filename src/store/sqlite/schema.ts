/*
 * The tables of a log in SQLite, described in docs/internals/store-format.md. An entry's key is its branch and its version in
 * one number, so that entries lie in the order of their versions and one tree of pages holds them.
 */

/** The bytes "SHXL". */
export const APPLICATION_ID = 0x53_48_58_4c;
/** The format that is written; older ones are made into it when they are opened. */
export const FORMAT = 2;
/** With small pages, writing a chunk of some MB takes five times as long. */
export const PAGE_BYTES = 65_536;
/** Pages in the write-ahead log before SQLite moves them into the file: 16 MiB. */
export const WAL_PAGES = 256;

/** Versions of a branch are below this. */
export const VERSIONS = 2 ** 40;
export const LAST_VERSION = VERSIONS - 1;
/** The largest id of a branch: positions are whole numbers that JavaScript can tell apart. */
export const LAST_BRANCH = 2 ** 13 - 1;

export const SCHEMA = `
CREATE TABLE branch (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  settings BLOB NOT NULL,
  start INTEGER,
  token TEXT,
  trimmed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE entry (
  position INTEGER PRIMARY KEY,
  token TEXT NOT NULL,
  parent TEXT,
  sum TEXT NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE TABLE note (
  branch INTEGER NOT NULL REFERENCES branch (id),
  name TEXT NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (branch, name)
) STRICT;
CREATE TABLE chunk (
  key TEXT PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT;
CREATE TABLE checkpoint (
  position INTEGER PRIMARY KEY,
  token TEXT NOT NULL,
  manifest BLOB NOT NULL
) STRICT;
CREATE TABLE checkpoint_chunk (
  position INTEGER NOT NULL REFERENCES checkpoint (position) ON DELETE CASCADE,
  place INTEGER NOT NULL,
  key TEXT NOT NULL REFERENCES chunk (key),
  PRIMARY KEY (position, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX chunk_use ON checkpoint_chunk (key);
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${FORMAT};
`;

/** Makes format 1 into format 2, in which there are branches. */
export const FROM_1_TO_2 = `
ALTER TABLE branch ADD COLUMN start INTEGER;
ALTER TABLE branch ADD COLUMN token TEXT;
ALTER TABLE branch ADD COLUMN trimmed INTEGER NOT NULL DEFAULT 0;
PRAGMA user_version = 2;
`;

/** The key of a version of a branch. */
export function positionOf(branch: number, version: number): number {
  return branch * VERSIONS + version;
}

/** The version of a key. */
export function versionAt(position: number): number {
  return position % VERSIONS;
}

/** The id of the branch of a key. */
export function branchAt(position: number): number {
  return Math.floor(position / VERSIONS);
}

/** In the place of a checksum: the entry has no changes any more; who wants these takes the checkpoint of its version. */
export const DROPPED = '';
