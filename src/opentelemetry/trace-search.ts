/*
 * Searches as spans: a function that does as another one does, and says how long it took.
 */

import { type Attributes, SpanKind } from '@opentelemetry/api';
import { fieldOf, isArray, takeOptions } from '../checks/given.js';
import { requireFunction, requireName } from '../config.js';
import { TELEMETRY_OPTIONS, Telemetry, type TelemetryOptions } from './telemetry.js';

/** Options of {@link traceSearch}. */
export interface TraceSearchOptions extends TelemetryOptions {
  /** What the operation is called. Default: the name of the function. */
  readonly operation?: string;
}

/**
 * Makes a function that searches as another one does, in a span: `traceSearch(search)`, `traceSearch(pool.search)`. The span is
 * of kind `INTERNAL`, as nothing leaves the process; it has the version and the number of results.
 *
 * @typeParam F - The function's type, which the new one has, too.
 * @throws {@link InvalidOptionError}
 */
export function traceSearch<F extends (...args: never[]) => unknown>(
  search: F,
  options: TraceSearchOptions = {},
): F {
  requireFunction('search', search);
  const { operation, ...rest } = takeOptions(options, [...TELEMETRY_OPTIONS, 'operation']);
  const name = operation ?? (search.name.replace(/^bound /, '') || 'search');
  requireName('operation', name);
  const telemetry = new Telemetry(rest);
  const run = (...args: never[]): unknown =>
    telemetry.run(
      { name, kind: SpanKind.INTERNAL, attributes: aboutCall(args) },
      () => search(...args),
      (result): Attributes => (isArray(result) ? { 'db.response.returned_rows': result.length } : {}),
    );
  return run as F;
}

function aboutCall(args: readonly unknown[]): Attributes {
  const version = fieldOf(args[0], 'version');
  const k = fieldOf(args.at(-1), 'k');
  return {
    ...(typeof version === 'number' ? { 'shardex.version': version } : {}),
    ...(typeof k === 'number' ? { 'shardex.k': k } : {}),
  };
}
