/*
 * A program that writes to a log until it is killed, and says on its standard output what was acknowledged: after the
 * promise, and not before.
 */

import { writeSync } from 'node:fs';
import { memoryLog, sqliteLog, type CommitLog } from 'shardex/store';
import { bytesOfVersion } from './log-contents.js';

const [path, driver, mode, most = 'Infinity'] = process.argv.slice(2);
const GROUP = 8;

function open(): CommitLog {
  if (path === 'memory') return memoryLog();
  return sqliteLog(driver === 'own' ? { path } : { path, driver });
}

function say(what: string): void {
  writeSync(1, `${what}\n`);
}

let log = open();
let { head } = await log.open(new Uint8Array([1]));
say('open');
const size = mode === 'group' ? GROUP : 1;
for (let round = 0; round < Number(most); round++) {
  const first: number = (head?.version ?? 0) + 1;
  const entries = Array.from({ length: size }, (_, i) => ({
    version: first + i,
    token: `t${first + i}`,
    bytes: bytesOfVersion(first + i),
  }));
  const answer = await log.append(head, entries);
  if (answer.head === undefined) throw new Error('Nobody else writes to this log.');
  head = answer.head;
  say(`ack ${head.version}`);
  if (mode === 'checkpoint' || mode === 'trim') {
    const { version, token } = head;
    const chunks = [`c${version}`, `d${version}`];
    for (const key of chunks) await log.putChunk(key, bytesOfVersion(version));
    await log.commitCheckpoint({ version, token, manifest: bytesOfVersion(version), chunks });
    say(`checkpoint ${version}`);
    if (mode === 'trim' && version > 3) await log.trim(version - 2);
  }
  if (mode === 'fork') {
    // Branches of branches, and some of them dropped again.
    const from = round % 2 === 0 ? log : log.branch(`b${round - 1}`);
    if (from !== log) await from.open();
    const at = await from.head();
    if ((await from.fork(`b${round}`, at)) !== 'made') throw new Error('Nobody else makes branches here.');
    if (from !== log) await from.close();
    say(`fork ${round} ${at?.version ?? 0}`);
    if (round % 5 === 4 && (await log.dropBranch(`b${round - 2}`))) say(`drop ${round - 2}`);
  }
  if (mode === 'close' && round % 3 === 2) {
    await log.close();
    log = open();
    ({ head } = await log.open(new Uint8Array([1])));
  }
}
await log.close();
