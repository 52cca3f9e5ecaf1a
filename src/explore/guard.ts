/*
 * Who may in: a request has to come to this machine by its own name, from no other site, and with the token in its address.
 */

import { loadCrypto } from './node.js';

/** What a request says of itself. */
export interface Asked {
  readonly url: string | undefined;
  readonly host: string | undefined;
  readonly origin: string | undefined;
}

/** Checks requests. */
export interface Guard {
  readonly token: string;
  /** The path behind the token, of a request that may in; `undefined` of any other. */
  readonly pathOf: (asked: Asked, port: number) => string | undefined;
}

/** Bytes of the token: more than anybody can try. */
const TOKEN_BYTES = 32;

/** Hosts that a request may name; another one is a sign of DNS rebinding. */
const NAMES = ['127.0.0.1', 'localhost'];

/** Makes a guard with a new token. */
export async function newGuard(): Promise<Guard> {
  const { randomBytes, createHash, timingSafeEqual } = await loadCrypto();
  const digest = (text: string): Uint8Array => createHash('sha256').update(text).digest();
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const wanted = digest(token);
  return {
    token,
    pathOf: ({ url = '', host, origin }, port) => {
      const [, given = '', path] = /^\/([^/?#]*)(?:\/([^?#]*))?/.exec(url) ?? [];
      // In the same time whatever is given, so that no part of the token can be found out.
      const hasToken = timingSafeEqual(digest(given), wanted);
      return hasToken && isOwnHost(host, port) && isOwnOrigin(origin, port) ? path : undefined;
    },
  };
}

/** Whether a request came by a name of this machine: by another one a page of some site would have led here (DNS rebinding). */
export function isOwnHost(host: string | undefined, port: number): boolean {
  return NAMES.some((name) => host === `${name}:${port}` || (port === 80 && host === name));
}

/** Whether no page of another site asks. */
export function isOwnOrigin(origin: string | undefined, port: number): boolean {
  return origin === undefined || (origin.startsWith('http://') && isOwnHost(origin.slice(7), port));
}
