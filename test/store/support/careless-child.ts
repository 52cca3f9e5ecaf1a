/* As `log-child.ts` does with `append`, on a driver that ignores the order to wait for the disk, and denies it. */

import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { newSqliteLog } from '../../../src/store/sqlite/sqlite-log.js';
import type { SqliteDriver } from '../../../src/store/sqlite/driver.js';
import { careless } from './broken-driver.js';
import { bytesOfVersion } from './log-contents.js';

const [path, name, , most] = process.argv.slice(2);
// As the log would: by its name, from the program's folder.
const found = name === 'own' ? 'node:sqlite' : createRequire(`${process.cwd()}/`).resolve(name);
const module = (await import(found)) as {
  readonly DatabaseSync?: SqliteDriver;
  readonly default?: { readonly DatabaseSync: SqliteDriver };
};
const driver = module.DatabaseSync ?? module.default?.DatabaseSync;
if (driver === undefined) throw new Error('no driver');
const log = newSqliteLog(path, careless(driver, true), () => Promise.reject(new Error('unused')));
let { head } = await log.open(new Uint8Array([1]));
writeSync(1, 'open\n');
for (let version = 1; version <= Number(most); version++) {
  const answer = await log.append(head, [{ version, token: `t${version}`, bytes: bytesOfVersion(version) }]);
  head = answer.head;
  writeSync(1, `ack ${version}\n`);
}
await log.close();
