// Runs the benchmarks: each suite in a process of its own, and publishes the results.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { machine, noise } from './machine.js';
import type { Options } from './options.js';
import { readOptions } from './read-options.js';
import { publish } from './publish.js';
import type { SuiteResult } from './result.js';
import type { SuiteName } from './suites.js';
import { time } from '../demo/units.js';

const { suites, options } = readOptions(process.argv.slice(2));
console.log(
  `Shardex benchmarks${options.quick ? ' (quick: not for comparison)' : ''}\n${machine()}${noise()}\n`,
);
const startedAt = performance.now();
for (const name of suites) {
  const suiteAt = performance.now();
  console.log(`## ${name}\n`);
  const folder = await run(name, options);
  console.log(`(${name} took ${time(performance.now() - suiteAt)}; written to ${folder})\n`);
}
console.log(`Done in ${time(performance.now() - startedAt)}.`);

/**
 * Runs a suite in a process of its own, so that it measures the same alone as after the others, and publishes what it sends:
 * what it has so far, if it takes long, and its result. Returns where.
 */
function run(name: SuiteName, given: Options): Promise<string> {
  const child = fork(fileURLToPath(new URL('run-suite.ts', import.meta.url)), [name, JSON.stringify(given)]);
  let published: Promise<string> | undefined;
  return new Promise((resolve, reject) => {
    child.on('message', (result: SuiteResult) => {
      // One after another, as each reads what the one before wrote.
      published = Promise.resolve(published).then(() => publish(name, result, given));
      published.catch(reject);
    });
    // After everything that it sent.
    child.once('close', (code) => {
      if (code === 0 && published !== undefined) resolve(published);
      else reject(new Error(`The suite ${name} ended without a result (exit code ${code ?? 'none'}).`));
    });
  });
}
