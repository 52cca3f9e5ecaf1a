// The kernels that splits of a lineage use: one memory for all, which remembers whose rows or centroids lie in it.
import type { ShardexConfig } from '../config.js';
import { createKernels } from '../kernels/create-kernels.js';
import type { Kernels } from '../kernels/kernels.js';

/**
 * The kernels of a lineage, whose versions have one configuration. They are kept, because the memory of each takes a large
 * range of addresses until it is collected.
 */
const kernelsOfLineage = new WeakMap<ShardexConfig, Loaded>();

/** Kernels, and whose centroids lie in their memory: a write that pauses may find those of another one there. */
export interface Loaded {
  readonly kernels: Kernels;
  by: unknown;
}

/** Those of a lineage, made on first use. */
export function kernelsOf(config: ShardexConfig): Loaded {
  let loaded = kernelsOfLineage.get(config);
  if (loaded === undefined)
    kernelsOfLineage.set(config, (loaded = { kernels: createKernels(), by: undefined }));
  return loaded;
}

/** Gives another configuration the kernels of a lineage, which takes turns with it. */
export function shareKernels(config: ShardexConfig, other: ShardexConfig): void {
  kernelsOfLineage.set(other, kernelsOf(config));
}

const lent = new WeakMap<ShardexConfig, WeakRef<Loaded>>();

/** Others for what takes much memory, which does not shrink: kept as long as somebody holds them. */
export function lentKernels(config: ShardexConfig): Loaded {
  let loaded = lent.get(config)?.deref();
  if (loaded === undefined) {
    loaded = { kernels: createKernels(), by: undefined };
    lent.set(config, new WeakRef(loaded));
  }
  return loaded;
}
