/*
 * Builds the programs that tests run as processes of their own, and kills them in the middle of their work.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { beforeAll } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Bundles programs of test/store/support, or of elsewhere in test; returns the path of each by its name. */
export function programs(folder: () => string, ...names: string[]): (name: string) => string {
  beforeAll(async () => {
    await build({
      absWorkingDir: root,
      entryPoints: [
        ...names.map((name) => ({
          in: `test/${name.includes('/') ? name : `store/support/${name}`}.ts`,
          out: basename(name),
        })),
        { in: 'src/store/sqlite/sqlite-worker.ts', out: 'sqlite-worker' },
      ],
      alias: {
        'shardex/store': join(root, 'src/store/index.ts'),
        'shardex/postgres': join(root, 'src/postgres/index.ts'),
        shardex: join(root, 'src/index.ts'),
        pg: join(root, 'node_modules/pg/esm/index.mjs'),
      },
      external: [join(root, 'node_modules/pg/*')],
      outdir: folder(),
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'es2022',
      // The log looks for the script of its thread by this name.
      plugins: [
        {
          name: 'worker',
          setup: (plugin) => {
            plugin.onLoad({ filter: /engine-host\.ts$/ }, async ({ path }) => {
              const { readFile } = await import('node:fs/promises');
              const contents = (await readFile(path, 'utf8')).replace(
                './sqlite-worker.js',
                './sqlite-worker.mjs',
              );
              return { contents, loader: 'ts' };
            });
          },
        },
      ],
      logLevel: 'warning',
    });
  });
  return (name) => join(folder(), `${basename(name)}.mjs`);
}

/** Runs a program; each of its lines goes to `heard`, which may kill it. Resolves once it has ended. */
export async function run(
  command: string,
  args: readonly string[],
  heard: (line: string, child: ChildProcess) => void = () => undefined,
): Promise<{
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly errors: string;
}> {
  const child = spawn(command, args, { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
  let rest = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) heard(line, child);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      resolve({ code, signal, errors });
    });
  });
}
