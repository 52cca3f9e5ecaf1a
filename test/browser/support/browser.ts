/*
 * Chromium with a folder of its own, as people have it, and the page that the browser's tests run in.
 */

import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { openProfile, serve } from '../../../scripts/browser.mjs';
import type { inPage } from './page.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

declare global {
  interface Window {
    readonly inPage: typeof inPage;
  }
}

export interface Site {
  /** Opens the page. */
  readonly open: (host?: string) => Promise<Page>;
  readonly context: () => BrowserContext;
  /** Kills the browser, all its processes at once. */
  readonly kill: () => Promise<void>;
  /** Starts the browser again, with what it has kept. */
  readonly restart: () => Promise<void>;
}

/** A site for the tests of a file: a server, a browser, and what a page needs. */
export function site(executablePath?: string): Site {
  let folder = '';
  let server: Awaited<ReturnType<typeof serve>> | undefined;
  let running: BrowserContext | undefined;
  const context = (): BrowserContext => {
    if (running === undefined) throw new Error('The browser has not started.');
    return running;
  };
  const start = async (): Promise<void> => {
    running = await openProfile(join(folder, 'profile'), {
      args: ['--host-resolver-rules=MAP *.test 127.0.0.1'],
      ...(executablePath !== undefined && { executablePath }),
    });
  };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'shardex-browser-'));
    await bundle(join(folder, 'site'));
    server = await serve(join(folder, 'site'), {});
    await start();
  });
  afterAll(async () => {
    await running?.close();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    context,
    kill: async () => {
      const ended = new Promise((resolve) => context().once('close', resolve));
      killAll(join(folder, 'profile'));
      await ended;
    },
    restart: start,
    open: async (host) => {
      const page = await context().newPage();
      const address = new URL(server?.address ?? '');
      if (host !== undefined) address.hostname = host;
      await page.goto(address.href);
      await page.waitForFunction(() => 'inPage' in window);
      return page;
    },
  };
}

/** Kills every process that was started with this profile. */
function killAll(profile: string): void {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  for (const pid of processes) {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      if (line.includes(profile)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

async function bundle(folder: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: { page: 'test/browser/support/page.ts' },
    outdir: folder,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    // The package says that none of its modules does anything by itself; tests do.
    ignoreAnnotations: true,
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.STORE_GOLDEN': '""' },
    alias: {
      vitest: join(root, 'test/browser/support/vitest-in-page.ts'),
      // As a bundler for pages would find them.
      'shardex/store': join(root, 'src/store/page.ts'),
      'shardex/indexeddb': join(root, 'src/store/indexeddb/index.ts'),
      shardex: join(root, 'src/index.ts'),
    },
    plugins: [
      {
        name: 'logs-in-page',
        setup: (plugin) => {
          plugin.onResolve({ filter: /\/support\/logs\.js$/ }, () => ({
            path: join(root, 'test/browser/support/logs-in-page.ts'),
          }));
        },
      },
    ],
    logLevel: 'warning',
  });
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><title>shardex</title><link rel="icon" href="data:," /><script type="module" src="./page.js"></script>',
  );
}
