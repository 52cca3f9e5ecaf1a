// Headless Chromium, and a server of files for its pages.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { chromium } from 'playwright-core';

/** @type {Record<string, string | undefined>} */
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
};

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the browser, which asks nothing of the network. */
export async function openBrowser() {
  return chromium.launch({ executablePath: chromiumPath(), args: ARGS });
}

/**
 * Starts the browser with a folder of its own, where it keeps what pages store.
 *
 * @param {string} folder
 * @param {import('playwright-core').LaunchOptions} options
 */
export async function openProfile(folder, options = {}) {
  const args = [...ARGS, ...(options.args ?? [])];
  return chromium.launchPersistentContext(folder, { executablePath: chromiumPath(), ...options, args });
}

function chromiumPath() {
  const path = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
  if (!existsSync(path)) throw new Error(`there is no Chromium at ${path}: install it, or set CHROMIUM_PATH`);
  return path;
}

/**
 * Serves the files of a folder.
 *
 * @param {string} folder
 * @param {Record<string, string>} headers of every answer
 */
export async function serve(folder, headers) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const path = join(folder, normalize(pathname === '/' ? '/index.html' : pathname));
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const isThere = existsSync(path) && statSync(path).isFile();
    response.writeHead(isThere ? 200 : 404, { 'Content-Type': TYPES[extname(path)] ?? 'text/plain' });
    response.end(isThere ? readFileSync(path) : undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert(address !== null && typeof address === 'object');
  return { address: `http://127.0.0.1:${address.port}/`, close: () => server.close() };
}
