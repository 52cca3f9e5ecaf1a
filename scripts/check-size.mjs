// Fails where the package, or what a page must load of it, has grown beyond size-budget.json. Raise a limit there when
// what it buys is worth it. Run it after a build.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
/** @type {unknown} */
const limits = JSON.parse(readFileSync(new URL('size-budget.json', import.meta.url), 'utf8'));
const budget = /** @type {Record<string, number>} */ (limits);
const dryRun = ['pack', '--dry-run', '--json', '--ignore-scripts'];
/** @type {unknown} */
const packs = JSON.parse(execFileSync('npm', dryRun, { cwd: root, encoding: 'utf8' }));
const [pack] = /** @type {{ size: number, unpackedSize: number, entryCount: number }[]} */ (packs);
/** @type {Record<string, number>} */
const sizes = {
  'package, packed': pack.size,
  'package, unpacked': pack.unpackedSize,
  'files in the package': pack.entryCount,
  'files that Node loads for an import': await loaded('dist/node/index.js'),
  'files that Node loads for a thread of a pool': await loaded('dist/node/pool-worker.js'),
  'shardex/browser, gzipped': gzipped('dist/browser/shardex.js'),
  'its pool-worker, gzipped': gzipped('dist/browser/pool-worker.js'),
  ...Object.fromEntries(
    ['langchain', 'llamaindex', 'mastra', 'explore'].map((name) => [
      `shardex/${name} without the library, gzipped`,
      gzipped(`dist/node/${name}.js`),
    ]),
  ),
  'the page of the explorer, gzipped': gzipped('dist/node/explore-page/main.js'),
  'everything in a page, gzipped': await inPage('*'),
  'a cell and search in a page, gzipped': await inPage('{ CowShardexIndex, createIndex, search }'),
  'createIndex and search in a page, gzipped': await inPage('{ createIndex, search }'),
  'decodeDelta in a page, gzipped': await inPage('{ decodeDelta }'),
  'ConflictError in a page, gzipped': await inPage('{ ConflictError }'),
  'a store and its log in a page, without the rest, gzipped': await storeInPage(),
};
for (const [what, size] of Object.entries(sizes)) {
  const most = budget[what] ?? 0;
  if (size > most) process.exitCode = 1;
  console.log(`${size > most ? 'TOO MUCH' : 'ok      '} ${show(size)} of ${show(most)}  ${what}`);
}

/** @param {string} path */
function gzipped(path) {
  return gzipSync(readFileSync(new URL(`../${path}`, import.meta.url))).length;
}

/**
 * What a bundler makes of an app that imports this.
 *
 * @param {string} names
 */
async function inPage(names) {
  const bound = names === '*' ? 'export * from' : `export ${names} from`;
  return bundled(`${bound} './dist/index.js';`);
}

/** What a store adds to a page that has a cell and search. */
async function storeInPage() {
  const cell = "export { CowShardexIndex, createIndex, search } from './dist/index.js';";
  const store = "export { openStore } from './dist/store/page.js';";
  const log = "export { indexedDbLog } from './dist/store/indexeddb/index.js';";
  return (await bundled(cell + store + log)) - (await bundled(cell));
}

/** @param {string} contents */
async function bundled(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  return gzipSync(outputFiles[0].contents).length;
}

/** @param {string} path */
async function loaded(path) {
  const { metafile } = await build({
    entryPoints: [path],
    absWorkingDir: root,
    bundle: true,
    write: false,
    outdir: 'out',
    format: 'esm',
    platform: 'node',
    metafile: true,
    // A package that it imports counts as one more, at least.
    packages: 'external',
  });
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
  return Object.keys(metafile.inputs).length + imports.filter(({ external }) => external === true).length;
}

/** @param {number} n */
function show(n) {
  return n.toLocaleString('en').padStart(9);
}
