/*
 * Hints that there are new commits, by NOTIFY. A hint may be lost without a trace: the line may break, and pgbouncer lets
 * nobody listen. So whoever waits looks now and then, and the more often the less the hints can be relied on.
 */

import { onAbort } from '../checks/abort.js';
import { fieldOf } from '../checks/given.js';
import { quietTimeout } from '../host/quiet-timeout.js';
import type { PostgresPool } from './pool.js';
import { quoted } from './schema.js';

/** How often to look while hints come, in milliseconds. */
const CALM_MS = 1000;
/** How long a hint of one's own may take, and how long to wait before listening again, at first and at most. */
const PROBE_MS = 1000;
const RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
/** News that no hint was given of: so many times, and the line is taken for dead. */
const MOST_MISSED = 2;

/** The channel of a branch. */
export function channelOf(branch: number): string {
  return `shardex ${branch}`;
}

/** How to be told. */
export interface HintOptions {
  /** How often to look where no hints come, in milliseconds. */
  readonly pollMs: number;
  /** Whether to listen at all. */
  readonly isListening: boolean;
}

/** Listens on one channel for as long as it is open. */
export class Hints {
  readonly #pool: PostgresPool;
  readonly #channel: string;
  readonly #pollMs: number;
  readonly #tell: (payload: string) => Promise<unknown>;
  readonly #waiting = new Set<() => void>();
  #isHeard = false;
  #missed = 0;
  #newest = 0;
  readonly #loop: Promise<void> | undefined;
  /** Ends the line that there is. */
  #hangUp: () => void = () => undefined;
  #isClosed = false;

  /** `tell` sends a hint on the channel, by another connection. */
  constructor(
    pool: PostgresPool,
    channel: string,
    { pollMs, isListening }: HintOptions,
    tell: (payload: string) => Promise<unknown>,
  ) {
    this.#pool = pool;
    this.#channel = channel;
    this.#pollMs = pollMs;
    this.#tell = tell;
    this.#loop = isListening ? this.#listen() : undefined;
  }

  /** The newest version that a hint was given of. */
  get newest(): number {
    return this.#newest;
  }

  /** Takes note of a version that was found by looking, after a wait. */
  found(version: number): void {
    if (version > this.#newest && this.#isHeard && ++this.#missed >= MOST_MISSED) this.#hangUp();
  }

  /** Waits for a hint, the signal, or until it is time to look. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        stay();
        this.#waiting.delete(done);
        resolve();
      };
      const stay = onAbort(signal, done);
      const timer = quietTimeout(done, this.#isHeard ? Math.max(CALM_MS, this.#pollMs) : this.#pollMs);
      if (this.#isClosed || signal.aborted) done();
      else this.#waiting.add(done);
    });
  }

  /** Stops listening, and lets those go who wait. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#hangUp();
    this.#wake();
    await this.#loop;
  }

  async #listen(): Promise<void> {
    for (let pause = RETRY_MS; !this.#isClosed; pause = Math.min(2 * pause, LONGEST_RETRY_MS)) {
      try {
        // A line that was good is taken up again soon.
        if (await this.#hear()) pause = RETRY_MS;
      } catch {
        // A hint is all that there was to lose; looking goes on, and tells of what is wrong.
      }
      await this.#pause(pause);
    }
  }

  /** Listens until the line breaks; resolves to whether anything could be heard. */
  async #hear(): Promise<boolean> {
    const client = await this.#pool.connect();
    const probe = `probe ${crypto.randomUUID()}`;
    try {
      const broken = new Promise<void>((resolve) => {
        this.#hangUp = resolve;
        for (const event of ['error', 'end'] as const)
          client.on(event, () => {
            resolve();
          });
      });
      if (this.#isClosed) return false;
      client.on('notification', (message) => {
        const payload = String(fieldOf(message, 'payload'));
        this.#isHeard ||= payload === probe;
        this.#missed = 0;
        if (/^\d+$/.test(payload)) this.#newest = Math.max(this.#newest, Number(payload));
        this.#wake();
      });
      await client.query({ text: `LISTEN ${quoted(this.#channel)}` });
      await this.#tell(probe);
      const timer = quietTimeout(() => {
        if (!this.#isHeard) this.#hangUp();
      }, PROBE_MS);
      await broken;
      clearTimeout(timer);
      return this.#isHeard;
    } finally {
      this.#isHeard = false;
      this.#missed = 0;
      client.release(true);
    }
  }

  async #pause(ms: number): Promise<void> {
    if (this.#isClosed) return;
    await new Promise<void>((resolve) => {
      this.#hangUp = resolve;
      quietTimeout(resolve, ms);
    });
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}
