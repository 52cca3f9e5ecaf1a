// Reads the pages of docs/guides/frameworks, so that doors and tests run what a reader copies. A block below a line that is a
// name in backquotes is the file of that name. A line of an `sh` block is a command, with what it prints behind `# →`; so is
// `npx …` in a sentence.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * @typedef {{ line: string, prints: string | undefined }} Command
 * @typedef {{ text: string, files: Map<string, string>, commands: Command[], others: string[] }} Page
 */

const folder = new URL('../docs/guides/frameworks/', import.meta.url);

/** A line that names the file below it. */
export const FILE_NAME = /^`([\w./-]+)`$/;

const BLOCK = /(?:^`([\w./-]+)`\n\n)?^```(\w+)[^\n]*\n([^]*?)^```$/gm;

/** The names of all pages. */
export function frameworkPages() {
  return readdirSync(folder).map((file) => file.replace(/\.md$/, ''));
}

/**
 * A page: its files, its commands, and its other blocks.
 *
 * @param {string} name
 * @returns {Page}
 */
export function readPage(name) {
  const text = readFileSync(new URL(`${name}.md`, folder), 'utf8');
  /** @type {Page} */
  const page = { text, files: new Map(), commands: [], others: [] };
  for (const [, above, language, code] of text.matchAll(BLOCK)) {
    const file = /** @type {string | undefined} */ (above);
    if (file !== undefined) page.files.set(file, code);
    else if (language === 'sh') page.commands.push(...code.trimEnd().split('\n').map(commandOf));
    else page.others.push(code);
  }
  for (const [, line] of text.matchAll(/`(npx [^`\n]+)`/g)) page.commands.push({ line, prints: undefined });
  return page;
}

/** @param {string} line @returns {Command} */
function commandOf(line) {
  const [command, prints] = line.split(' # → ');
  return { line: command, prints };
}

/**
 * Writes the files of a page.
 *
 * @param {Page} page
 * @param {string} to
 */
export function writeFiles({ files }, to) {
  for (const [name, text] of files) {
    mkdirSync(dirname(join(to, name)), { recursive: true });
    writeFileSync(join(to, name), text);
  }
}

/**
 * Makes the page's calls of a server, as a shell does, at the address where it runs here; what each printed, and what it should.
 *
 * @param {Page} page
 * @param {string} address
 * @param {boolean} reads only those that write nothing
 */
export function callServer({ commands }, address, reads) {
  const calls = commands.filter(({ line }) => (reads ? /^curl (?!-X)/ : /^curl /).test(line));
  return calls.map(({ line, prints }) => {
    const here = line.replace('localhost:8080', new URL(address).host).replace('curl', 'curl -sS');
    return { line, prints, printed: execFileSync('sh', ['-c', here], { encoding: 'utf8' }) };
  });
}
