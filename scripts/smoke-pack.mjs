// Packs the library as it would be published, installs it in an empty project, and uses it there: at run time,
// and by its types under both kinds of module resolution. Then publint and attw look at the tarball.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

const program = `
import assert from 'node:assert/strict';
for (const entry of ['shardex', 'shardex/browser']) {
  const { createIndex, CowShardexIndex, search } = await import(entry);
  const cell = new CowShardexIndex(createIndex({ dimensions: 3 }));
  const before = cell.read();
  cell.update((draft) => {
    draft.addPosting({ documentId: 'a', vector: [1, 0, 0] });
    draft.addPosting({ documentId: 'b', vector: [0, 1, 0] });
  });
  const ids = (index) => [...search(index, [1, 0, 0], { k: 1 })].map((hit) => hit.documentId);
  assert.deepEqual(ids(cell.read()), ['a'], entry);
  assert.deepEqual(ids(before), [], entry);
}

// Threads find their script in the package.
const { createIndex, SearchPool, CowShardexIndex } = await import('shardex');
const cell = new CowShardexIndex(createIndex({ dimensions: 1 }, [{ documentId: 'a', vector: [1] }]));
const pool = await SearchPool.open(cell, { threads: 2 });
const { results } = await pool.search([1], { k: 1 });
assert.equal(results[0].documentId, 'a');
await pool.close();

// Whoever starts them finds it, too: by its name, or imported by a script of their own.
const { Worker } = await import('node:worker_threads');
for (const script of [import.meta.resolve('shardex/pool-worker'), import.meta.resolve('./worker.js')]) {
  const spawn = () => new Worker(new URL(script), { execArgv: [] });
  const own = await SearchPool.open(cell, { threads: 1, spawn });
  assert.equal((await own.search([1], { k: 1 })).results[0].documentId, 'a');
  await own.close();
}
`;

const consumer = `
import { createIndex, CowShardexIndex, search } from 'shardex';
import * as browser from 'shardex/browser';
import 'shardex/pool-worker';

const cell = new CowShardexIndex(createIndex({ dimensions: 3 }));
cell.update((draft) => {
  draft.addPosting({ documentId: 'a', vector: [1, 0, 0] });
});
export const ids: string[] = [...search(cell.read(), [1, 0, 0], { k: 1 })].map((hit) => hit.documentId);
export const same: typeof search = browser.search;
// @ts-expect-error The types must be there: an import without any would allow everything.
createIndex({ dimensions: 'three' });
`;

/** @type {[string, string][]} */
const resolutions = [
  ['NodeNext', 'NodeNext'],
  ['ESNext', 'Bundler'],
];

const work = mkdtempSync(join(tmpdir(), 'shardex-pack-'));
try {
  const project = join(work, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  writeFileSync(join(project, 'program.js'), program);
  writeFileSync(join(project, 'worker.js'), "import 'shardex/pool-worker';\n");
  writeFileSync(join(project, 'consumer.ts'), consumer);

  run('pack', 'npm', ['pack', '--ignore-scripts', '--pack-destination', work], root);
  const packed = readdirSync(work).find((name) => name.endsWith('.tgz'));
  if (packed === undefined) throw new Error('npm pack made no tarball');
  const tarball = join(work, packed);

  run('install', 'npm', ['install', '--no-audit', '--no-fund', tarball], project);
  run('use', process.execPath, ['program.js'], project);
  for (const [module, moduleResolution] of resolutions) {
    // Nothing skipped: a consumer may check the declarations of its libraries too.
    const options = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false'];
    options.push('--target', 'ES2022', '--lib', 'ES2023,ESNext.Disposable,DOM');
    options.push('--module', module, '--moduleResolution', moduleResolution, 'consumer.ts');
    run(`types (${moduleResolution})`, process.execPath, [tsc, ...options], project);
  }

  run('publint', 'npx', ['--no-install', 'publint', 'run', tarball, '--strict'], root);
  const attw = [
    'attw',
    tarball,
    '--profile',
    'esm-only',
    '--no-definitely-typed',
    '--no-emoji',
    '--format',
    'ascii',
  ];
  run('attw', 'npx', ['--no-install', ...attw], root);
  console.log('The packed library installs, runs and type-checks.');
} finally {
  rmSync(work, { recursive: true, force: true });
}

/**
 * @param {string} what
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 */
function run(what, command, args, cwd) {
  console.log(`- ${what}`);
  execFileSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
}
