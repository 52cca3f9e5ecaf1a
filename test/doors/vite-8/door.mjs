// Vite as it comes: a production build, on an isolated page and a plain one, and the development server; and a build with
// the entry for pages without a bundler.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export default async function ({ dir, run, visit, whileRunning, isolated }) {
  const built = join(dir, 'dist');
  await run('npx', 'vite', 'build');
  await visit(built);
  await visit(built, isolated);
  await whileRunning('npx', ['vite', '--host', '127.0.0.1', '--port', '0'], visit);

  const page = join(dir, 'page.js');
  writeFileSync(page, readFileSync(page, 'utf8').replace("'shardex'", "'shardex/browser'"));
  await run('npx', 'vite', 'build');
  await visit(built);
}
