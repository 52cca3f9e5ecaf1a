/*
 * A store, or any cell, whose writes are spans and whose counters are metrics.
 */

import { type Attributes, type ObservableResult, SpanKind } from '@opentelemetry/api';
import { fieldOf } from '../checks/given.js';
import { show } from '../checks/show.js';
import { InvalidOptionError } from '../errors.js';
import { COUNTERS } from './counters.js';
import { Telemetry, type TelemetryOptions } from './telemetry.js';

/** What takes time, and may fail. */
const SPANS = new Set([
  ...['update', 'updateAsync', 'ingest', 'restore', 'undo', 'redo', 'merge'],
  ...['checkpoint', 'compact', 'load', 'tag', 'untag', 'fork', 'deleteBranch', 'refresh', 'rebuild'],
]);

/** What is traced: a store, a follower, a cell in memory, a replica. */
interface Traceable {
  read(): { readonly version: number; readonly postingCount: number };
  metrics(): object;
  readonly isClosed: boolean;
}

/**
 * Makes a store that is the same one, whose writes are spans, and whose counters are metrics until it is closed. Also for
 * followers, with their lag, and for cells in memory.
 *
 * @throws {@link InvalidOptionError}
 */
export function traceStore<T extends Traceable>(store: T, options: TelemetryOptions = {}): T {
  if (typeof fieldOf(store, 'read') !== 'function' || typeof fieldOf(store, 'metrics') !== 'function')
    throw new InvalidOptionError('store', `store must be a store, a follower or a cell, not ${show(store)}.`);
  const telemetry = new Telemetry(options);
  observe(store, telemetry);
  return traced(store, telemetry, SPANS);
}

/** The same object, with spans around some of its methods. A method stays the same function. */
function traced<T extends object>(object: T, telemetry: Telemetry, spans: ReadonlySet<PropertyKey>): T {
  const made = new Map<PropertyKey, unknown>();
  return new Proxy(object, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const isWriter = name === 'cloneForWrite';
      if (!isWriter && !spans.has(name)) return value;
      const call = (...args: unknown[]): unknown => Reflect.apply(value, target, args);
      const method = isWriter
        ? (...args: unknown[]) => traced(call(...args) as object, telemetry, new Set(['commitChanges']))
        : (...args: unknown[]) =>
            telemetry.run({ name: String(name), kind: SpanKind.INTERNAL }, () => call(...args), aboutResult);
      if (!made.has(name)) made.set(name, method);
      return made.get(name);
    },
  });
}

function aboutResult(result: unknown): Attributes {
  const version = fieldOf(result, 'version');
  return typeof version === 'number' ? { 'shardex.version': version } : {};
}

/** Reports the counters, as often as metrics are collected, for as long as the store is open. */
function observe(store: Traceable, { meter, attributes }: Telemetry): void {
  for (const { name, kind, unit, description, value } of COUNTERS) {
    const instrument = meter[kind](name, { unit, description });
    const report = (result: ObservableResult): void => {
      if (store.isClosed) {
        instrument.removeCallback(report);
        return;
      }
      const number = value(store.metrics(), store.read());
      if (number !== undefined) result.observe(number, attributes);
    };
    instrument.addCallback(report);
  }
}
