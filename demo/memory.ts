/** Bytes in use once garbage has been collected: of the JavaScript heap, and of array buffers, where vectors are. */
export function memory(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Twice, because what a first collection frees may be counted by the next one only. */
export function collectGarbage(): void {
  if (gc === undefined) throw new Error('Run this with node --expose-gc, as `npm start` does.');
  gc();
  gc();
}
