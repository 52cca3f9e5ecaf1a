// Builds dist: the kernels, then modules and types by tsc, then the browser bundle with its dependencies inside.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { setup as buildKernels } from './build-kernels.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

buildKernels();

// A file whose source is gone must not be published.
rmSync('dist', { recursive: true, force: true });

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });

await build({
  entryPoints: ['dist/index.js'],
  outfile: 'dist/browser/shardex.js',
  bundle: true,
  minify: true,
  // Errors carry the names of their classes.
  keepNames: true,
  sourcemap: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  // Immer reads this, and a browser has no `process`.
  define: { 'process.env.NODE_ENV': '"production"' },
  legalComments: 'eof',
});

// TypeScript looks for types beside the module; they are the same as the package's own.
writeFileSync('dist/browser/shardex.d.ts', "export * from '../index.js';\n");
