// Opens the browser bundle in headless Chromium twice: on a cross-origin isolated page, which has
// SharedArrayBuffer, and on a plain one, where the index falls back to ArrayBuffer.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
if (!existsSync(executablePath)) {
  throw new Error(`there is no Chromium at ${executablePath}: install it, or set CHROMIUM_PATH`);
}
const bundle = readFileSync(new URL('../dist/browser/shardex.js', import.meta.url));
const html = `<!doctype html>
<title>shardex</title>
<link rel="icon" href="data:,">
<script type="importmap">{ "imports": { "shardex": "/shardex.js" } }</script>
<script type="module" src="/page.js"></script>
`;
const program = readFileSync(new URL('smoke-browser-page.js', import.meta.url));

const browser = await chromium.launch({
  executablePath,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
try {
  for (const isolated of [true, false]) {
    const report = await visit(isolated);
    console.log(JSON.stringify(report));
    assert.deepEqual(report, {
      crossOriginIsolated: isolated,
      sharedArrayBuffer: isolated ? 'function' : 'undefined',
      snapshotUnchanged: true,
      updateSeen: true,
      // Minified, and yet by its name.
      errorName: 'ConfigError',
      problems: [],
    });
  }
} finally {
  await browser.close();
}
console.log('The browser bundle works with and without SharedArrayBuffer.');

/**
 * @param {boolean} isolated
 * @returns {Promise<unknown>} what the page found
 */
async function visit(isolated) {
  const server = serve(isolated);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert(address !== null && typeof address === 'object');
  const page = await browser.newPage();
  /** @type {string[]} */
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  try {
    await page.goto(`http://127.0.0.1:${address.port}/`);
    // The page's program puts its report there; an error of the page ends the wait by its time limit.
    const report = await page
      .waitForFunction('globalThis.report', undefined, { timeout: 30_000 })
      .then((handle) => /** @type {Promise<unknown>} */ (handle.jsonValue()))
      .catch((/** @type {unknown} */ error) => {
        throw new Error(`the page gave no report: ${errors.join('; ') || String(error)}`);
      });
    assert.deepEqual(errors, []);
    return report;
  } finally {
    await page.close();
    server.close();
  }
}

/** @param {boolean} isolated */
function serve(isolated) {
  /** @type {Record<string, { type: string, body: string | Buffer } | undefined>} */
  const files = {
    '/': {
      type: 'text/html; charset=utf-8',
      body: html,
    },
    '/page.js': { type: 'text/javascript', body: program },
    '/shardex.js': { type: 'text/javascript', body: bundle },
  };
  return createServer((request, response) => {
    const file = files[request.url ?? ''];
    if (isolated) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    }
    response.writeHead(file ? 200 : 404, { 'Content-Type': file?.type ?? 'text/plain' });
    response.end(file?.body);
  });
}
