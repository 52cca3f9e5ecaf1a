// Takes the packed library through every door that users come by: for each folder of test/doors, a copy in an empty
// place, its dependencies from its lock file, the tarball, and its `door.mjs`, which builds, runs and looks.
//
//   npm run doors                   all of them
//   npm run doors -- vite-8 node    some of them
//   npm run doors -- --update NAME  writes the lock file anew
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { openBrowser, serve } from './browser.mjs';
import { callServer, readPage, writeFiles } from './framework-pages.mjs';

/** @typedef {{ default: (tools: ReturnType<typeof toolsIn>) => Promise<void> }} Door */

/** Answers compared: of twenty queries, in three places, before a write and after it. */
const COMPARED = 120;
/** Milliseconds after which a command is taken to hang. */
const LONGEST = 240_000;

const root = fileURLToPath(new URL('..', import.meta.url));
const doors = join(root, 'test', 'doors');
const every = readdirSync(doors).filter((name) => existsSync(join(doors, name, 'package.json')));

const { values, positionals } = parseArgs({
  options: { update: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !every.includes(name));
if (unknown.length > 0)
  throw new Error(`there is no door ${unknown.join(', ')}; there are ${every.join(', ')}`);

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
process.on('exit', () => {
  for (const child of running) end(child);
});

const work = mkdtempSync(join(tmpdir(), 'shardex-doors-'));
/** @type {import('playwright-core').Browser | undefined} */
let browser;
try {
  await command(root, 'npm', ['pack', '--ignore-scripts', '--pack-destination', work]);
  const tarball = readdirSync(work).find((name) => name.endsWith('.tgz'));
  assert(tarball !== undefined, 'npm pack made no tarball');
  for (const name of positionals.length > 0 ? positionals : every) {
    const startedAt = Date.now();
    const dir = await installed(name, join(work, tarball));
    const installing = Date.now() - startedAt;
    /** @type {unknown} */
    const door = await import(pathToFileURL(join(dir, 'door.mjs')).href);
    await /** @type {Door} */ (door).default(toolsIn(dir));
    console.log(
      `- ${name}: as it should be (${seconds(Date.now() - startedAt)}, of which to install ${seconds(installing)})`,
    );
    rmSync(dir, { recursive: true, force: true });
  }
} finally {
  await browser?.close();
  rmSync(work, { recursive: true, force: true });
}
// A server of a bundler may leave something open.
process.exit();

/**
 * @param {string} name
 * @param {string} tarball
 */
async function installed(name, tarball) {
  const dir = join(work, name);
  /** @type {unknown} */
  const project = JSON.parse(readFileSync(join(doors, name, 'package.json'), 'utf8'));
  const { sameAs } = /** @type {{ sameAs?: string }} */ (project);
  const sources = ['shared', ...(sameAs === undefined ? [] : [sameAs]), name].map((each) =>
    join(doors, each),
  );
  for (const source of sources) {
    cpSync(source, dir, { recursive: true, filter: (path) => !path.includes('node_modules') });
  }
  if (!existsSync(join(dir, '.npmrc'))) cpSync(join(doors, '.npmrc'), join(dir, '.npmrc'));
  const quiet = ['--no-audit', '--no-fund', '--loglevel', 'error'];
  if (values.update) {
    rmSync(join(dir, 'package-lock.json'), { force: true });
    await command(dir, 'npm', ['install', '--package-lock-only', ...quiet]);
  }
  // None where there are no dependencies.
  if (existsSync(join(dir, 'package-lock.json'))) {
    if (values.update) cpSync(join(dir, 'package-lock.json'), join(doors, name, 'package-lock.json'));
    await command(dir, 'npm', ['ci', ...quiet]);
  }
  await command(dir, 'npm', ['install', '--no-save', ...quiet, tarball]);
  return dir;
}

/**
 * What a door may use.
 *
 * @param {string} dir
 */
function toolsIn(dir) {
  return {
    dir,
    /** Runs a program there; resolves to what it printed. */
    run: (/** @type {string} */ program, /** @type {string[]} */ ...args) => command(dir, program, args),
    /** Starts a server there, calls `use` with the address that it prints, and ends it; it has to end on a SIGTERM. */
    whileRunning: (
      /** @type {string} */ program,
      /** @type {string[]} */ args,
      /** @type {(address: string) => Promise<void> | void} */ use,
      /** @type {'SIGKILL' | 'SIGTERM'} */ signal = 'SIGKILL',
    ) => serving(dir, program, args, use, signal),
    /** Opens a page, of a server or of a folder that is served with these headers, and checks its report. */
    visit: async (/** @type {string} */ where, /** @type {Record<string, string>} */ headers = {}) => {
      const { page, address, isServed, complaints, close } = await opened(where, headers);
      try {
        // Told by a message: a strict page lets nobody look into it.
        const told = page.waitForEvent('console', {
          predicate: (message) => message.text().startsWith('{'),
          timeout: 60_000,
        });
        const [message] = await Promise.all([told, page.goto(address)]).catch(
          (/** @type {unknown} */ error) => {
            throw new Error(`the page gave no report: ${complaints.join('; ') || String(error)}`);
          },
        );
        /** @type {unknown} */
        const report = JSON.parse(message.text());
        const checked = checkReport(report, where);
        const isIsolated = 'Cross-Origin-Opener-Policy' in headers;
        if (isServed) assert.equal(checked.sharesMemory, isIsolated, 'memory is shared where it may be');
      } finally {
        await close();
      }
    },
    /**
     * Writes the files of a page of docs/guides/frameworks there, and gives its commands, without those that install. `call`
     * makes its calls of a server, `callAgain` those that only read.
     */
    guide: (/** @type {string} */ name) => {
      const page = readPage(name);
      writeFiles(page, dir);
      const commands = page.commands
        .map(({ line }) => line)
        .filter((line) => !/^\w+ (install|add) /.test(line));
      const calling = (/** @type {boolean} */ reads) => (/** @type {string} */ address) => {
        const calls = callServer(page, address, reads);
        assert(calls.length > 0, `${name}: no calls`);
        for (const { line, prints, printed } of calls) assert.equal(printed, prints, `${name}: ${line}`);
      };
      return { commands, call: calling(false), callAgain: calling(true) };
    },
    /** Opens a page, of a server or of a folder that is served with these headers, and gives it to `use`; it may not complain. */
    look: async (
      /** @type {string} */ where,
      /** @type {(page: import('playwright-core').Page) => Promise<void>} */ use,
      /** @type {Record<string, string>} */ headers = {},
    ) => {
      const { page, address, complaints, close } = await opened(where, headers);
      try {
        await page.goto(address);
        await use(page);
        assert.deepEqual(complaints, [], where);
      } catch (error) {
        throw new Error(`${where}: ${complaints.join('; ')}\n${await page.content()}`, { cause: error });
      } finally {
        await close();
      }
    },
    /** Checks a report, or one as JSON in the last line of what was printed. */
    check: (/** @type {unknown} */ report, /** @type {string} */ where) => {
      const json = typeof report === 'string' ? report.trim().split('\n').at(-1) : undefined;
      checkReport(json === undefined ? report : /** @type {unknown} */ (JSON.parse(json)), where);
    },
    isolated: {
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    },
  };
}

/**
 * Opens a blank page for `address`: that of a server, or of a folder that is served with these headers. Notes what it complains of.
 *
 * @param {string} where
 * @param {Record<string, string>} headers
 */
async function opened(where, headers) {
  browser ??= await openBrowser();
  const server = where.startsWith('http') ? undefined : await serve(where, headers);
  const page = await browser.newPage();
  /** @type {string[]} */
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    const isIcon = message.location().url.endsWith('/favicon.ico');
    if (['error', 'warning'].includes(message.type()) && !isIcon) complaints.push(message.text());
  });
  const close = async () => {
    await page.close();
    server?.close();
  };
  return { page, address: server?.address ?? where, isServed: server !== undefined, complaints, close };
}

