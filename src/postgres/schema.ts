/*
 * The tables of a log in Postgres, described in docs/internals/store-format.md, and the way from older ones. The SQL can be
 * read before it runs, or be run by whoever may change tables.
 */

import { takeOptions } from '../checks/given.js';
import { requireFlag, requireName, requireWhole } from '../config.js';
import { LogFormatError } from '../store/errors.js';
import { asked } from './failure.js';
import { functionsIn } from './functions.js';
import { type PostgresClient, ask, requireClient } from './pool.js';

/** The newest format of the tables. */
export const FORMAT = 1;
/** Where the tables are, unless somebody says otherwise. */
export const SCHEMA = 'shardex';
/** Only one process at a time changes tables: a lock by this number, which nothing else uses. */
const LOCK = 0x53_48_58_4c;

/**
 * What makes each format of the one before it. Bytes are kept as they are: vectors do not get smaller by compressing them,
 * which takes time.
 */
const STEPS: readonly ((schema: string) => string)[] = [
  (s) => `CREATE SCHEMA IF NOT EXISTS ${s};
CREATE TABLE ${s}.format (format integer NOT NULL);
CREATE TABLE ${s}.branch (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  namespace text NOT NULL,
  name text,
  settings bytea NOT NULL,
  parent bigint REFERENCES ${s}.branch,
  start bigint NOT NULL,
  token text NOT NULL,
  trimmed bigint NOT NULL DEFAULT 0,
  UNIQUE (namespace, name)
);
CREATE INDEX ON ${s}.branch (parent);
CREATE TABLE ${s}.entry (
  branch bigint NOT NULL,
  version bigint NOT NULL,
  token text NOT NULL,
  parent text,
  checksum text NOT NULL,
  size integer NOT NULL,
  bytes bytea,
  upload uuid,
  PRIMARY KEY (branch, version)
);
CREATE TABLE ${s}.note (
  branch bigint NOT NULL REFERENCES ${s}.branch ON DELETE CASCADE,
  name text NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (branch, name)
);
CREATE TABLE ${s}.chunk (
  namespace text NOT NULL,
  key text NOT NULL,
  size integer NOT NULL,
  bytes bytea,
  upload uuid,
  PRIMARY KEY (namespace, key)
);
CREATE TABLE ${s}.checkpoint (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  branch bigint NOT NULL REFERENCES ${s}.branch,
  version bigint NOT NULL,
  token text NOT NULL,
  size integer NOT NULL,
  bytes bytea,
  upload uuid
);
CREATE INDEX ON ${s}.checkpoint (branch, version, id);
CREATE TABLE ${s}.checkpoint_chunk (
  checkpoint bigint NOT NULL REFERENCES ${s}.checkpoint ON DELETE CASCADE,
  place bigint NOT NULL,
  namespace text NOT NULL,
  key text NOT NULL,
  PRIMARY KEY (checkpoint, place),
  FOREIGN KEY (namespace, key) REFERENCES ${s}.chunk
);
CREATE INDEX ON ${s}.checkpoint_chunk (namespace, key);
CREATE TABLE ${s}.piece (
  upload uuid NOT NULL,
  place bigint NOT NULL,
  bytes bytea NOT NULL,
  made timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (upload, place)
);
CREATE INDEX ON ${s}.entry (upload) WHERE upload IS NOT NULL;
CREATE INDEX ON ${s}.chunk (upload) WHERE upload IS NOT NULL;
CREATE INDEX ON ${s}.checkpoint (upload) WHERE upload IS NOT NULL;
ALTER TABLE ${s}.entry ALTER bytes SET STORAGE EXTERNAL;
ALTER TABLE ${s}.chunk ALTER bytes SET STORAGE EXTERNAL;
ALTER TABLE ${s}.checkpoint ALTER bytes SET STORAGE EXTERNAL;
ALTER TABLE ${s}.piece ALTER bytes SET STORAGE EXTERNAL;
${functionsIn(s)}
INSERT INTO ${s}.format VALUES (1);`,
];

/** Options of {@link postgresSchema}. */
export interface PostgresSchemaOptions {
  /** The schema that the tables are in. Default `shardex`. */
  readonly schema?: string;
  /** The format that there is. Default 0: none. */
  readonly from?: number;
}

/**
 * Returns the SQL that makes the tables of logs, or brings older ones up to date. Empty where there is nothing to do. Run it
 * as one transaction.
 *
 * @throws {@link InvalidOptionError}
 */
export function postgresSchema(options: PostgresSchemaOptions = {}): string {
  const { schema = SCHEMA, from = 0 } = takeOptions(options, ['schema', 'from']);
  requireName('schema', schema);
  requireWhole('from', from, 0, FORMAT);
  return STEPS.slice(from)
    .map((step) => step(quoted(schema)))
    .join('\n');
}

/** Options of {@link migratePostgres}. */
export interface MigrateOptions {
  /** The schema that the tables are in. Default `shardex`. */
  readonly schema?: string;
  /** Changes nothing, and returns what it would run. Default `false`. */
  readonly dryRun?: boolean;
}

/**
 * Makes the tables of logs, or brings older ones up to date, in one transaction; resolves to the SQL that did. A log does that
 * by itself when it is opened, where the user of the database may.
 *
 * @throws {@link InvalidOptionError}, {@link LogFormatError} for tables of a later version of the library, {@link LogFailedError}
 */
export async function migratePostgres(pool: PostgresClient, options: MigrateOptions = {}): Promise<string> {
  const { schema = SCHEMA, dryRun = false } = takeOptions(options, ['schema', 'dryRun']);
  requireClient('pool', pool);
  requireName('schema', schema);
  requireFlag('dryRun', dryRun);
  return asked('making its tables', async () => {
    const sql = postgresSchema({ schema, from: await formatOf(pool, schema) });
    if (sql === '' || dryRun) return sql;
    // Statements without values go in one message, which is one transaction. Another process may have been faster.
    await pool.query({
      text: `SELECT pg_advisory_xact_lock(${LOCK});
DO $shardex$ BEGIN
IF to_regclass(${literal(`${quoted(schema)}.format`)}) IS NULL THEN
${sql}
END IF; END $shardex$`,
    });
    return sql;
  });
}

/** The format of the tables that there are; 0 for none. @throws {@link LogFormatError} */
async function formatOf(pool: PostgresClient, schema: string): Promise<number> {
  const name = `${quoted(schema)}.format`;
  const [{ there }] = await ask(pool, 0, 'SELECT to_regclass($1)::text AS there', [name]);
  if (there === null) return 0;
  const [row] = await ask(pool, 0, `SELECT max(format)::bigint AS format FROM ${name}`, []);
  const format = Number(row.format);
  if (format <= FORMAT) return format;
  throw new LogFormatError(
    `The tables in ${schema} have format ${format}; this version of the library reads format ${FORMAT}. Use the one that made them.`,
  );
}

/** A name as SQL has it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A value as SQL has it. */
export function literal(value: string | number | readonly number[]): string {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return `'{${value.join(',')}}'::bigint[]`;
  const text = value.replaceAll("'", "''");
  return text.includes('\\') ? `E'${text.replaceAll('\\', '\\\\')}'` : `'${text}'`;
}
