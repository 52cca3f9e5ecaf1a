// webpack as it comes, for production.
import { cpSync } from 'node:fs';
import { join } from 'node:path';

export default async function ({ dir, run, visit, isolated }) {
  await run('node', 'build.mjs');
  cpSync(join(dir, 'index.html'), join(dir, 'dist', 'index.html'));
  await visit(join(dir, 'dist'));
  await visit(join(dir, 'dist'), isolated);
}
