// Vite as it comes: a production build, on an isolated page and a plain one, and the development server.
import { join } from 'node:path';

export default async function ({ dir, run, visit, whileRunning, isolated }) {
  await run('npx', 'vite', 'build');
  await visit(join(dir, 'dist'));
  await visit(join(dir, 'dist'), isolated);
  await whileRunning('npx', ['vite', '--host', '127.0.0.1', '--port', '0'], visit);
}
