// A page without a bundler, which may run no script but its own server's: no WebAssembly either. And the guide's page.
import { useNotes } from './use-notes.mjs';

export default async function ({ dir, run, visit, guide, look, isolated }) {
  const strict = { 'Content-Security-Policy': "default-src 'none'; img-src data:; script-src 'self'" };
  await visit(dir, strict);
  await visit(dir, { ...strict, ...isolated });
  await visit(dir);

  const { commands } = guide('plain-page');
  for (const line of commands) await run('sh', '-c', line);
  await look(dir, useNotes);
}
