import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { build } from 'esbuild';
import { afterAll, beforeAll } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The library and the scripts of the tests' workers, as modules that Node can load by itself. */
export interface Built {
  /** Starts one of test/threads/workers. */
  readonly start: (name: string, workerData?: unknown, options?: WorkerOptions) => Worker;
  /** The address of a module: `index`, `pool-worker`, or one of the workers. */
  readonly address: (name: string) => URL;
}

/** Builds before the tests of a file, and cleans up after them. Workers that were started are ended. */
export function built(...workers: string[]): Built {
  let folder = '';
  const started = new Set<Worker>();
  const address = (name: string): URL => pathToFileURL(join(folder, `${name}.js`));

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'shardex-threads-'));
    await build({
      absWorkingDir: root,
      entryPoints: [
        { in: 'src/index.ts', out: 'index' },
        { in: 'src/threads/pool/pool-worker.ts', out: 'pool-worker' },
        ...workers.map((name) => ({ in: `test/threads/workers/${name}.ts`, out: name })),
      ],
      alias: { shardex: join(root, 'src/index.ts') },
      outdir: folder,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'es2022',
      keepNames: true,
      logLevel: 'warning',
    });
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  });

  afterAll(async () => {
    await Promise.all([...started].map((worker) => worker.terminate()));
    rmSync(folder, { recursive: true, force: true });
  });

  return {
    address,
    start: (name, workerData, options = {}) => {
      const worker = new Worker(address(name), { execArgv: [], ...options, workerData });
      started.add(worker);
      worker.once('exit', () => started.delete(worker));
      return worker;
    },
  };
}
