/*
 * The settings of a store: the configuration of its index, kept beside the log, since deltas do not say it.
 */

import { fieldOf } from '../checks/given.js';
import { show } from '../checks/show.js';
import { ConfigError, ShardexError } from '../errors.js';
import { type ShardexConfig, type ShardexOptions, resolveConfig } from '../config.js';
import { emptyIndex } from '../version/shardex-index.js';
import { CorruptLogError, LogFormatError, OptionsMismatchError } from './errors.js';

/** The only format. */
const FORMAT = 1;

export function encodeSettings(config: ShardexConfig): Uint8Array {
  const sum = emptyIndex(config).fingerprint;
  return new TextEncoder().encode(JSON.stringify({ format: FORMAT, config, sum }));
}

/** @throws {@link CorruptLogError}, {@link LogFormatError} */
export function decodeSettings(bytes: Uint8Array): ShardexConfig {
  try {
    const settings: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    const format = fieldOf(settings, 'format');
    if (typeof format === 'number' && format > FORMAT)
      throw new LogFormatError(
        `The store's settings have format ${format}; this version of the library reads format ${FORMAT}. Use the one that wrote it.`,
      );
    const config = resolveConfig(fieldOf(settings, 'config') as ShardexOptions);
    if (emptyIndex(config).fingerprint === fieldOf(settings, 'sum')) return config;
  } catch (error) {
    if (error instanceof LogFormatError) throw error;
    if (!(error instanceof SyntaxError || error instanceof TypeError || error instanceof ShardexError))
      throw error;
  }
  throw new CorruptLogError("The store's settings are damaged. Restore the log from a copy.");
}

/**
 * Refuses options that say something else than a store's own configuration. Those that are left out agree.
 *
 * @throws {@link OptionsMismatchError}, {@link ConfigError}
 */
export function checkOptions(options: Partial<ShardexOptions>, config: ShardexConfig): void {
  // Other values than the defaults have to be valid too.
  const given = resolveConfig({ dimensions: config.dimensions, ...options });
  for (const name of Object.keys(options) as (keyof ShardexOptions)[]) {
    const [wanted, kept] = [given[name], config[name]];
    if (JSON.stringify(wanted) === JSON.stringify(kept)) continue;
    throw new OptionsMismatchError(
      name,
      `This store has ${name}: ${show(kept)}, not ${show(wanted)}. Leave ${name} out to open it as it is, or make another store.`,
    );
  }
}

/** The configuration of a new store. */
export function newConfig(options: Partial<ShardexOptions>, name: string): ShardexConfig {
  if (options.dimensions !== undefined) return resolveConfig(options as ShardexOptions);
  throw new ConfigError(
    'dimensions',
    `There is no store at ${name} yet. To make one, say how long its vectors are: openStore(…, { dimensions: 384 }).`,
  );
}
