// Bundles the page of the explorer, with its view library inside: a script, styles and the page, as the server serves them.
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const INSIDE = ['preact', 'd3-zoom', 'd3-selection'];

/**
 * Writes the files of the page into a folder.
 *
 * @param {string} outdir
 */
export async function buildExplorerPage(outdir) {
  const licences = INSIDE.map(
    (name) =>
      `With ${name} inside:\n${readFileSync(new URL(`../node_modules/${name}/LICENSE`, import.meta.url), 'utf8').trim()}`,
  );
  await build({
    absWorkingDir: root,
    entryPoints: ['src/explore/page/main.tsx', 'src/explore/page/main.css'],
    outdir,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    banner: { js: `/*! ${licences.join('\n\n')}\n*/` },
    logLevel: 'warning',
  });
  copyFileSync(join(root, 'src/explore/page/index.html'), join(outdir, 'index.html'));
}
