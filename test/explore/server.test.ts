/* Who may in, what is answered, what comes live; and that nothing is written unless it was asked for. */

import { request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { InvalidOptionError, createIndex } from 'shardex';
import type { Published } from '../../src/explore/live.js';
import { isOwnHost, isOwnOrigin, newGuard } from '../../src/explore/guard.js';
import { exploreWith } from '../../src/explore/explore.js';
import { rejectionOf } from '../support/thrown.js';
import { until } from '../support/until.js';
import { FILES, ask, exploring, newCell, newStore, sent, vectors } from './support.js';

/** Asks with headers of one's own, which `fetch` does not allow. */
function raw(
  url: string,
  headers: Record<string, string>,
  method = 'GET',
): Promise<{ status: number; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    request(url, { headers, method }, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, headers: response.headers });
    })
      .on('error', reject)
      .end();
  });
}

describe('the guard', () => {
  test('lets nobody in without the whole token, whatever is asked for', () =>
    exploring(newCell(), { write: true }, async ({ url }) => {
      const { origin, pathname } = new URL(url);
      const token = pathname.slice(1, -1);
      expect(token).toMatch(/^[\w-]{43}$/);
      const wrong = ['', token.slice(0, -1), `${token}x`, token.toUpperCase(), `${token}%20`, 'api', '..'];
      for (const given of wrong)
        for (const path of ['', 'main.js', 'api/overview', 'api/live', 'api/costs'])
          expect((await fetch(`${origin}/${given}/${path}`)).status, `${given}/${path}`).toBe(403);
      expect((await fetch(origin)).status).toBe(403);
      expect((await fetch(`${origin}/?token=${token}`)).status).toBe(403);
      expect((await fetch(`${origin}/x/api/undo`, sent({}))).status).toBe(403);
      expect((await fetch(url)).status).toBe(200);
    }));

  test('lets nobody in by the name of another machine, or from the page of another site', () =>
    exploring(newCell(), {}, async ({ url }) => {
      const { host, port } = new URL(url);
      expect((await raw(url, { Host: host })).status).toBe(200);
      expect((await raw(url, { Host: `localhost:${port}` })).status).toBe(200);
      for (const other of [
        'evil.example',
        `evil.example:${port}`,
        `127.0.0.1.evil.example:${port}`,
        '127.0.0.1',
        'localhost:1',
      ])
        expect((await raw(url, { Host: other })).status, other).toBe(403);
      expect((await raw(url, { Host: host, Origin: `http://${host}` })).status).toBe(200);
      for (const origin of ['http://evil.example', 'null', `https://${host}`, 'http://127.0.0.1:1'])
        expect((await raw(url, { Host: host, Origin: origin })).status, origin).toBe(403);
    }));

  test('answers no page of another site that asks whether it may', () =>
    exploring(newCell(), { write: true }, async ({ url }) => {
      const { status, headers } = await raw(`${url}api/undo`, { Origin: 'http://evil.example' }, 'OPTIONS');
      expect(status).toBe(403);
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      const own = await raw(`${url}api/overview`, {});
      expect(Object.keys(own.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }));

  test('is new each time, and knows its own names', async () => {
    const [one, other] = await Promise.all([newGuard(), newGuard()]);
    expect(one.token).not.toBe(other.token);
    const asked = { url: `/${one.token}/api/map?x=1`, host: '127.0.0.1:9', origin: undefined };
    expect(one.pathOf(asked, 9)).toBe('api/map');
    expect(other.pathOf(asked, 9)).toBeUndefined();
    expect(one.pathOf({ ...asked, host: undefined }, 9)).toBeUndefined();
    expect(one.pathOf({ ...asked, url: undefined }, 9)).toBeUndefined();
    expect(isOwnHost('localhost', 80)).toBe(true);
    expect(isOwnOrigin(undefined, 80)).toBe(true);
  });
});

test('every answer says what the page may load, and that nobody keeps it', () =>
  exploring(newCell(), {}, async ({ url }) => {
    for (const path of ['', 'api/overview', 'none', 'api/none']) {
      const { headers } = await fetch(url + path);
      expect(headers.get('content-security-policy'), path).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    }
  }));

test('the API answers in JSON, and says what it does not take', () =>
  exploring(newCell(), {}, async (explorer) => {
    const of = (path: string, init?: RequestInit) => ask(explorer, path, init);
    expect(await of('api/overview')).toMatchObject({
      status: 200,
      body: { kind: 'cell', version: 3, mayWrite: false },
    });
    expect(await of('api/map?version=3&against=1')).toMatchObject({
      body: { version: 3, against: { version: 1 } },
    });
    expect(await of('api/difference?version=2&against=1')).toMatchObject({
      body: { counts: { added: 1, removed: 1, records: 2 } },
    });
    expect(await of('api/history?limit=2')).toMatchObject({ body: { hasMore: true } });
    expect(await of('api/changes?versions=3,2')).toMatchObject({ body: [{ version: 3, added: 40 }] });
    expect(await of('api/document?id=d8')).toMatchObject({ body: { text: 'another text, by hand' } });
    expect(await of('api/costs')).toMatchObject({ body: { statistics: { version: 3 } } });
    expect(await of('api/search', sent({ like: 'd1', k: 2 }))).toMatchObject({ body: { version: 3 } });
    const refused: [string, number, RequestInit?][] = [
      ['api/map?version=x', 400],
      ['api/map?version=99', 404],
      ['api/map?branch=none', 400],
      ['api/history?limit=9999', 400],
      ['api/changes?versions=1,x', 400],
      ['api/document?id=none', 404],
      ['api/none', 404],
      ['../elsewhere', 403],
      ['api/search', 404],
      ['api/search', 400, sent({ k: 3 })],
      ['api/search', 400, sent({ vector: [1], k: 3 })],
      ['api/search', 400, sent({ like: 'd1', where: { $none: 1 } })],
      ['api/search', 400, sent([])],
      ['api/search', 415, { method: 'POST', body: '{}' }],
      ['api/search', 413, sent({ like: 'x'.repeat(1 << 20) })],
    ];
    for (const [path, status, init] of refused) {
      const answer = await of(path, init);
      expect(answer.status, `${path} ${JSON.stringify(answer.body)}`).toBe(status);
    }
  }));

describe('writing', () => {
  const calls: [string, object][] = [
    ['undo', {}],
    ['redo', {}],
    ['restore', { version: 1 }],
    ['tag', { name: 'mine', version: 3 }],
    ['untag', { name: 'ten' }],
  ];

  test('is refused unless it was asked for', async () => {
    const store = await newStore();
    await exploring(store, {}, async (explorer) => {
      for (const [name, body] of calls)
        expect((await ask(explorer, `api/${name}`, sent(body))).status, name).toBe(404);
    });
    expect([store.version, [...store.tags().keys()]]).toEqual([12, ['ten']]);
    await store.close();
  });

  test('does what the store does', async () => {
    const store = await newStore();
    await exploring(store, { write: true }, async (explorer) => {
      const post = async (name: string, body: object) =>
        (await ask(explorer, `api/${name}`, sent(body))).body;
      expect(await post('undo', {})).toEqual({ version: 13 });
      expect(store.documentCount).toBe(300 + 10 * 3);
      expect(await post('redo', {})).toEqual({ version: 14 });
      expect(await post('redo', {})).toEqual({ version: null });
      expect(await post('restore', { version: 1 })).toEqual({ version: 15 });
      expect(store.documentCount).toBe(300);
      expect(await post('tag', { name: 'mine', version: 15 })).toEqual({ name: 'mine', version: 15 });
      expect(store.tags().get('mine')).toBe(15);
      expect(await post('untag', { name: 'ten' })).toEqual({ isRemoved: true });
      expect(await post('tag', { name: 'mine', version: 15 })).toMatchObject({
        error: { code: 'INVALID_OPTION' },
      });
      expect(await post('restore', {})).toMatchObject({ error: { code: 'INVALID_PARAMETER' } });
      // Never by an address alone, which any link could have.
      expect((await ask(explorer, 'api/undo')).status).toBe(404);
    });
    await store.close();
  });

  test('does what a cell does, which cannot undo', () => {
    const cell = newCell();
    return exploring(cell, { write: true }, async (explorer) => {
      expect((await ask(explorer, 'api/restore', sent({ version: 1 }))).body).toEqual({ version: 4 });
      expect(cell.read().documentCount).toBe(cell.at(1).documentCount);
      expect(await ask(explorer, 'api/undo', sent({}))).toMatchObject({
        status: 400,
        body: { error: { code: 'CANNOT_WRITE' } },
      });
    });
  });
});

test('thousands of commits come as few events, which add up', () => {
  const cell = newCell();
  return exploring(cell, {}, async ({ url }) => {
    const abort = new AbortController();
    const { body, headers } = await fetch(`${url}api/live`, { signal: abort.signal });
    expect(headers.get('content-type')).toBe('text/event-stream');
    const events: Published[] = [];
    const reading = (async () => {
      const decoder = new TextDecoder();
      let text = '';
      for await (const piece of body ?? []) {
        text += decoder.decode(piece, { stream: true });
        const parts = text.split('\n\n');
        text = parts.pop() ?? '';
        for (const part of parts) events.push(JSON.parse(part.replace(/^data: /, '')) as Published);
      }
    })().catch(() => undefined);
    await until(() => events.length === 1);
    expect(events[0]).toMatchObject({ version: 3, commits: 0 });
    const next = vectors(3);
    for (let i = 0; i < 2000; i++)
      cell.update((draft) => {
        draft.addPosting({ documentId: `live ${i % 50}`, vector: next() });
      });
    await until(() => events.at(-1)?.version === cell.version);
    expect(events.reduce((sum, { commits }) => sum + commits, 0)).toBe(2000);
    // They were made in one turn of the event loop.
    expect(events).toHaveLength(2);
    expect(events.at(-1)).toMatchObject({ postings: cell.postingCount, documents: cell.documentCount });
    abort.abort();
    await reading;
    // Nobody listens any more.
    await wait(0);
  });
});

test('what cannot be explored is refused, and so are wrong options', async () => {
  const files = () => Promise.resolve(FILES);
  const refused = (cell: unknown, options: object = {}) =>
    rejectionOf(exploreWith(cell as never, options, files));
  for (const cell of [undefined, null, {}, 7, 'notes.db'])
    expect(await refused(cell)).toBeInstanceOf(InvalidOptionError);
  expect(await refused(createIndex({ dimensions: 1 }))).toBeInstanceOf(InvalidOptionError);
  for (const options of [
    { port: -1 },
    { port: 1.5 },
    { port: 70_000 },
    { port: '80' },
    { write: 1 },
    { open: true },
  ])
    expect(await refused(newCell(), options), JSON.stringify(options)).toBeInstanceOf(InvalidOptionError);
  await exploring(newCell(), {}, async ({ url }) => {
    expect(await refused(newCell(), { port: Number(new URL(url).port) })).toMatchObject({
      code: 'EADDRINUSE',
    });
  });
});

test('closing ends it all: the server, streams, pins', async () => {
  const cell = newCell();
  const explorer = await exploreWith(cell, {}, () => Promise.resolve(FILES));
  const live = await fetch(`${explorer.url}api/live`);
  await ask(explorer, 'api/map?version=2');
  expect(cell.held().some(({ pins }) => pins.length > 0)).toBe(true);
  await explorer.close();
  await expect(fetch(explorer.url)).rejects.toThrow();
  await live.body?.cancel().catch(() => undefined);
  expect(cell.held().some(({ pins }) => pins.length > 0)).toBe(false);
  expect(cell.isClosed).toBe(false);
});
