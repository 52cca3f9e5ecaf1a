// Turns the ```ts and ```tsx blocks of README.md, docs/*.md and the doc comments in src into modules under
// test/generated, so that the tests run them and tsc checks them. It runs before the tests (as Vitest's global
// setup) and before a type check. What uses an adapter, or one of the packages of test/adapters, goes there, to
// test/adapters/generated. A block that can't run is marked ```ts no-run.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { addAssertions } from './example-assertions.mjs';
import { FILE_NAME } from './framework-pages.mjs';

/** @typedef {{ source: string, line: number, info: string, code: string }} Block one fenced block, at its line */

const root = new URL('../', import.meta.url);
const target = new URL('test/generated/', root);
const adaptersTarget = new URL('test/adapters/generated/', root);
/** @type {unknown} */
const adapters = JSON.parse(readFileSync(new URL('test/adapters/package.json', root), 'utf8'));
const ofAdapters = [
  ...Object.keys(/** @type {{ dependencies: Record<string, string> }} */ (adapters).dependencies),
  ...['langchain', 'llamaindex', 'mastra'].map((name) => `shardex/${name}`),
];

export function setup() {
  for (const folder of [target, adaptersTarget]) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }

  const blocks = [...files('README.md', '.md'), ...files('docs', '.md'), ...files('src', '.ts')].flatMap(
    blocksOf,
  );
  const skipped = blocks.filter(({ info }) => /\bno-run\b/.test(info));
  const run = blocks.filter((block) => !skipped.includes(block));
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const block of run) {
    const n = (counts.get(block.source) ?? 0) + 1;
    counts.set(block.source, n);
    const slug = block.source.replace(/\.\w+$/, '').replaceAll('/', '-');
    const { imports, text } = moduleOf(block);
    const folder = imports.some(isOfAdapters) ? adaptersTarget : target;
    const ending = isTsx(block) ? 'tsx' : 'ts';
    writeFileSync(new URL(`${slug}-${n}.example.${ending}`, folder), text);
  }

  console.log(`${run.length} examples extracted, ${skipped.length} not to run`);
  for (const { source, line } of skipped) console.log(`  not run: ${source}:${line}`);
}

/**
 * @param {string} path a file, or a folder to look through
 * @param {string} ending
 */
function files(path, ending) {
  if (!existsSync(new URL(path, root))) return [];
  if (path.endsWith(ending)) return [path];
  return readdirSync(new URL(path, root), { recursive: true, encoding: 'utf8' })
    .map((name) => `${path}/${name.replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith(ending) && !name.startsWith('docs/api/'))
    .sort();
}

/**
 * @param {string} source
 * @returns {Block[]}
 */
function blocksOf(source) {
  const text = readFileSync(new URL(source, root), 'utf8');
  if (source.endsWith('.md')) return fences(source, text.split(/\r?\n/), 1);
  return [...text.matchAll(/\/\*\*[^]*?\*\//g)].flatMap((comment) => {
    const firstLine = text.slice(0, comment.index).split('\n').length;
    const lines = comment[0].split(/\r?\n/).map((line) => line.replace(/^\s*\* ?/, ''));
    return fences(source, lines, firstLine);
  });
}

/**
 * @param {string} source
 * @param {string[]} lines
 * @param {number} firstLine
 * @returns {Block[]}
 */
function fences(source, lines, firstLine) {
  /** @type {Block[]} */
  const blocks = [];
  for (let i = 0; i < lines.length; i++) {
    const opening = /^(\s*)(`{3,})(.*)$/.exec(lines[i]);
    if (opening === null) continue;
    const [, indent, fence, info] = opening;
    const start = i++;
    while (i < lines.length && lines[i].trim() !== fence) i++;
    if (i === lines.length) throw new Error(`${source}:${firstLine + start}: the code block has no end`);
    if (!/^(tsx?|typescript)\b/.test(info) || FILE_NAME.test(lines[start - 2] ?? '')) continue;
    const code = lines
      .slice(start + 1, i)
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    blocks.push({ source, line: firstLine + start, info, code: code.join('\n') });
  }
  return blocks;
}

/**
 * Whether an import declaration is of an adapter, or of a package that only the adapters' tests have.
 *
 * @param {string} declaration
 */
function isOfAdapters(declaration) {
  const name = /['"]([^'"]+)['"];?\s*$/.exec(declaration)?.[1] ?? '';
  return ofAdapters.some((each) => name === each || name.startsWith(`${each}/`));
}

/** @param {Block} block */
function isTsx({ info }) {
  return /^tsx\b/.test(info);
}

/**
 * Makes a module that exports the example as a function, so that it can await and use `using`.
 *
 * @param {Block} block
 * @returns {{ imports: string[], text: string }} its imports, and all of it
 */
function moduleOf(block) {
  const { source, line, code } = block;
  const { imports, body } = addAssertions(
    code,
    isTsx(block),
    (offset, problem) => new Error(`${source}:${line + 1 + offset}: ${problem}`),
  );
  // A reader must be able to copy the block as it stands.
  if (!imports.some((text) => /from ['"]shardex(\/\w+)?['"]/.test(text) || isOfAdapters(text))) {
    throw new Error(
      `${source}:${line}: the example must import what it uses from 'shardex', or be \`\`\`ts no-run`,
    );
  }
  const text = [
    `// ${source}:${line}`,
    // The project's own pages are of Preact.
    ...(isTsx(block) ? ['/** @jsxImportSource react */'] : []),
    `import { expect } from 'vitest';`,
    ...imports,
    '',
    'export async function run(): Promise<void> {',
    body,
    '}',
    '',
  ].join('\n');
  return { imports, text };
}

const started = process.argv.at(1);
if (started !== undefined && realpathSync(started) === fileURLToPath(import.meta.url)) setup();
