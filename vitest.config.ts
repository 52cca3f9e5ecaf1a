import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    // Tests and examples import the package by its name, and get the sources without a build.
    alias: [
      { find: /^shardex$/, replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)) },
      {
        find: /^shardex\/store$/,
        replacement: fileURLToPath(new URL('src/store/index.ts', import.meta.url)),
      },
    ],
  },
  // Node 20 has no `using`.
  oxc: { target: 'es2022' },
  test: {
    environment: 'node',
    include: ['test/**/*.test.ts'],
    globalSetup: ['scripts/build-kernels.mjs', 'scripts/extract-examples.mjs'],
    // Tests of what snapshots keep alive collect garbage on demand, which needs a process of its own.
    pool: 'forks',
    // One less than the processors is the default, which of two leaves one idle.
    maxWorkers: availableParallelism(),
    execArgv: ['--expose-gc'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
