// Packs the library as it would be published; then publint and attw look at the tarball, and a program opens a store in
// Postgres by it.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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
  // Beside it lie only the packages that the program names, as they are installed here.
  const modules = join(work, 'node_modules');
  mkdirSync(join(modules, 'shardex'), { recursive: true });
  run('tar', '-xzf', tarball, '-C', join(modules, 'shardex'), '--strip-components', '1');
  for (const name of ['pg', '@electric-sql/pglite']) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  cpSync(join(root, 'test', 'doors', 'postgres', 'store.mjs'), join(work, 'store.mjs'));
  run('node', join(work, 'store.mjs'));
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
