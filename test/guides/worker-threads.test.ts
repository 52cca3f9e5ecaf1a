/* The guide's program with worker threads: it prints what the page says, and ends. */

import { expect, test } from 'vitest';
import { readPage } from '../../scripts/framework-pages.mjs';
import { project } from './support.js';

const start = project('worker-threads');

test('it prints what the page says, and ends', async () => {
  const commands = readPage('worker-threads').commands.filter(({ prints }) => prints !== undefined);
  expect(commands).toHaveLength(1);
  for (const { line, prints = '' } of commands)
    expect(await start(line).ended).toEqual({ code: 0, out: `${prints}\n`, errors: '' });
});
