/* The guide's server on Node: what its calls print, and that it ends cleanly, with all that it has answered on the disk. */

import { spawnSync } from 'node:child_process';
import { request } from 'node:http';
import { connect } from 'node:net';
import { isBuiltin } from 'node:module';
import { expect, test } from 'vitest';
import { callServer, readPage } from '../../scripts/framework-pages.mjs';
import { eventually } from '../support/until.js';
import { project } from './support.js';

const page = readPage('node-server');
const [command] = page.commands.map(({ line }) => line).filter((line) => line.startsWith('node '));

/** What the page says for a Node without SQLite, in place of the lines that it is for. */
function forThisNode(text: string): string {
  if (isBuiltin('node:sqlite')) return text;
  const [other = ''] = page.others;
  const [imported = '', ...opened] = other.trim().split('\n');
  return text
    .replace("import { openStore } from 'shardex/store';", imported)
    .replace("const store = await openStore('./notes.db', { dimensions: 26 });", opened.join('\n'));
}

const start = project('node-server', forThisNode);

test('a shell can call servers here, or that test is skipped where that is allowed', () => {
  if (process.env.SHARDEX_NO_SKIP !== undefined) expect(hasCurl).toBe(true);
});

const hasCurl = spawnSync('curl', ['--version'], { stdio: 'ignore' }).status === 0;

test.skipIf(!hasCurl)('its calls print what the page says, again after it was stopped', async () => {
  for (const reads of [false, true]) {
    const server = start(command);
    const calls = callServer(page, await server.firstLine, reads);
    expect(calls.length).toBe(reads ? 1 : 2);
    expect(calls.map(({ printed }) => printed)).toEqual(calls.map(({ prints }) => prints));
    server.process.kill('SIGTERM');
    expect((await server.ended).code).toBe(0);
  }
});

test('what is under way when it is told to end is answered and kept', async () => {
  const server = start(command);
  const address = await server.firstLine;
  const put = send(address, 'PUT', '/late');
  await put.writes('Half of a note, ');
  // Once this is answered, the server has the first half.
  await send(address, 'GET', '/').ends();
  server.process.kill('SIGTERM');
  await eventually(async () => {
    expect(await accepts(address)).toBe(false);
  });
  expect(await put.ends('and the rest.')).toMatchObject({ status: 200 });
  expect((await server.ended).code).toBe(0);

  const again = start(command);
  const { body } = await send(await again.firstLine, 'GET', '/?q=half').ends();
  expect(body).toContainEqual({ id: 'late', text: 'Half of a note, and the rest.' });
  again.process.kill('SIGTERM');
  expect((await again.ended).code).toBe(0);
});

test('it tells what it cannot do, deletes, and goes on', async () => {
  const server = start(command);
  const address = await server.firstLine;
  const ids = async (): Promise<unknown> => (await send(address, 'GET', '/?q=dogs').ends()).body;
  await send(address, 'PUT', '/dogs').ends('Dogs bark.');
  expect(await ids()).toContainEqual({ id: 'dogs', text: 'Dogs bark.' });
  expect(await send(address, 'PUT', '/%ff').ends('Not an id.')).toMatchObject({ status: 400 });
  await send(address, 'DELETE', '/dogs').ends();
  expect(await ids()).not.toContainEqual({ id: 'dogs', text: 'Dogs bark.' });
  server.process.kill('SIGTERM');
  expect((await server.ended).code).toBe(0);
});

interface Sent {
  /** Sends a part of the body; resolves once the system has it. */
  readonly writes: (text: string) => Promise<void>;
  /** Sends the rest; the answer. */
  readonly ends: (text?: string) => Promise<{ readonly status: number | undefined; readonly body: unknown }>;
}

/** Begins a request with a connection of its own. */
function send(address: string, method: string, path: string): Sent {
  const sent = request(new URL(path, address), { method, agent: false });
  const answer = new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => {
        resolve({ status: response.statusCode, body: JSON.parse(body) as unknown });
      });
    });
  });
  return {
    writes: (text) =>
      new Promise((resolve) => {
        sent.write(text, () => {
          resolve();
        });
      }),
    ends: (text) => {
      sent.end(text);
      return answer;
    },
  };
}

/** Whether a server takes connections. */
function accepts(address: string): Promise<boolean> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}
