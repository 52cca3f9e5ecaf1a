/* The command that serves the explorer: it prints an address, reads unless told otherwise, and ends cleanly when it is stopped. */

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandLine } from './support.js';

const { folder, run, shell, program } = commandLine();

/** Starts a command; resolves once it has printed a line. */
async function started(
  where: string,
  args: readonly string[],
): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn(process.execPath, [program(), ...args], {
    cwd: where,
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  const line = await new Promise<string>((resolve, reject) => {
    let [out, err] = ['', ''];
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString();
      if (out.includes('\n')) resolve(out.slice(0, out.indexOf('\n')));
    });
    child.stderr.on('data', (data: Buffer) => (err += data.toString()));
    child.on('close', (code) => {
      reject(new Error(`It ended with ${code ?? 'a signal'}: ${err}`));
    });
  });
  return { child, line };
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve));
}

test('explore serves a store until it is stopped, and writes only where it may', async () => {
  const where = folder();
  expect((await run(where, ['--store', 'notes.db', 'init', '-d', '2'])).code).toBe(0);
  const lines = '{"id":"a","vector":[1,0]}\n{"id":"b","vector":[0,1]}';
  expect((await run(where, ['--store', 'notes.db', 'import', '-m', 'two'], lines)).code).toBe(0);

  for (const write of [false, true]) {
    const { child, line: url } = await started(where, [
      'explore',
      join('.', 'notes.db'),
      ...(write ? ['--write'] : []),
    ]);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}\/$/);
    const page = await (await fetch(url)).text();
    expect(page).toContain('<script type="module" src="main.js">');
    expect((await fetch(`${url}main.js`)).status).toBe(200);
    expect(await (await fetch(`${url}api/overview`)).json()).toMatchObject({
      kind: 'store',
      version: 1,
      documents: 2,
      mayWrite: write,
    });
    const headers = { 'Content-Type': 'application/json' };
    const undone = await fetch(`${url}api/undo`, { method: 'POST', headers, body: '{}' });
    expect(undone.status).toBe(write ? 200 : 404);
    const closed = ended(child);
    child.kill('SIGINT');
    expect(await closed).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  }
  const { out } = await shell(where, 'shardex --store notes.db log');
  expect(out).toContain('undo');
}, 120_000);

test('explore says what is wrong with what it is given', async () => {
  const where = folder();
  const none = await run(where, ['explore', 'none.db']);
  expect([none.code, none.err]).toEqual([1, expect.stringContaining('There is no store at none.db')]);
  const port = await run(where, ['explore', 'none.db', '--port', '70000']);
  expect([port.code, port.err]).toEqual([2, expect.stringContaining('65535')]);
});
