// Builds dist: the kernels, then modules and types by tsc, for bundlers. Then, with their dependencies inside, one file
// for Node, which loads it in a fraction of the time of the modules, and one for pages without a bundler; and beside each
// the script of a search pool's threads, which has no imports, so that it also works where a bundler copies it.
// `--core` leaves out the adapters, whose types need the packages of test/adapters, which the demo shall not wait for.
import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildCli } from './build-cli.mjs';
import { buildExplorerPage } from './build-explorer.mjs';
import { setup as buildKernels } from './build-kernels.mjs';
import { setup as installAdapters } from './install-adapters.mjs';
import { makePortable } from './portable-types.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** Entry points for other frameworks. */
const ADAPTERS = process.argv.includes('--core') ? [] : ['langchain', 'llamaindex', 'mastra'];

buildKernels();
if (ADAPTERS.length > 0) installAdapters();

// A file whose source is gone must not be published.
rmSync('dist', { recursive: true, force: true });

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const project = ADAPTERS.length > 0 ? 'tsconfig.build.json' : 'tsconfig.core.json';
execFileSync(process.execPath, [tsc, '-p', project], { stdio: 'inherit' });

makePortable('dist', [
  'index',
  ...['store', 'store/indexeddb', 'postgres', 'opentelemetry', 'explore', ...ADAPTERS].map(
    (name) => `${name}/index`,
  ),
]);

/** @type {import('esbuild').BuildOptions} */
const whole = {
  absWorkingDir: process.cwd(),
  bundle: true,
  format: 'esm',
  platform: 'neutral',
  mainFields: ['module', 'main'],
  target: 'es2022',
  // Immer reads this, and a browser has no `process`.
  define: { 'process.env.NODE_ENV': '"production"' },
  legalComments: 'eof',
};
const small = { ...whole, minify: true };
const worker = 'dist/threads/pool/pool-worker.js';
const sqliteWorker = 'dist/store/sqlite/sqlite-worker.js';
await Promise.all([
  // Not minified, as stack traces lead here.
  // The store needs the classes of the library itself, so both take them from one file.
  build({
    ...whole,
    entryPoints: { index: 'dist/index.js', store: 'dist/store/index.js' },
    chunkNames: 'shared-[hash]',
    splitting: true,
    outdir: 'dist/node',
  }),
  // Adapters use what the library exports, and the framework, which is there where somebody uses its adapter.
  build({
    ...whole,
    entryPoints: Object.fromEntries(ADAPTERS.map((name) => [name, `dist/${name}/index.js`])),
    external: ['@langchain/core', '@llamaindex/core', '@mastra/core'],
    plugins: [besideBundles({ 'dist/index.js': './index.js', 'dist/store/index.js': './store.js' })],
    outdir: 'dist/node',
  }),
  // Of logs elsewhere too, errors are of the classes that the library and the store know them by.
  build({
    ...whole,
    entryPoints: {
      indexeddb: 'dist/store/indexeddb/index.js',
      postgres: 'dist/postgres/index.js',
      opentelemetry: 'dist/opentelemetry/index.js',
    },
    outdir: 'dist/node',
    external: ['idb', '@opentelemetry/api'],
    plugins: [besideBundles({ 'dist/errors.js': './index.js', 'dist/store/errors.js': './store.js' })],
  }),
  build({
    ...whole,
    entryPoints: { explore: 'dist/explore/index.js' },
    outdir: 'dist/node',
    plugins: [besideBundles({ 'dist/errors.js': './index.js', 'dist/index.js': './index.js' })],
  }),
  buildExplorerPage('dist/node/explore-page'),
  build({ ...small, entryPoints: [worker, sqliteWorker], entryNames: '[name]', outdir: 'dist/node' }),
  buildCli({ external: ['shardex', 'shardex/store', 'shardex/explore'], outfile: 'dist/node/cli.js' }),
  build({
    ...small,
    entryPoints: { shardex: 'dist/index.js', 'pool-worker': worker },
    outdir: 'dist/browser',
  }),
]);

// TypeScript looks for types beside the module; they are the same as the package's own.
writeFileSync('dist/browser/shardex.d.ts', "export * from '../index.js';\n");
chmodSync('dist/node/cli.js', 0o755);

/**
 * Has a bundle import these modules from others that lie beside it, and export all of their names.
 *
 * @param {Record<string, string | undefined>} bundles
 * @returns {import('esbuild').Plugin}
 */
function besideBundles(bundles) {
  return {
    name: 'beside-bundles',
    setup: (plugin) => {
      plugin.onResolve({ filter: /(errors|index)\.js$/ }, ({ path, resolveDir }) => {
        const bundle = bundles[relative(process.cwd(), join(resolveDir, path))];
        return bundle === undefined ? undefined : { path: bundle, external: true };
      });
    },
  };
}
