// The documents hold together: every link and every file that they name is there, each page is among those that the
// reference shows, and the README stays short.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const root = new URL('../', import.meta.url);

const documents = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' })
    .map((name) => `docs/${name.replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith('.md') && !name.startsWith('docs/api/')),
];

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}

/** The text outside of code blocks. */
function prose(path: string): string {
  return read(path).replaceAll(/^( *)```[^]*?^\1```/gm, '');
}

/** How GitHub and TypeDoc name the headings of a page. */
function anchors(path: string): string[] {
  return [...prose(path).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** What is wrong with the links of a page that lead into this repository, and with the tests that it names. */
function deadLinks(path: string, text = prose(path)): string[] {
  const links = [...text.matchAll(/\]\(([^()\s]+)\)/g)].map(([, link]) => link);
  const named = [...text.matchAll(/`(test\/[^`\s*]*)`/g)].map(([, file]) => file);
  const dead = links
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [file, anchor = ''] = link.split('#');
      const target = new URL(file === '' ? path : file, new URL(path, root));
      if (file === '') return !anchors(path).includes(anchor);
      if (!existsSync(target)) return true;
      return anchor !== '' && !anchors(target.href.slice(root.href.length)).includes(anchor);
    });
  return [...dead, ...named.filter((file) => !existsSync(new URL(file, root)))];
}

describe('documents', () => {
  test.each(documents)('%s has no dead link', (path) => {
    expect(deadLinks(path)).toEqual([]);
  });

  test('a dead link would be noticed', () => {
    const text =
      '[a](nowhere.md) [b](README.md) [c](README.md#nowhere) [d](README.md#install) `test/nowhere/`';
    expect(deadLinks('CHANGELOG.md', text)).toEqual(['nowhere.md', 'README.md#nowhere', 'test/nowhere/']);
  });

  test('each page is in the reference', () => {
    const { readme, projectDocuments } = JSON.parse(read('typedoc.json')) as {
      readme: string;
      projectDocuments: string[];
    };
    const pages = documents.filter((path) => path.startsWith('docs/'));
    expect([readme, ...projectDocuments].sort()).toEqual(pages.sort());
  });

  test('the README is short enough to be read', () => {
    expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(110);
  });
});
