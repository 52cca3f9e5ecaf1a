// Rollup for a page, with the pool's script as a second entry.
import { cpSync } from 'node:fs';
import { join } from 'node:path';

export default async function ({ dir, run, visit }) {
  await run('npx', 'rollup', '--config', 'rollup.config.mjs');
  cpSync(join(dir, 'index.html'), join(dir, 'dist', 'index.html'));
  await visit(join(dir, 'dist'));
}
