// The page for Vite and React: its project in development, where strict mode renders and mounts twice, and as it is built.
import { join } from 'node:path';
import { useNotes } from './use-notes.mjs';

export default async function ({ dir, run, guide, look, whileRunning }) {
  const { commands } = guide('vite-react');
  const [[npx, ...develop], build] = commands.map((line) => line.split(' '));
  await whileRunning(npx, [...develop, '--host', '127.0.0.1', '--port', '0'], (address) =>
    look(address, useNotes),
  );
  await run(...build);
  await look(join(dir, 'dist'), useNotes);
}
