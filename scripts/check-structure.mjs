// Fails on import circles in src and bench, on files there that do not open with what they are for, and on nouns of the
// vocabulary that have two lines.
import { readFileSync, readdirSync } from 'node:fs';
import { join, normalize } from 'node:path/posix';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

/** @param {string} folder @returns {string[]} */
function filesIn(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.name !== 'node_modules')
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesIn(path) : /\.tsx?$/.test(path) ? [path] : [];
    });
}

const texts = new Map(
  ['src', 'bench'].flatMap(filesIn).map((path) => [path, readFileSync(join(root, path), 'utf8')]),
);

/** What a file imports, dynamic imports included. @param {string} path */
function importsOf(path) {
  const found = (texts.get(path) ?? '').matchAll(/(?:from|import\()\s*'(\.[^']+)'/g);
  return [...found]
    .map(([, name]) => normalize(join(path, '..', name)))
    .flatMap((name) => ['.ts', '.tsx'].map((end) => name.replace(/\.js$/, end)))
    .filter((name) => texts.has(name));
}

/** @type {string[]} */
const wrong = [];
/** @type {Map<string, 'open' | 'done'>} */
const seen = new Map();

/** Walks along imports; a file that is still open when it is met again closes a circle. @param {string[]} way */
function walk(way) {
  const path = way[way.length - 1];
  seen.set(path, 'open');
  for (const next of importsOf(path)) {
    if (seen.get(next) === 'open')
      wrong.push(`a circle: ${[...way.slice(way.indexOf(next)), next].join(' → ')}`);
    else if (!seen.has(next)) walk([...way, next]);
  }
  seen.set(path, 'done');
}

for (const [path, text] of texts) {
  if (!seen.has(path)) walk([path]);
  if (!/^(\/\/|\/\*)/.test(text)) wrong.push(`no header: ${path}`);
}
const vocabulary = readFileSync(join(root, 'docs/internals/vocabulary.md'), 'utf8');
const nouns = [...vocabulary.matchAll(/^\| ([a-z][^|]*?) +\|/gm)].map(([, noun]) => noun);
for (const noun of nouns.filter((noun, i) => noun !== 'noun' && nouns.indexOf(noun) < i))
  wrong.push(`two lines of the vocabulary: ${noun}`);
if (wrong.length > 0) {
  console.error(wrong.join('\n'));
  process.exit(1);
}
