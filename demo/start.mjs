// Starts the demo: looks at the options, then builds the library, installs what the demo needs, and runs it.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isInstalled } from '../scripts/installed.mjs';
import { readOptions } from './options.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const args = process.argv.slice(2);
readOptions(args);

// The demo gets the same signal, and ends first.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);
// Whoever reads the output may stop before its end.
process.stdout.on('error', () => process.exit());

await run('Building the library …', 'node', ['../scripts/build.mjs', '--core']);
if (!isInstalled(here)) {
  await run('Downloading the word vectors and WordNet, 129 MB (342 MB on disk) …', 'npm', [
    'ci',
    '--no-audit',
    '--no-fund',
  ]);
}
await run('', 'node', ['--expose-gc', '--import', 'tsx', 'main.ts', ...args]);

/**
 * Runs a program in this folder, and ends as it does where that is not well. What it prints is shown where it is asked
 * for, or where it fails.
 *
 * @param {string} title of what is done quietly
 * @param {string} program
 * @param {string[]} given
 */
async function run(title, program, given) {
  const isQuiet = title !== '';
  if (isQuiet) console.log(title);
  const child = spawn(program, given, { cwd: here, stdio: isQuiet ? 'pipe' : 'inherit' });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (/** @type {Buffer} */ piece) => (printed += String(piece)));
  }
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (...ended) => {
      resolve(ended);
    });
  });
  // A bar hides the cursor, and may have been interrupted.
  if (!isQuiet && process.stdout.isTTY) process.stdout.write('\x1b[?25h');
  if (code === 0) return;
  if (signal === null && isQuiet) console.error(printed);
  process.exit(signal === null ? code : signal === 'SIGINT' ? 130 : 143);
}