/**
 * @param {unknown} report
 * @param {string} where
 */
function checkReport(report, where) {
  assert(
    typeof report === 'object' && report !== null && 'compared' in report,
    `${where}: ${JSON.stringify(report)}`,
  );
  assert.equal(report.compared, COMPARED, where);
  return /** @type {{ readonly sharesMemory?: boolean }} */ (report);
}

/**
 * @param {string} cwd
 * @param {string} program
 * @param {string[]} args
 * @returns {Promise<string>}
 */
function command(cwd, program, args) {
  return new Promise((resolve, reject) => {
    const child = started(cwd, program, args);
    const limit = setTimeout(end, LONGEST, child);
    let out = '';
    let all = '';
    child.stdout.on('data', (/** @type {Buffer} */ piece) => (out += String(piece)));
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (/** @type {Buffer} */ piece) => (all += String(piece)));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      if (code === 0) resolve(out);
      else reject(new Error(`${program} ${args.join(' ')} in ${cwd} ended with ${code ?? signal}:\n${all}`));
    });
  });
}

/**
 * @param {string} cwd
 * @param {string} program
 * @param {string[]} args
 * @param {(address: string) => Promise<void> | void} use
 * @param {'SIGKILL' | 'SIGTERM'} signal
 */
async function serving(cwd, program, args, use, signal) {
  const child = started(cwd, program, args);
  child.stderr.pipe(process.stderr);
  try {
    /** @type {Promise<string>} */
    const address = new Promise((resolve, reject) => {
      let out = '';
      child.stdout.on('data', (/** @type {Buffer} */ piece) => {
        out += String(piece);
        const found = /http:\/\/(?:localhost|127\.0\.0\.1):\d+/.exec(out)?.[0];
        if (found !== undefined) resolve(found);
      });
      child.on('error', reject);
      child.on('close', (code) => {
        reject(new Error(`${program} ${args.join(' ')} ended with ${code}:\n${out}`));
      });
      setTimeout(
        reject,
        60_000,
        new Error(`${program} ${args.join(' ')} printed no address:\n${out}`),
      ).unref();
    });
    await use(await address);
    if (signal === 'SIGTERM') await ended(child);
  } finally {
    end(child);
  }
}

/**
 * Asks a program to end; rejects if it goes on.
 *
 * @param {import('node:child_process').ChildProcess} child
 */
async function ended(child) {
  const closed = once(child, 'close', { signal: AbortSignal.timeout(30_000) });
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
  await closed;
}

/**
 * Starts a program in a group of its own, so that what it starts ends with it; it prints no colours, reports to nobody, and
 * serves at a free port.
 *
 * @param {string} cwd
 * @param {string} program
 * @param {string[]} args
 */
function started(cwd, program, args) {
  const env = {
    ...process.env,
    NO_COLOR: '1',
    FORCE_COLOR: '0',
    CI: '1',
    NEXT_TELEMETRY_DISABLED: '1',
    PORT: '0',
  };
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true, env });
  running.add(child);
  child.on('close', () => running.delete(child));
  return child;
}

/** @param {import('node:child_process').ChildProcess} child */
function end(child) {
  if (child.pid === undefined || !running.has(child)) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // All of them have ended by now.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

/** @param {number} ms */
function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}
