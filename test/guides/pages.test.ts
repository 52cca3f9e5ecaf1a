/*
 * The pages of docs/guides/frameworks: each is run by a door or a test, names all that it needs, and is found from the pages
 * that lead there.
 */

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { frameworkPages, readPage } from '../../scripts/framework-pages.mjs';

const root = new URL('../../', import.meta.url);

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}

const doors = readdirSync(new URL('test/doors', root)).filter((name) =>
  existsSync(new URL(`test/doors/${name}/door.mjs`, root)),
);
const tests = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.test.ts'));
const entry = read('docs/guides/frameworks.md');

/** Lines of a page, at most, without those above its title. */
const LONGEST = 60;

describe.each(frameworkPages())('%s', (name) => {
  const page = readPage(name);
  const installs = page.commands.flatMap(
    ({ line }) => /^(?:npm install|bun add) (.*)$/.exec(line)?.[1].split(' ') ?? [],
  );

  test('is short, and has files', () => {
    const [, , below = ''] = page.text.split(/^---$/m);
    expect(below.trim().split('\n').length).toBeLessThanOrEqual(LONGEST);
    expect(page.files.size).toBeGreaterThan(0);
  });

  const ofDoor = doors.filter((door) => read(`test/doors/${door}/door.mjs`).includes(`guide('${name}')`));

  test('has its files run by one door or test', () => {
    const ofTests = tests.filter((file) => read(`test/guides/${file}`).includes(`= project('${name}'`));
    expect([...ofDoor, ...ofTests]).toHaveLength(1);
  });

  test('installs what its files import', () => {
    const imported = [...page.files.values()].flatMap((text) =>
      [...text.matchAll(/ from '((?:@[\w-]+\/)?[\w:-]+)/g)].map(([, from]) => from),
    );
    const needed = imported.filter((from) => !/^(node|bun):/.test(from));
    expect(needed.filter((from) => !installs.includes(from))).toEqual([]);
    expect(installs).toContain('shardex');
  });

  test('installs nothing that its door has not', () => {
    for (const door of ofDoor) {
      const { devDependencies } = JSON.parse(read(`test/doors/${door}/package.json`)) as {
        devDependencies: Record<string, string>;
      };
      expect(installs.filter((each) => each !== 'shardex' && !(each in devDependencies))).toEqual([]);
    }
  });

  test('is found from the page before it', () => {
    expect(entry).toContain(`](./frameworks/${name}.md)`);
  });
});

test.each(['insert', 'update', 'delete', 'filter', 'hybrid', 'keep', 'threads', 'serve'])(
  'the first page leads to what one reads to %s',
  (task) => {
    const row = read('docs/getting-started.md')
      .split('\n## I want to …\n')[1]
      ?.split('\n')
      .find((line) => new RegExp(`^\\| [^|]*\\b${task}\\b`).test(line));
    expect(row).toMatch(/\]\(\.\/guides\/[\w/-]+\.md(#[\w-]+)?\)/);
  },
);
