// Vite as it comes: a production build, on an isolated page and a plain one, and the development server; a build with the
// entry for pages without a bundler; and the guide's page with a worker.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export default async function ({ dir, run, visit, guide, look, whileRunning, isolated }) {
  const built = join(dir, 'dist');
  await run('npx', 'vite', 'build');
  await visit(built);
  await visit(built, isolated);
  await whileRunning('npx', ['vite', '--host', '127.0.0.1', '--port', '0'], visit);

  const page = join(dir, 'page.js');
  writeFileSync(page, readFileSync(page, 'utf8').replace("'shardex'", "'shardex/browser'"));
  await run('npx', 'vite', 'build');
  await visit(built);

  const [[npx, ...develop]] = guide('web-workers').commands.map((line) => line.split(' '));
  const shows = (text) => (page) => page.waitForSelector(`p:text-is("${text}")`, { timeout: 20_000 });
  await whileRunning(npx, [...develop, '--host', '127.0.0.1', '--port', '0'], (address) =>
    look(address, shows('trains in a copy')),
  );
  await run('npx', 'vite', 'build');
  await look(built, shows('trains in a copy'));
  await look(built, shows('trains in shared memory'), isolated);
}
