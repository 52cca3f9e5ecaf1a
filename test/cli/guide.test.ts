/* Runs every command of the guide to the command line, in order, in one folder. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commandLine } from './support.js';

const { folder, shell } = commandLine();
const guide = readFileSync(new URL('../../docs/guides/command-line.md', import.meta.url), 'utf8');
const lines = [...guide.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block]) => block.trim().split('\n'));

test('the commands of the guide do what it says', async () => {
  expect(lines.length).toBeGreaterThan(25);
  const where = folder();
  let checked = 0;
  for (const line of lines) {
    const [command, wanted] = line.split(' # → ') as [string, string | undefined];
    const { code, out, err } = await shell(where, command);
    expect([code, err], `${command}\n${err}`).toEqual([0, '']);
    if (wanted === undefined) continue;
    expect(out.split('\n')[0], command).toBe(wanted);
    checked++;
  }
  expect(checked).toBeGreaterThan(10);
}, 240_000);
