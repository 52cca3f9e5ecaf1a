// Makes the file smaller: entries that checkpoints replaced, and free pages, in steps between which others can write.
import { infoEnd } from '../entry-bytes.js';
import type { Connection } from './connection.js';
import { DROPPED } from './schema.js';

/** Pages that are given back in one transaction: 4 MB. */
const PAGES_PER_STEP = 64;

/**
 * Drops the changes of entries that have a checkpoint of their version: after a large ingest they are as large as that. What
 * is known of the commits stays.
 */
export function dropReplaced(db: Connection): void {
  db.write('dropping what a checkpoint replaced', () => {
    const rows = db.all(
      'SELECT position, substr(bytes, 1, 12) AS start FROM entry WHERE position IN (SELECT position FROM checkpoint) AND sum <> ?',
      DROPPED,
    );
    for (const { position, start } of rows)
      db.run(
        'UPDATE entry SET bytes = substr(bytes, 1, ?), sum = ? WHERE position = ?',
        infoEnd(start as Uint8Array),
        DROPPED,
        position as number,
      );
  });
}

/** Gives some free pages back; `false` when none is left. */
export function giveBackSome(db: Connection): boolean {
  const before = freePages(db);
  // A file of before auto_vacuum was set is written anew, once.
  if (before > 0 && db.get('PRAGMA auto_vacuum')?.auto_vacuum !== 2) db.exec('VACUUM');
  else db.exec(`PRAGMA incremental_vacuum(${PAGES_PER_STEP})`);
  const after = freePages(db);
  if (after > 0 && after < before) return true;
  // Until this is done, the file is as long as it was. Where others read, it is done when one of them closes it.
  db.get('PRAGMA wal_checkpoint(TRUNCATE)');
  return false;
}

function freePages(db: Connection): number {
  return db.get('PRAGMA freelist_count')?.freelist_count as number;
}
