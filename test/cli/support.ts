/* Builds the command line, and runs it as a process of its own. */

import { execFile, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll } from 'vitest';
import { buildCli } from '../../scripts/build-cli.mjs';
import { buildExplorerPage } from '../../scripts/build-explorer.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface CommandLine {
  /** A new empty folder to work in. */
  readonly folder: () => string;
  /** Runs a command there; `input` goes to its standard input. */
  readonly run: (folder: string, args: readonly string[], input?: string | Uint8Array) => Promise<Ran>;
  /** The path of the built program. */
  readonly program: () => string;
  /** Runs a line of a shell there, in which `shardex` is the command. */
  readonly shell: (folder: string, line: string) => Promise<Ran>;
}

/** Builds the command once for a test file. */
export function commandLine(): CommandLine {
  let base = '';
  let folders = 0;
  beforeAll(async () => {
    base = mkdtempSync(join(tmpdir(), 'shardex-cli-'));
    const alias = {
      'shardex/store': join(root, 'src/store/index.ts'),
      'shardex/explore': join(root, 'src/explore/index.ts'),
      shardex: join(root, 'src/index.ts'),
    };
    await Promise.all([
      buildCli({ alias, outfile: join(base, 'cli.js') }),
      buildExplorerPage(join(base, 'explore-page')),
      build({
        absWorkingDir: root,
        entryPoints: ['src/store/sqlite/sqlite-worker.ts'],
        outfile: join(base, 'sqlite-worker.js'),
        bundle: true,
        format: 'esm',
        platform: 'node',
        target: 'es2022',
        logLevel: 'warning',
      }),
    ]);
    writeFileSync(join(base, 'package.json'), '{ "type": "module" }');
    mkdirSync(join(base, 'bin'));
    chmodSync(join(base, 'cli.js'), 0o755);
    symlinkSync(join(base, 'cli.js'), join(base, 'bin', 'shardex'));
  });
  afterAll(() => {
    rmSync(base, { recursive: true, force: true });
  });
  const env = (): NodeJS.ProcessEnv => ({
    ...process.env,
    PATH: `${join(base, 'bin')}:${process.env.PATH ?? ''}`,
    NODE_NO_WARNINGS: '1',
  });
  return {
    folder: () => {
      const folder = join(base, `work-${++folders}`);
      mkdirSync(folder);
      // Where a driver is looked for.
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
      return folder;
    },
    run: (folder, args, input) =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [join(base, 'cli.js'), ...args], { cwd: folder, env: env() });
        const [out, err]: [Buffer[], Buffer[]] = [[], []];
        child.stdout.on('data', (data: Buffer) => out.push(data));
        child.stderr.on('data', (data: Buffer) => err.push(data));
        child.on('error', reject);
        child.on('close', (code) => {
          const [outText, errText] = [out, err].map((all) => Buffer.concat(all).toString());
          resolve({ code: code ?? -1, out: outText, err: errText });
        });
        child.stdin.on('error', () => undefined);
        child.stdin.end(input ?? '');
      }),
    program: () => join(base, 'cli.js'),
    shell: (folder, line) =>
      new Promise((resolve) => {
        execFile('sh', ['-c', line], { cwd: folder, env: env() }, (error, out, err) => {
          resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err });
        });
      }),
  };
}
