/*
 * What is used of Node's modules, so that the library's types do not depend on Node's.
 */

import { nodeModule } from '../host/node-module.js';

/** A request that came in. */
export interface Incoming extends AsyncIterable<Uint8Array> {
  readonly method?: string;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** The answer to a request. */
export interface Outgoing {
  readonly writableNeedDrain: boolean;
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown;
  write(text: string): boolean;
  end(body?: string | Uint8Array): unknown;
  on(event: 'close', listener: () => void): unknown;
}

/** A server of HTTP. */
export interface HttpServer {
  listen(port: number, host: string, listening: () => void): unknown;
  once(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  address(): unknown;
  close(closed: () => void): unknown;
  closeAllConnections(): void;
}

interface NodeHttp {
  createServer(answer: (request: Incoming, response: Outgoing) => void): HttpServer;
}

interface NodeCrypto {
  readonly randomBytes: (size: number) => { toString(encoding: 'base64url'): string };
  readonly createHash: (algorithm: 'sha256') => { update(text: string): { digest(): Uint8Array } };
  readonly timingSafeEqual: (a: Uint8Array, b: Uint8Array) => boolean;
}

interface NodeFiles {
  readFile(path: URL): Promise<Uint8Array>;
}

export const loadHttp = (): Promise<NodeHttp> => nodeModule('http') as Promise<NodeHttp>;
export const loadCrypto = (): Promise<NodeCrypto> => nodeModule('crypto') as Promise<NodeCrypto>;
export const loadFiles = (): Promise<NodeFiles> => nodeModule('fs/promises') as Promise<NodeFiles>;
