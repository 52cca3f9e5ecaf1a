// Builds the playground beside the reference that TypeDoc makes: the page, the library's build for browsers, and the
// dictionary, which is made of what the demo installs and kept until what makes it changes.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { isInstalled } from './installed.mjs';
import { setup as buildKernels } from './build-kernels.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const demo = join(root, 'demo');
/** What the dictionary is made by. */
const MAKERS = [
  'demo/package-lock.json',
  'demo/words.ts',
  'demo/dictionary/definitions.ts',
  'demo/dictionary/meaning.ts',
  'demo/dictionary/for-playground.ts',
  'playground/dictionary/dictionary.ts',
  'playground/dictionary/embed.ts',
];

/**
 * Writes the playground into a folder.
 *
 * @param {string} folder
 */
export async function buildPlayground(folder) {
  buildKernels();
  mkdirSync(folder, { recursive: true });
  for (const name of ['index.html', 'style.css']) cpSync(join(root, 'playground', name), join(folder, name));
  cpSync(dictionary(), folder, { recursive: true });
  /** @type {import('esbuild').BuildOptions} */
  const options = {
    absWorkingDir: root,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    define: { 'process.env.NODE_ENV': '"production"' },
    legalComments: 'eof',
    logLevel: 'warning',
    outdir: folder,
  };
  await Promise.all([
    // As dist/browser/shardex.js is made, which is not there before a build.
    build({
      ...options,
      platform: 'neutral',
      mainFields: ['module', 'main'],
      entryPoints: { shardex: 'src/index.ts' },
    }),
    build({
      ...options,
      entryPoints: ['playground/main.tsx'],
      jsx: 'automatic',
      jsxImportSource: 'preact',
      plugins: [
        {
          name: 'library-beside',
          setup: (plugin) => {
            plugin.onResolve({ filter: /^shardex$/ }, () => ({ path: './shardex.js', external: true }));
          },
        },
      ],
    }),
  ]);
}

/** The folder with the dictionary, which is made where there is none by these makers. */
function dictionary() {
  const hash = createHash('sha256');
  for (const path of MAKERS) hash.update(readFileSync(join(root, path)));
  const folder = join(demo, 'node_modules/.cache', `playground-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  if (!isInstalled(demo))
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--silent'], {
      cwd: demo,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  const unfinished = `${folder}-${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  execFileSync(process.execPath, ['--import', 'tsx', 'dictionary/for-playground.ts', unfinished], {
    cwd: demo,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    // Somebody else was first.
    rmSync(unfinished, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await buildPlayground(join(root, 'docs/api/playground'));
