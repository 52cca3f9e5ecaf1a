/*
 * Which old versions a store keeps in its log: as many as was asked for, from a checkpoint on. The policy lies in the log, so
 * that another process does not drop what this one keeps.
 */

import { checkedBounds } from '../cell/history.js';
import { fieldOf } from '../checks/given.js';
import { isWhole } from '../config.js';
import { CorruptLogError } from './errors.js';
import { decodeManifest } from './checkpoint/manifest.js';
import type { CommitLog, Head } from './log/commit-log.js';
import { commitsBefore } from './commit-infos.js';

/** Beyond every version. */
const LAST = Number.MAX_SAFE_INTEGER - 1;
/** Where there is no checkpoint yet: an empty index. */
const BEGINNING: Head = { version: 0, token: '' };

/** The name of the note that has it. */
const NOTE = 'keep';

/** Bounds on the old versions that the log keeps: number, age, bytes; at least one of them. */
export interface KeepOptions {
  /** Number of versions, the newest ones, 1 to 1,000,000. */
  readonly versions?: number;
  /** Milliseconds since a version was superseded, at least 1. */
  readonly maxAge?: number;
  /** Bytes of the log that they take beside the newest checkpoint, at least 1; the newest are kept. */
  readonly maxBytes?: number;
}

/** What old versions take that begin with a checkpoint, up to the next one. */
interface Stretch {
  /** Bytes of the entries after the checkpoint, up to the next one. */
  readonly entryBytes: number;
  readonly manifestBytes: number;
  /** Bytes of each chunk of the checkpoint. */
  readonly chunks: ReadonlyMap<string, number>;
}

/** The policy of one store. */
export class KeepPolicy {
  readonly #log: CommitLog;
  /** By the tokens of both ends: what lies between two checkpoints does not change. */
  readonly #stretches = new Map<string, Stretch>();

  constructor(log: CommitLog) {
    this.#log = log;
  }

  /**
   * Keeps bounds in the log, for every process that opens it.
   *
   * @throws {@link InvalidOptionError}, and what the log throws.
   */
  async set(bounds: KeepOptions): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify(checkedBounds('keep', bounds)));
    const kept = (await this.#log.notes()).get(NOTE);
    const isNew = kept === undefined || new TextDecoder().decode(kept) !== new TextDecoder().decode(bytes);
    if (isNew) await this.#log.putNote(NOTE, bytes);
  }

  /** The bounds that hold now; another process may have given others. @throws {@link CorruptLogError} */
  async bounds(): Promise<KeepOptions | undefined> {
    const kept = (await this.#log.notes()).get(NOTE);
    return kept && decoded(kept);
  }

  /** Gives another branch the same policy. */
  async copyTo(branch: () => CommitLog): Promise<void> {
    const bounds = await this.bounds();
    if (bounds === undefined) return;
    const log = branch();
    try {
      await log.open();
      await new KeepPolicy(log).set(bounds);
    } finally {
      await log.close();
    }
  }

  /**
   * The version before which all may go: that of a checkpoint, `latest` at most. Time: O(checkpoints); with `maxBytes` besides,
   * once for each checkpoint, its manifest and the entries after it.
   */
  async dropBefore(latest: number, newest: number): Promise<number> {
    const bounds = await this.bounds();
    if (bounds === undefined) return latest;
    const { versions = Infinity, maxAge = Infinity, maxBytes = Infinity } = bounds;
    const all = await this.#log.checkpoints();
    const checkpoints = all.filter(({ version }) => version <= latest);
    let before = 0;
    const longest = Date.now() - maxAge;
    for (const { version } of checkpoints) {
      // Whatever is older than the checkpoint was superseded when its commit was made, or before.
      const isOld = maxAge < Infinity && (await this.#timeOf(version)) <= longest;
      if (isOld || version <= newest - versions) before = version;
    }
    if (maxBytes < Infinity)
      before = Math.max(before, await this.#firstWithin(maxBytes, [BEGINNING, ...all], latest));
    return before;
  }

  async #timeOf(version: number): Promise<number> {
    for await (const [summary, { time }] of commitsBefore(this.#log, version + 1))
      return summary.version === version ? time : 0;
    return 0;
  }

  /** The oldest checkpoint from which on everything takes so many bytes at most. */
  async #firstWithin(maxBytes: number, all: readonly Head[], latest: number): Promise<number> {
    let bytes = 0;
    let first = latest;
    // Chunks of newer checkpoints are there anyhow.
    const counted = new Set<string>();
    for (let i = all.length - 1; i >= 0; i--) {
      const { entryBytes, manifestBytes, chunks } = await this.#stretch(all[i], all.at(i + 1));
      const isNewest = i === all.length - 1;
      bytes += entryBytes + (isNewest ? 0 : manifestBytes);
      for (const [key, size] of chunks) {
        if (!isNewest && !counted.has(key)) bytes += size;
        counted.add(key);
      }
      if (bytes > maxBytes) return first;
      first = Math.min(first, all[i].version);
    }
    return first;
  }

  async #stretch({ version, token }: Head, next: Head | undefined): Promise<Stretch> {
    const name = `${token} ${next?.token ?? ''}`;
    const known = this.#stretches.get(name);
    if (known !== undefined) return known;
    let entryBytes = 0;
    for await (const [summary] of commitsBefore(this.#log, (next?.version ?? LAST) + 1)) {
      if (summary.version <= version) break;
      entryBytes += summary.byteLength;
    }
    const checkpoint = await this.#log.latestCheckpoint(version);
    const manifest = checkpoint && decodeManifest(checkpoint.manifest);
    const chunks = new Map(manifest?.chunks.map(({ key, byteLength }) => [key, byteLength]));
    const stretch = { entryBytes, manifestBytes: checkpoint?.manifest.length ?? 0, chunks };
    if (next !== undefined) this.#stretches.set(name, stretch);
    return stretch;
  }
}

function decoded(bytes: Uint8Array): KeepOptions {
  try {
    const given: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const bounds: Record<string, number> = {};
    for (const name of ['versions', 'maxAge', 'maxBytes']) {
      const value = fieldOf(given, name);
      if (isWhole(value, 1, Number.MAX_SAFE_INTEGER)) bounds[name] = value;
    }
    if (Object.keys(bounds).length > 0) return bounds;
  } catch {
    // Said below.
  }
  throw new CorruptLogError('What the store says of the versions that it keeps is damaged.');
}
