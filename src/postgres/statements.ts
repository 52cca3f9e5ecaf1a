/*
 * The statements of a log in Postgres. Each is a transaction of its own; `schema.ts` has the tables.
 */

import type { Column } from './copy-out.js';
import { SUMMARY_BYTES } from '../store/log/commit-log.js';
import { quoted } from './schema.js';

/** A statement that is read by COPY, with what its columns hold; `copied` puts its values in. */
export interface Copied {
  readonly text: string;
  readonly columns: Readonly<Record<string, Column>>;
}

/** The first half of the locks of branches, which tells them from other locks. */
const LOCKS = 0x53_48_58_54;

/** Takes the lock that appends to a branch share, and that a turn has alone, until the transaction ends. */
export function lockOf(branch: string, isShared: '' | '_shared' = ''): string {
  return `pg_advisory_xact_lock${isShared}(${LOCKS}, (${branch} % 2147483647)::integer)::text AS lock`;
}

/** Most rows that are read at once. */
export const BATCH_ROWS = 2000;

/** Columns of an entry that is appended. */
const GIVEN = 7;

/** The statements for tables in a schema. */
export type Statements = ReturnType<typeof statementsIn>;

/** Writes the statements. */
export function statementsIn(schema: string) {
  const s = quoted(schema);
  return {
    /** Makes the main branch, with an entry of version 0 for the first commit to follow: so has each branch where it starts. */
    make: `WITH made AS (
  INSERT INTO ${s}.branch (namespace, name, settings, start, token) VALUES ($1, 'main', $2, 0, '')
  ON CONFLICT DO NOTHING RETURNING id
)
INSERT INTO ${s}.entry (branch, version, token, checksum, size) SELECT id, 0, '', '', 0 FROM made`,

    /** A branch, and those that it starts from. */
    find: {
      text: `WITH RECURSIVE line AS (
  SELECT *, 0 AS depth FROM ${s}.branch WHERE namespace = $1 AND name = $2
  UNION ALL SELECT branch.*, depth + 1 FROM line JOIN ${s}.branch ON branch.id = line.parent
)
SELECT id, settings, start, token FROM line ORDER BY depth`,
      columns: { id: 'integer', settings: 'bytes', start: 'integer', token: 'text' },
    } satisfies Copied,

    head: `SELECT version, entry.token FROM ${s}.entry JOIN ${s}.branch ON branch.id = branch
WHERE branch = $1 AND name IS NOT NULL ORDER BY version DESC LIMIT 1`,

    token: `SELECT token FROM ${s}.entry WHERE branch = $1 AND version = $2`,

    /**
     * Appends a group. The first entry decides: it needs its parent, in a branch of which nothing is dropped meanwhile, and a
     * version that is still free; the others come with it. It waits for turns. An append within a larger transaction takes
     * the lock alone, as a turn does, so that it loses one race at most. $1 is the branch, $2 and $3 the parent, $4 the
     * pieces and $5 their number, $6 a lock that a transaction holds as long as it is open; then seven values an entry.
     */
    append: (count: number, isLocking: boolean): string => {
      const rows = Array.from({ length: count }, (_, i) => {
        const at = 7 + i * GIVEN;
        return `($${at}::bigint, $${at + 1}::text, $${at + 2}::text, $${at + 3}::text, $${at + 4}::integer, $${at + 5}::bytea, $${at + 6}::uuid)`;
      });
      const columns = 'version, token, parent, checksum, size, bytes, upload';
      return `WITH turn AS MATERIALIZED (SELECT ${lockOf('$1::bigint', isLocking ? '' : '_shared')}),
parent AS MATERIALIZED (
  SELECT version FROM turn, ${s}.entry JOIN ${s}.branch ON branch.id = branch
  WHERE branch = $1 AND version = $2 AND entry.token = $3 AND trimmed <= $2 AND name IS NOT NULL
  FOR SHARE OF branch
), given (${columns}) AS NOT MATERIALIZED (VALUES ${rows.join(', ')}),
first AS (
  INSERT INTO ${s}.entry (branch, ${columns})
  SELECT $1, given.* FROM given
  WHERE given.version = $2::bigint + 1 AND EXISTS (SELECT FROM parent)
    AND (SELECT count(*) FROM ${s}.piece WHERE upload = ANY ($4::uuid[])) = $5::bigint
  ON CONFLICT DO NOTHING RETURNING version
), rest AS (
  INSERT INTO ${s}.entry (branch, ${columns})
  SELECT $1, given.* FROM given, first WHERE given.version > first.version
)
SELECT version, ${isLocking ? 'pg_advisory_xact_lock($6::bigint)::text' : '$6::text'} AS lock FROM first`;
    },

    /** Waits until the transaction has ended that has this lock. */
    ended: `SELECT pg_advisory_xact_lock_shared($1::bigint)::text AS lock`,

    /**
     * The entry of version $2, without its bytes, and those after it, up to version $4 and $3 bytes; with the newest of them,
     * and how many there are, up to so many rows, whatever their bytes.
     */
    read: {
      text: `SELECT version, token, parent, checksum, size::bigint, upload::text, CASE WHEN version > $2 THEN bytes END,
  newest, found
FROM (
  SELECT *, sum(size) FILTER (WHERE version > $2) OVER (ORDER BY version) AS total,
    max(version) OVER () AS newest, count(*) OVER () AS found
  FROM (SELECT * FROM ${s}.entry WHERE branch = $1 AND version BETWEEN $2 AND $4 ORDER BY version LIMIT ${BATCH_ROWS}) AS batch
) AS summed
WHERE version = $2 OR total = size OR total <= $3 ORDER BY version`,
      columns: {
        ...{ version: 'integer', token: 'text', parent: 'text', checksum: 'text' },
        ...{ size: 'integer', upload: 'text', bytes: 'bytes', newest: 'integer', found: 'integer' },
      },
    } satisfies Copied,

    /** Whether there is an older entry that was not dropped. */
    older: `SELECT version FROM ${s}.entry JOIN ${s}.branch ON branch.id = branch
WHERE branch = $1 AND version > start AND version >= trimmed AND version <= $2 LIMIT 1`,

    /** What entries are, from version $3 down to $2 but not that. */
    entries: {
      text: `SELECT version, token, parent, size::bigint, coalesce(
  substring(bytes from 1 for ${SUMMARY_BYTES}),
  (SELECT substring(piece.bytes from 1 for ${SUMMARY_BYTES}) FROM ${s}.piece
    WHERE piece.upload = entry.upload AND place = 0))
FROM ${s}.entry WHERE branch = $1 AND version > $2 AND version <= $3 ORDER BY version DESC LIMIT $4`,
      columns: { version: 'integer', token: 'text', parent: 'text', size: 'integer', start: 'bytes' },
    } satisfies Copied,

    putPiece: `INSERT INTO ${s}.piece (upload, place, bytes) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,

    piece: {
      text: `SELECT bytes FROM ${s}.piece WHERE upload = $1 AND place = $2`,
      columns: { bytes: 'bytes' },
    } satisfies Copied,

    dropUpload: `DELETE FROM ${s}.piece WHERE upload = ANY ($1::uuid[])`,

    putChunk: `INSERT INTO ${s}.chunk (namespace, key, size, bytes, upload) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING RETURNING key`,

    chunk: {
      text: `SELECT size::bigint, bytes, upload::text FROM ${s}.chunk WHERE namespace = $1 AND key = $2`,
      columns: { size: 'integer', bytes: 'bytes', upload: 'text' },
    } satisfies Copied,

    /** Adds a checkpoint if all of its chunks, $8, are there. */
    putCheckpoint: `WITH made AS (
  INSERT INTO ${s}.checkpoint (branch, version, token, size, bytes, upload)
  SELECT $2::bigint, $3::bigint, $4::text, $5::integer, $6::bytea, $7::uuid
  WHERE NOT EXISTS (
    SELECT FROM unnest($8::text[]) AS wanted (key)
    WHERE NOT EXISTS (SELECT FROM ${s}.chunk WHERE chunk.namespace = $1 AND chunk.key = wanted.key)
  ) RETURNING id
), used AS (
  INSERT INTO ${s}.checkpoint_chunk (checkpoint, place, namespace, key)
  SELECT made.id, wanted.place, $1, wanted.key FROM made, unnest($8::text[]) WITH ORDINALITY AS wanted (key, place)
)
SELECT id FROM made`,

    /** The newest checkpoint of at most version $3, of branches $1, each up to its version in $2. */
    checkpoint: {
      text: `SELECT checkpoint.id, version, token, size::bigint, bytes, upload::text,
  (SELECT coalesce(json_agg(key ORDER BY place), '[]') FROM ${s}.checkpoint_chunk
    WHERE checkpoint = checkpoint.id)::text
FROM ${s}.checkpoint JOIN unnest($1, $2) AS line (id, top) ON branch = line.id AND version <= least(top, $3)
ORDER BY version DESC, checkpoint.id DESC LIMIT 1`,
      columns: {
        ...{ id: 'integer', version: 'integer', token: 'text' },
        ...{ size: 'integer', bytes: 'bytes', upload: 'text', chunks: 'text' },
      },
    } satisfies Copied,

    checkpoints: `SELECT DISTINCT ON (version) version, token FROM ${s}.checkpoint WHERE branch = $1
ORDER BY version, id DESC`,

    dropEntries: `SELECT ${s}.drop_entries($1, $2, $3) AS dropped`,

    dropCheckpoints: `SELECT ${s}.drop_checkpoints($1, $2, $3) AS dropped`,

    /** Drops some chunks that no checkpoint needs. */
    dropChunks: `WITH gone AS (
  DELETE FROM ${s}.chunk WHERE (namespace, key) IN (
    SELECT namespace, key FROM ${s}.chunk WHERE namespace = $1 AND NOT EXISTS (
      SELECT FROM ${s}.checkpoint_chunk AS used
      WHERE used.namespace = chunk.namespace AND used.key = chunk.key
    ) LIMIT $2 FOR UPDATE SKIP LOCKED
  ) RETURNING key, upload
), pieces AS (
  DELETE FROM ${s}.piece WHERE upload IN (SELECT upload FROM gone)
)
SELECT key FROM gone`,

    /** Drops pieces of what was never put: whoever was to put it has ended. */
    dropPieces: `DELETE FROM ${s}.piece WHERE made < now() - interval '1 day'
  AND upload NOT IN (SELECT upload FROM ${s}.entry WHERE upload IS NOT NULL)
  AND upload NOT IN (SELECT upload FROM ${s}.chunk WHERE upload IS NOT NULL)
  AND upload NOT IN (SELECT upload FROM ${s}.checkpoint WHERE upload IS NOT NULL)`,

    notes: {
      text: `SELECT name, bytes FROM ${s}.note WHERE branch = $1`,
      columns: { name: 'text', bytes: 'bytes' },
    } satisfies Copied,

    putNote: `INSERT INTO ${s}.note (branch, name, bytes) SELECT id, $2, $3 FROM ${s}.branch
WHERE id = $1 AND branch.name IS NOT NULL ON CONFLICT (branch, name) DO UPDATE SET bytes = EXCLUDED.bytes`,

    dropNote: `DELETE FROM ${s}.note WHERE branch = $1 AND name = $2`,

    notify: `SELECT pg_notify($1, $2)::text AS told`,

    fork: `SELECT ${s}.fork($1, $2, $3, $4) AS answer`,

    branches: `SELECT id, name, parent, start, token,
  (SELECT json_build_array(version, entry.token) FROM ${s}.entry WHERE branch = branch.id
    ORDER BY version DESC LIMIT 1)::text AS head
FROM ${s}.branch WHERE namespace = $1 ORDER BY id`,

    /** Gives up the name and the notes of a branch. */
    unname: `WITH gone AS (
  UPDATE ${s}.branch SET name = NULL WHERE namespace = $1 AND name = $2 RETURNING id
), notes AS (
  DELETE FROM ${s}.note WHERE branch IN (SELECT id FROM gone)
)
SELECT id FROM gone`,

    dropped: `SELECT id FROM ${s}.branch WHERE namespace = $1 AND name IS NULL`,

    /** Forgets dropped branches that have nothing left and that none starts from. */
    forget: `DELETE FROM ${s}.branch WHERE namespace = $1 AND name IS NULL
  AND NOT EXISTS (SELECT FROM ${s}.branch AS child WHERE child.parent = branch.id)
  AND NOT EXISTS (SELECT FROM ${s}.entry WHERE entry.branch = branch.id)
  AND NOT EXISTS (SELECT FROM ${s}.checkpoint WHERE checkpoint.branch = branch.id)
RETURNING id`,
  };
}
