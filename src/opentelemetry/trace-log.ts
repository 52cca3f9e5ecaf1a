/*
 * A log whose operations are spans. Spans of appends and reads have no parent: one append has commits of many callers, and
 * one read serves all that wait. Other spans are children of the caller's.
 */

import { type Attributes, type Context, ROOT_CONTEXT, SpanKind, context } from '@opentelemetry/api';
import { fieldOf } from '../checks/given.js';
import { show } from '../checks/show.js';
import { InvalidOptionError } from '../errors.js';
import type { CommitLog, Entry, LoggedEntry } from '../store/log/commit-log.js';
import { Telemetry, type TelemetryOptions } from './telemetry.js';

/** Calls that are spans as they are. */
const SPANS = new Set([
  'open',
  'appendWithin',
  'putChunk',
  'chunk',
  'commitCheckpoint',
  'latestCheckpoint',
  'trim',
  'fork',
  'dropBranch',
  'compact',
]);

/**
 * Makes a log whose operations are spans of kind `CLIENT`, for a store or a follower to be opened on: `append`, `read` of each
 * batch, `turn`, and what checkpoints and branches take. A read that finds nothing new makes no span.
 *
 * @throws {@link InvalidOptionError}
 */
export function traceLog(log: CommitLog, options: TelemetryOptions = {}): CommitLog {
  if (typeof fieldOf(log, 'append') !== 'function')
    throw new InvalidOptionError('log', `log must be a log of a store, not ${show(log)}.`);
  return traced(log, new Telemetry(options), ROOT_CONTEXT);
}

function traced(log: CommitLog, telemetry: Telemetry, within: Context): CommitLog {
  const own = new Map<PropertyKey, unknown>(Object.entries(ownCalls(log, telemetry, within)));
  return new Proxy(log, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const call = (...args: unknown[]): unknown => Reflect.apply(value, target, args);
      if (own.has(name)) return own.get(name);
      if (typeof name !== 'string' || !SPANS.has(name)) return call;
      return (...args: unknown[]) =>
        telemetry.run({ name, kind: SpanKind.CLIENT }, () => call(...args), none);
    },
  });
}

/** Calls of which a span says more, or that lead to other logs. */
function ownCalls(log: CommitLog, telemetry: Telemetry, parent: Context): Partial<CommitLog> {
  const kind = SpanKind.CLIENT;
  return {
    append: (head, entries) =>
      telemetry.run(
        { name: 'append', kind, parent, attributes: aboutGroup(entries) },
        () => log.append(head, entries),
        (answer) => ({ 'shardex.append.conflict': answer.head === undefined }),
      ),
    inTurn: (work) =>
      telemetry.run(
        { name: 'turn', kind, parent },
        () => log.inTurn?.((turn) => work(traced(turn, telemetry, context.active()))) as Promise<never>,
        none,
      ),
    branch: (name) => traced(log.branch(name), telemetry, parent),
    async *read(after, options) {
      const batches = log.read(after, options)[Symbol.asyncIterator]();
      try {
        for (;;) {
          const startedAt = performance.now();
          const next = await batches.next().catch((error: unknown) =>
            // As a span, since somebody waits for it.
            telemetry.run(
              { name: 'read', kind, parent, startedAt },
              () => Promise.reject(error as Error),
              none,
            ),
          );
          if (next.done === true) return;
          telemetry.run({ name: 'read', kind, parent, startedAt }, () => next.value, aboutBatch);
          yield next.value;
        }
      } finally {
        await batches.return?.();
      }
    },
  };
}

function aboutGroup(entries: readonly Entry[]): Attributes {
  return {
    'db.operation.batch.size': entries.length,
    'shardex.version': entries.at(-1)?.version,
    'shardex.bytes': bytesOf(entries),
  };
}

function aboutBatch(batch: readonly LoggedEntry[]): Attributes {
  return {
    'db.response.returned_rows': batch.length,
    'shardex.version': batch.at(-1)?.version,
    'shardex.bytes': bytesOf(batch),
  };
}

function bytesOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

function none(): Attributes {
  return {};
}
