/*
 * A page of docs/guides/frameworks as its reader has it: its files in a folder where the library is installed, built from the
 * sources.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll } from 'vitest';
import { readPage, writeFiles } from '../../scripts/framework-pages.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A program that runs, and what it has printed. */
export interface Running {
  readonly process: ChildProcess;
  /** Resolves to the first line that it prints, or rejects with what it complained of. */
  readonly firstLine: Promise<string>;
  /** Resolves once it has ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly out: string; readonly errors: string }>;
}

/** Lays out a page, with `changed` for a file that has to differ here; returns what starts a command of it. */
export function project(name: string, changed = (text: string): string => text): (line: string) => Running {
  const page = readPage(name);
  let folder = '';
  const started = new Set<ChildProcess>();
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'shardex-guide-'));
    writeFiles(
      { ...page, files: new Map([...page.files].map(([file, text]) => [file, changed(text)])) },
      folder,
    );
    const library = join(folder, 'node_modules/shardex');
    await build({
      absWorkingDir: root,
      entryPoints: {
        index: 'src/index.ts',
        store: 'src/store/index.ts',
        'sqlite-worker': 'src/store/sqlite/sqlite-worker.ts',
      },
      outdir: library,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'es2022',
      logLevel: 'warning',
    });
    const exports = { '.': './index.js', './store': './store.js' };
    writeFileSync(join(library, 'package.json'), JSON.stringify({ type: 'module', exports }));
    mkdirSync(join(folder, 'node_modules/@photostructure'));
    symlinkSync(
      join(root, 'node_modules/@photostructure/sqlite'),
      join(folder, 'node_modules/@photostructure/sqlite'),
    );
  });
  afterAll(() => {
    for (const child of started) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  return (line) => {
    const [program, ...args] = line.split(' ');
    if (program !== 'node') throw new Error(`the page starts ${program}, not node`);
    const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, PORT: '0' } });
    started.add(child);
    let out = '';
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    const firstLine = new Promise<string>((resolve, reject) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
        if (out.includes('\n')) resolve(out.slice(0, out.indexOf('\n')));
      });
      child.on('close', (code) => {
        reject(new Error(`${line} ended with ${code ?? 'a signal'}: ${errors}`));
      });
    });
    const ended = once(child, 'close').then(([code]: unknown[]) => {
      started.delete(child);
      return { code: code as number | null, out, errors };
    });
    firstLine.catch(() => undefined);
    return { process: child, firstLine, ended };
  };
}
