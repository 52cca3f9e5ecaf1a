// A store in a page's bundle, which must have no SQLite in it; and in Node, where both bundles have the same errors.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export default async function ({ dir, run, visit, check }) {
  await run('npx', 'esbuild', 'page.js', '--bundle', '--format=esm', '--minify', '--outfile=out/page.js');
  assert(!/PRAGMA|sqlite-worker/.test(readFileSync(join(dir, 'out', 'page.js'), 'utf8')));
  await run('cp', 'index.html', 'out/index.html');
  await visit(join(dir, 'out'));
  check(await run('node', 'store.mjs'), 'Node');
}
