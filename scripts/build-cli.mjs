// Bundles the command line, with its parser of arguments inside, so that nobody installs that who only imports the library.
// The library itself it takes from the package that it is in.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const licence = readFileSync(new URL('../node_modules/commander/LICENSE', import.meta.url), 'utf8');
// Commander is CommonJS, which asks for Node's modules by `require`.
const banner = `#!/usr/bin/env node
/*! With commander inside:
${licence.trim()}
*/
import { createRequire as requireFrom } from 'node:module';
const require = requireFrom(import.meta.url);`;

/** @param {import('esbuild').BuildOptions} options */
export async function buildCli(options) {
  await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/main.ts'],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    legalComments: 'eof',
    banner: { js: banner },
    logLevel: 'warning',
    ...options,
  });
}
