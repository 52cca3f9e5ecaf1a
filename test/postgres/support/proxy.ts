/*
 * A line to Postgres that does what lines do: swallows answers, cuts, holds back. It knows which messages append, and which end a turn.
 */

import { type Socket, connect, createServer } from 'node:net';

/** What becomes of the answer to an append, or of the end of a turn. */
export type Fate =
  | 'passed'
  /** The statement is carried out; its answer never comes. */
  | 'swallowed'
  /** The statement is carried out, and the line is cut instead of an answer. */
  | 'cut after'
  /** The line is cut before the statement arrives. */
  | 'cut before'
  /** The statement arrives only after the line of its sender was cut. */
  | 'late';

/** A proxy in front of a port. */
export interface Proxy {
  readonly port: number;
  /** Cuts all lines that there are. */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}

/** How long a statement is late, in milliseconds. */
const LATE_MS = 150;

/** Starts a proxy; `fate` decides on each append and the end of each turn. */
export async function startProxy(to: number, fate: () => Fate): Promise<Proxy> {
  const lines = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1');
    let isDeaf = false;
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      lines.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        lines.delete(socket);
        if (!isDeaf) cut();
      });
    }
    upstream.on('data', (bytes) => {
      if (!isDeaf) client.write(bytes);
    });
    client.on('data', (bytes) => {
      const appends = bytes.includes('INSERT INTO') && bytes.includes('AS MATERIALIZED');
      const its = appends || bytes.includes('COMMIT') ? fate() : 'passed';
      isDeaf ||= its !== 'passed';
      if (its === 'cut before') {
        client.destroy();
        upstream.destroy();
      } else if (its === 'late') {
        client.destroy();
        setTimeout(() => upstream.end(bytes), LATE_MS);
      } else {
        upstream.write(bytes);
        // The statement takes less time than this.
        if (its === 'cut after') setTimeout(cut, 50);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of lines) socket.destroy();
  };
  return {
    port: (server.address() as { readonly port: number }).port,
    cut,
    close: () => {
      cut();
      return new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}
