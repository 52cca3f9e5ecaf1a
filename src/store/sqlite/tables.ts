/*
 * The tables of a log's file: made in a new one, brought to the present format in an older one, and looked through for damage
 * that would hide entries.
 */

import type { Connection } from './connection.js';
import { EngineFailure } from './failure.js';
import { APPLICATION_ID, FORMAT, FROM_1_TO_2, SCHEMA, VERSIONS } from './schema.js';

/** Makes the tables of a new file, within a transaction; refuses one that is something else, or of a later format. */
export function makeTables(db: Connection): void {
  const application = db.get('PRAGMA application_id')?.application_id;
  const format = db.get('PRAGMA user_version')?.user_version as number;
  const tables = db.get('SELECT count(*) AS count FROM sqlite_schema')?.count as number;
  if (application === 0 && format === 0 && tables === 0) {
    db.exec(SCHEMA);
    return;
  }
  if (application !== APPLICATION_ID)
    throw new EngineFailure({
      kind: 'format',
      message: 'This file is a database of something else, not a log of this library. Choose another path.',
    });
  if (format === 1) db.exec(FROM_1_TO_2);
  else if (format !== FORMAT)
    throw new EngineFailure({
      kind: 'format',
      message: `This log has format ${format}; this version of the library reads format ${FORMAT}. Use the one that wrote it.`,
    });
}

/** Looks for what would hide entries without a trace: a damaged page, a key that went elsewhere. */
export function examine(db: Connection): void {
  const found = db.get('PRAGMA quick_check(entry)');
  const verdict = Object.values(found ?? {})[0];
  const [strays, holes] = [
    `SELECT 1 FROM entry WHERE position / ${VERSIONS} NOT IN (SELECT id FROM branch)`,
    // Of what was dropped, only what other branches need is left.
    `SELECT 1 FROM branch JOIN entry ON position / ${VERSIONS} = branch.id AND position % ${VERSIONS} >= trimmed
      GROUP BY branch.id HAVING count(*) <> max(position) - min(position) + 1`,
  ].map((sql) => db.get(sql));
  const isWhole = strays === undefined && holes === undefined;
  if (verdict === 'ok' && isWhole) return;
  const what = verdict === 'ok' ? 'entries are missing, or in the place of others' : String(verdict);
  throw new EngineFailure({
    kind: 'corrupt',
    message: `The log's file is damaged: ${what}. Restore it from a copy.`,
  });
}
