// The kernels that the splits of a lineage share, with a mark of whose rows or centroids lie in their memory.
import type { ShardexConfig } from '../config.js';
import { createKernels } from '../kernels/create-kernels.js';
import type { Kernels } from '../kernels/kernels.js';

/** Kernels by lineage, whose versions share one configuration. Kept, as each takes a large range of addresses. */
const kernelsOfLineage = new WeakMap<ShardexConfig, Loaded>();

/** Kernels, and a mark of what last used their memory: a write that pauses may find the data of another one there. */
export interface Loaded {
  readonly kernels: Kernels;
  usedBy: unknown;
}

/** Returns the kernels of a lineage; makes them on first use. */
export function kernelsOf(config: ShardexConfig): Loaded {
  let loaded = kernelsOfLineage.get(config);
  if (loaded === undefined)
    kernelsOfLineage.set(config, (loaded = { kernels: createKernels(), usedBy: undefined }));
  return loaded;
}

/** Lets another configuration share the kernels of a lineage. */
export function shareKernels(config: ShardexConfig, other: ShardexConfig): void {
  kernelsOfLineage.set(other, kernelsOf(config));
}

const lent = new WeakMap<ShardexConfig, WeakRef<Loaded>>();

/** Returns separate kernels for much data, since kernel memory never shrinks: collected when no caller holds them. */
export function lentKernels(config: ShardexConfig): Loaded {
  let loaded = lent.get(config)?.deref();
  if (loaded === undefined) {
    loaded = { kernels: createKernels(), usedBy: undefined };
    lent.set(config, new WeakRef(loaded));
  }
  return loaded;
}
