// Packs the library as it would be published; then publint and attw look at the tarball.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

const work = mkdtempSync(join(tmpdir(), 'shardex-pack-'));
try {
  run('npm', 'pack', '--ignore-scripts', '--pack-destination', work);
  const packed = readdirSync(work).find((name) => name.endsWith('.tgz'));
  if (packed === undefined) throw new Error('npm pack made no tarball');
  const tarball = join(work, packed);
  run('npx', '--no-install', 'publint', 'run', tarball, '--strict');
  // Every Node that `engines` names can `require` modules, so that there is no CommonJS beside them.
  const attw = [
    '--ignore-rules',
    'cjs-resolves-to-esm',
    '--no-definitely-typed',
    '--no-emoji',
    '--format',
    'ascii',
  ];
  run('npx', '--no-install', 'attw', tarball, ...attw);
} finally {
  rmSync(work, { recursive: true, force: true });
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function run(command, ...args) {
  console.log(`- ${[command, ...args].join(' ')}`);
  execFileSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
}
