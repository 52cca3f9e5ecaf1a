import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { machine, noise } from './machine.js';
import { type Options, readOptions } from './options.js';
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
  const result = await run(name, options);
  const folder = await publish(name, result, options);
  console.log(`(${name} took ${time(performance.now() - suiteAt)}; written to ${folder})\n`);
}
console.log(`Done in ${time(performance.now() - startedAt)}.`);

/** Runs a suite in a process of its own, so that it measures the same alone as after the others. */
function run(name: SuiteName, given: Options): Promise<SuiteResult> {
  const child = fork(fileURLToPath(new URL('run-suite.ts', import.meta.url)), [name, JSON.stringify(given)]);
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => {
      reject(new Error(`The suite ${name} ended without a result (exit code ${code ?? 'none'}).`));
    });
  });
}
