/**
 * Spans and metrics for OpenTelemetry. An entry point of its own, which needs `@opentelemetry/api`. What is not traced costs
 * nothing.
 *
 * @packageDocumentation
 */
export type { TelemetryOptions } from './telemetry.js';
export { traceLog } from './trace-log.js';
export { type TraceSearchOptions, traceSearch } from './trace-search.js';
export { traceStore } from './trace-store.js';
