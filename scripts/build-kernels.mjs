// Compiles assembly/ to WebAssembly, and embeds it in src/kernels/wasm-binary.ts, so that no file has to be found at
// run time: once as all engines with SIMD take it, and what is to be edited in that for those with relaxed SIMD.
// It runs before whatever needs that module: tests (as Vitest's global setup), type check, lint, docs and build. It does
// nothing where the module was made from the same sources, by this script and the same compiler.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const require = createRequire(import.meta.url);
const target = new URL('src/kernels/wasm-binary.ts', root);

const OPTIONS = [
  ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'],
  // Where constants lie: in the upper half of the kernels' own bytes, whose lower half is scratch. See `BASE` in
  // src/kernels/kernels.ts.
  ['--memoryBase', '512'],
  // Vectors in signatures, as helpers have; and that addresses have 32 bits.
  ['--disableWarning', '112', '--disableWarning', '201'],
].flat();

export function setup() {
  const origin = `// Made from assembly/ by scripts/build-kernels.mjs: ${fingerprint()}`;
  if (existsSync(target) && readFileSync(target, 'utf8').startsWith(origin)) return;
  const binary = compiled([]);
  const relaxed = compiled(['--enable', 'relaxed-simd']);
  const edits = editsBetween(binary, relaxed);
  const text = `${origin}
export const WASM_BASE64 =
  '${binary.toString('base64')}';

/** Turns it into the build for relaxed SIMD: from which place on how many bytes give way to which. */
export const RELAXED_EDITS: readonly (readonly [at: number, gone: number, ...bytes: number[]])[] =
  ${JSON.stringify(edits)};
`;
  // In one step, as several commands may be doing this at a time.
  const draft = new URL(`wasm-binary.ts.${process.pid}`, target);
  writeFileSync(draft, text);
  renameSync(draft, target);
}

/** What the module depends on. */
function fingerprint() {
  const hash = createHash('sha256').update(JSON.stringify(OPTIONS));
  hash.update(readFileSync(fileURLToPath(import.meta.url)));
  hash.update(readFileSync(require.resolve('assemblyscript/package.json')));
  const folder = new URL('assembly/', root);
  for (const name of readdirSync(folder).sort()) {
    if (name.endsWith('.ts')) hash.update(name).update(readFileSync(new URL(name, folder)));
  }
  return hash.digest('hex');
}

/** As many bytes as this in a row have to be equal before an edit is taken to be over. */
const EQUAL = 8;

/**
 * What turns one binary into another. They differ in a few instructions, and in the lengths of what these are in.
 *
 * @param {Buffer} from
 * @param {Buffer} to
 */
function editsBetween(from, to) {
  /** @type {number[][]} */
  const edits = [];
  let [i, j] = [0, 0];
  while (i < from.length || j < to.length) {
    if (from[i] === to[j]) {
      [i, j] = [i + 1, j + 1];
      continue;
    }
    const [gone, come] = shortestEdit(from.subarray(i), to.subarray(j));
    edits.push([i, gone, ...to.subarray(j, j + come)]);
    [i, j] = [i + gone, j + come];
  }
  return edits;
}

/**
 * How many bytes of either come before what is equal again.
 *
 * @param {Buffer} from
 * @param {Buffer} to
 * @returns {[number, number]}
 */
function shortestEdit(from, to) {
  for (let length = 1; length < from.length + to.length; length++) {
    for (let gone = 0; gone <= length; gone++) {
      const [left, right] = [from.subarray(gone), to.subarray(length - gone)];
      const equal = Math.min(EQUAL, Math.max(left.length, right.length));
      if (left.subarray(0, equal).equals(right.subarray(0, equal))) return [gone, length - gone];
    }
  }
  return [from.length, to.length];
}

/**
 * Run as a program: its types redefine those of JavaScript for whoever imports it.
 *
 * @param {string[]} more
 */
function compiled(more) {
  const folder = mkdtempSync(join(tmpdir(), 'shardex-kernels-'));
  try {
    const binary = join(folder, 'kernels.wasm');
    const asc = require.resolve('assemblyscript/bin/asc.js');
    execFileSync(process.execPath, [asc, 'assembly/index.ts', '--outFile', binary, ...OPTIONS, ...more], {
      cwd: fileURLToPath(root),
      stdio: 'inherit',
    });
    return readFileSync(binary);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const started = process.argv.at(1);
if (started !== undefined && realpathSync(started) === fileURLToPath(import.meta.url)) setup();
