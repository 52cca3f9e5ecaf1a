/*
 * The server: on the loopback address, behind the guard. It answers with the page's files, the API as JSON, and a stream of what
 * is published.
 */

import { type ReadableCell, ShardexError } from '../index.js';
import { Refusal } from './refusal.js';
import type { Api } from './api/api.js';
import { newGuard } from './guard.js';
import { HEADERS } from './headers.js';
import { liveStream } from './live.js';
import { type HttpServer, type Incoming, type Outgoing, loadHttp } from './node.js';
import type { PageFiles } from './page-files.js';

/** What a server serves. */
export interface Served {
  readonly port: number;
  readonly files: PageFiles;
  readonly api: Api;
  readonly cell: ReadableCell;
}

/** A server that runs. */
export interface Server {
  readonly url: string;
  readonly close: () => Promise<void>;
}

const HOST = '127.0.0.1';

/** Bytes of a request's body at most: a query of 10,000 dimensions takes 200,000. */
const MOST_BODY = 1 << 20;

/** Starts a server; rejects where the port cannot be had. */
export async function startServer({ port, files, api, cell }: Served): Promise<Server> {
  const [http, guard] = await Promise.all([loadHttp(), newGuard()]);
  const streams = new Set<() => void>();
  let listensOn = port;
  const server = http.createServer((request, response) => {
    const { host, origin } = request.headers;
    const path = guard.pathOf({ url: request.url, host: one(host), origin: one(origin) }, listensOn);
    if (path === undefined)
      send(response, 403, TEXT, 'The address needs its token: open it as it was printed.\n');
    else if (path === 'api/live' && request.method === 'GET') stream(response);
    else void answer(request, response, path);
  });
  listensOn = await listening(server, port);

  const stream = (response: Outgoing): void => {
    response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/event-stream' });
    const end = liveStream(cell, response);
    streams.add(end);
    response.on('close', () => {
      streams.delete(end);
      end();
    });
  };

  const answer = async (request: Incoming, response: Outgoing, path: string): Promise<void> => {
    try {
      const file = files.get(path);
      if (file !== undefined) send(response, 200, file.type, file.body);
      else send(response, 200, JSON_TYPE, JSON.stringify(await answered(api, request, path)));
    } catch (error) {
      const { status, code, message } = told(error);
      send(response, status, JSON_TYPE, JSON.stringify({ error: { code, message } }));
    }
  };

  return {
    url: `http://${HOST}:${listensOn}/${guard.token}/`,
    close: () =>
      new Promise((resolve) => {
        for (const end of streams) end();
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';

/** What the API says to a request. @throws {@link Refusal}, and what the library throws. */
async function answered(api: Api, request: Incoming, path: string): Promise<unknown> {
  const method = request.method ?? 'GET';
  const call = path.startsWith('api/') ? api.get(`${method} ${path.slice(4)}`) : undefined;
  if (call === undefined) throw new Refusal(404, 'NOT_FOUND', `There is nothing at ${method} /${path}.`);
  if (method === 'POST') return call(await bodyOf(request));
  const { searchParams } = new URL(request.url ?? '', 'http://localhost');
  return call(Object.fromEntries(searchParams));
}

async function bodyOf(request: Incoming): Promise<Record<string, unknown>> {
  // Pages of other sites cannot send this type without asking first, and nobody answers that.
  if (!/^application\/json\b/.test(one(request.headers['content-type']) ?? ''))
    throw new Refusal(415, 'NOT_JSON', 'The body must be of type application/json.');
  const decoder = new TextDecoder();
  let [text, size] = ['', 0];
  for await (const piece of request) {
    size += piece.length;
    if (size > MOST_BODY) throw new Refusal(413, 'TOO_LARGE', `The body is longer than ${MOST_BODY} bytes.`);
    text += decoder.decode(piece, { stream: true });
  }
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && !Array.isArray(body))
      return body as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new Refusal(400, 'NOT_JSON', 'The body must be a JSON object.');
}

/** What to say of what was thrown. */
function told(error: unknown): { readonly status: number; readonly code: string; readonly message: string } {
  if (error instanceof Refusal) return error;
  if (error instanceof ShardexError)
    return {
      status: error.code === 'VERSION_NOT_KEPT' ? 404 : 400,
      code: error.code,
      message: error.message,
    };
  return { status: 500, code: 'FAILED', message: error instanceof Error ? error.message : String(error) };
}

function send(response: Outgoing, status: number, type: string, body: string | Uint8Array): void {
  response.writeHead(status, { ...HEADERS, 'Content-Type': type });
  response.end(body);
}

function one(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}

function listening(server: HttpServer, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => {
      server.off('error', reject);
      resolve((server.address() as { readonly port: number }).port);
    });
  });
}
