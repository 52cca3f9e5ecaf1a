import { readFileSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** What takes a process of its own: collecting garbage on demand, replacing modules, threads, a process's events. */
const ALONE = /support\/(garbage|control)|\bvi\b|worker_threads|\bgc\b|\bprocess\./;

/** Other files of these folders share threads and loaded modules, which takes a quarter less time of the processor. */
const shared = ['.', 'calibration', 'cell', 'collections', 'geometry', 'inspect', 'version', 'write']
  .flatMap((folder) =>
    readdirSync(new URL(`test/${folder}`, import.meta.url)).map((file) => `test/${folder}/${file}`),
  )
  .map((file) => file.replace('/./', '/'))
  .filter(
    (file) => file.endsWith('.test.ts') && !ALONE.test(readFileSync(new URL(file, import.meta.url), 'utf8')),
  );

const adaptersPackage = fileURLToPath(new URL('test/adapters/package.json', import.meta.url));

export default defineConfig({
  plugins: [
    {
      // The adapters in src get what they adapt to from where it is installed.
      name: 'packages-of-adapters',
      enforce: 'pre',
      resolveId(name, importer, options) {
        if (!/^@(langchain|llamaindex|mastra)\/core\b/.test(name) || importer === adaptersPackage)
          return null;
        return this.resolve(name, adaptersPackage, options);
      },
    },
  ],
  resolve: {
    // Tests and examples import the package by its name, and get the sources without a build.
    alias: [
      { find: /^shardex$/, replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)) },
      {
        find: /^shardex\/indexeddb$/,
        replacement: fileURLToPath(new URL('src/store/indexeddb/index.ts', import.meta.url)),
      },
      {
        find: /^shardex\/(\w+)$/,
        replacement: fileURLToPath(new URL('src/$1/index.ts', import.meta.url)),
      },
    ],
  },
  // Node 20 has no `using`.
  oxc: { target: 'es2022' },
  test: {
    environment: 'node',
    globalSetup: ['scripts/build-kernels.mjs', 'scripts/extract-examples.mjs'],
    // One less than the processors is the default, which of two leaves one idle.
    maxWorkers: availableParallelism(),
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: 'shared', include: shared, pool: 'threads', isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: ['test/**/*.test.ts'],
          exclude: [...shared, 'test/adapters/**', 'test/browser/**'],
          pool: 'forks',
          execArgv: ['--expose-gc'],
        },
      },
      {
        // Has packages of its own, which this installs.
        extends: true,
        test: {
          name: 'adapters',
          include: ['test/adapters/**/*.test.{ts,tsx}'],
          globalSetup: ['scripts/install-adapters.mjs'],
          pool: 'forks',
          execArgv: ['--expose-gc'],
        },
      },
      {
        // Needs Chromium: `npm run test:browser`.
        extends: true,
        test: { name: 'browser', include: ['test/browser/**/*.test.ts'], pool: 'forks' },
      },
    ],
  },
});
