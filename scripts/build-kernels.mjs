// Compiles assembly/ to WebAssembly, and embeds it in src/kernels/wasm-binary.ts, so that no file has to be found at
// run time. It runs before whatever needs that module: tests (as Vitest's global setup), type check, lint, docs and
// build. It does nothing where the module was made from the same sources by the same compiler.
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
  // The bytes below are the kernels' own; see `BASE` in src/kernels/kernels.ts.
  ['--memoryBase', '1024'],
  // Vectors in signatures, as helpers have; and that addresses have 32 bits.
  ['--disableWarning', '112', '--disableWarning', '201'],
].flat();

export function setup() {
  const origin = `// Made from assembly/ by scripts/build-kernels.mjs: ${fingerprint()}`;
  if (existsSync(target) && readFileSync(target, 'utf8').startsWith(origin)) return;
  const text = `${origin}\nexport const WASM_BASE64 =\n  '${compiled().toString('base64')}';\n`;
  // In one step, as several commands may be doing this at a time.
  const draft = new URL(`wasm-binary.ts.${process.pid}`, target);
  writeFileSync(draft, text);
  renameSync(draft, target);
}

/** What the module depends on. */
function fingerprint() {
  const hash = createHash('sha256').update(JSON.stringify(OPTIONS));
  hash.update(readFileSync(require.resolve('assemblyscript/package.json')));
  const folder = new URL('assembly/', root);
  for (const name of readdirSync(folder).sort()) {
    if (name.endsWith('.ts')) hash.update(name).update(readFileSync(new URL(name, folder)));
  }
  return hash.digest('hex');
}

/** Run as a program: its types redefine those of JavaScript for whoever imports it. */
function compiled() {
  const folder = mkdtempSync(join(tmpdir(), 'shardex-kernels-'));
  try {
    const binary = join(folder, 'kernels.wasm');
    const asc = require.resolve('assemblyscript/bin/asc.js');
    execFileSync(process.execPath, [asc, 'assembly/index.ts', '--outFile', binary, ...OPTIONS], {
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
