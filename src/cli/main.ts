/*
 * The command `shardex`: runs it with the arguments of the process, and ends that with its exit code.
 */

import { run } from './run.js';

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
});
