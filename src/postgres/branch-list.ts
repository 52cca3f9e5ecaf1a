/*
 * The branches of an index: listed, added, dropped with what nobody needs any more.
 */

import type { BranchSummary, Forked, Head } from '../store/log/commit-log.js';
import { isRowConflict } from './failure.js';
import { headFrom } from './line.js';
import type { Session } from './session.js';
import type { Statements } from './statements.js';

/** How many rows one statement drops: others must not wait for it for long. */
const ENTRIES_AT_ONCE = 1000;
const CHUNKS_AT_ONCE = 64;
/** How often to try to drop chunks that others take up again meanwhile. */
const TRIES = 5;

/** What can be done with all branches of an index. */
export class BranchList {
  readonly #session: Session;
  readonly #sql: Statements;
  readonly #namespace: string;

  constructor(session: Session, sql: Statements, namespace: string) {
    this.#session = session;
    this.#sql = sql;
    this.#namespace = namespace;
  }

  async list(): Promise<readonly BranchSummary[]> {
    const rows = await this.#session.ask(this.#sql.branches, this.#namespace);
    return rows.map(({ id, name, parent, start, token, head }) => {
      const [version, of] = JSON.parse((head as string | null) ?? '[]') as unknown[];
      const from = headFrom(start, token);
      return {
        id: String(id),
        name: (name as string | null) ?? undefined,
        parent: typeof parent === 'number' ? String(parent) : undefined,
        start: from,
        head: headFrom(version, of) ?? from,
      };
    });
  }

  /** Adds a branch after a version that another one has. */
  async fork(of: number, name: string, at: Head | undefined): Promise<Forked> {
    const [{ answer }] = await this.#session.ask(this.#sql.fork, of, name, at?.version ?? 0, at?.token ?? '');
    return answer as Forked;
  }

  /** Drops a branch; resolves to whether there was one. */
  async drop(name: string): Promise<boolean> {
    const gone = await this.#session.ask(this.#sql.unname, this.#namespace, name);
    if (gone.length > 0) await this.#sweep();
    return gone.length > 0;
  }

  /** Drops what a checkpoint of a branch has replaced. */
  async trim(branch: number, before: number, keep: readonly number[]): Promise<void> {
    await this.#dropFrom(branch, before, keep);
    await this.#dropChunks();
    await this.#session.ask(this.#sql.dropPieces);
  }

  /** Drops what is left of branches that were dropped; one that goes may have kept another one. */
  async #sweep(): Promise<void> {
    do {
      for (const { id } of await this.#session.ask(this.#sql.dropped, this.#namespace))
        await this.#dropFrom(id as number, Number.MAX_SAFE_INTEGER, []);
    } while ((await this.#session.ask(this.#sql.forget, this.#namespace)).length > 0);
    await this.#dropChunks();
  }

  async #dropFrom(branch: number, before: number, keep: readonly number[]): Promise<void> {
    for (;;) {
      const [{ dropped }] = await this.#session.ask(this.#sql.dropEntries, branch, before, ENTRIES_AT_ONCE);
      if (dropped === 0) break;
    }
    await this.#session.ask(this.#sql.dropCheckpoints, branch, before, [...keep]);
  }

  async #dropChunks(): Promise<void> {
    for (let tries = 1; ;) {
      try {
        if ((await this.#session.ask(this.#sql.dropChunks, this.#namespace, CHUNKS_AT_ONCE)).length === 0)
          return;
      } catch (error) {
        // Somebody has just added a checkpoint that needs one of them.
        if (!isRowConflict(error) || tries++ === TRIES) throw error;
      }
    }
  }
}
