// Prints how long Node takes to import the library, beside an empty script: medians of starts in turns, so that what else
// the machine does falls on all of them. Run it after a build.
import { spawnSync } from 'node:child_process';

const STARTS = 11;
/** @type {Record<string, string | undefined>} */
const entries = {
  'an empty script': undefined,
  shardex: '../dist/node/index.js',
  'shardex/browser': '../dist/browser/shardex.js',
  'the modules for bundlers': '../dist/index.js',
};

const names = Object.keys(entries);
/** @type {Map<string, number[]>} */
const times = new Map(names.map((name) => [name, []]));
for (let start = 0; start < STARTS; start++) {
  for (const name of names) {
    const path = entries[name];
    const code =
      path === undefined ? '' : `await import(${JSON.stringify(new URL(path, import.meta.url).href)});`;
    const startedAt = performance.now();
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code]);
    if (status !== 0) throw new Error(`${name}: ${String(stderr)}`);
    times.get(name)?.push(performance.now() - startedAt);
  }
}
const empty = median(names[0]);
for (const name of names) {
  const ms = median(name);
  console.log(
    `${name.padEnd(26)} ${ms.toFixed(0).padStart(5)} ms, ${(ms - empty).toFixed(0).padStart(4)} ms more, ${(ms / empty).toFixed(2)} times`,
  );
}

/** @param {string} name */
function median(name) {
  const sorted = times.get(name)?.toSorted((a, b) => a - b) ?? [];
  return sorted[sorted.length >> 1];
}
