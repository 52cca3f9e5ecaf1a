// Gives free pages of the file back to the system, in steps between which others can write.
import type { Connection } from './connection.js';

/** Pages that are given back in one transaction: 4 MB. */
const PAGES_PER_STEP = 64;

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
