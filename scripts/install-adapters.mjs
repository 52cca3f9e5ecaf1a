// Installs what the adapters' tests and types need, in test/adapters, where its lock file is newer than what is installed.
// The rest of the project does without these packages, which are large and ask for Node 22. It runs before the tests of
// the adapters (as Vitest's global setup), and before a whole build, a type check and lint.
import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isInstalled } from './installed.mjs';

const folder = fileURLToPath(new URL('../test/adapters/', import.meta.url));

export function setup() {
  if (isInstalled(folder)) return;
  console.log('Installing what the adapters adapt to, in test/adapters, 290 MB on disk …');
  try {
    // Of Node 20 some packages say that it is too old. The tests show that what the adapters use works there.
    const quiet = ['--no-audit', '--no-fund', '--loglevel', 'error'];
    execFileSync('npm', ['ci', ...quiet], { cwd: folder, stdio: 'inherit' });
  } catch (cause) {
    throw new Error(
      'The packages of test/adapters were not installed; npm says why. All other tests run by: npm run test:core',
      { cause },
    );
  }
}

const started = process.argv.at(1);
if (started !== undefined && realpathSync(started) === fileURLToPath(import.meta.url)) setup();
