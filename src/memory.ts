/** From so many bytes on memory is mapped on its own; of less, what is lost of the last page would matter. */
export const LEAST_MAPPED = 32 << 10;

/** As of ECMAScript 2024; engines without it ignore what they do not know. */
type GrowableConstructor = new (
  byteLength: number,
  options: { readonly maxByteLength: number },
) => SharedArrayBuffer;

/**
 * Memory that takes nothing where it is not written, and goes back to the system as soon as it is free. A buffer that could
 * grow, if only to the size that it has, V8 asks the system for; any other one comes from the C library's allocator. That
 * one keeps most of what is freed, the more so the larger a piece it has once been given back, and what lives long ends up
 * scattered among it. A growable buffer is always a shared one, as typed arrays on a resizable one are slower.
 *
 * Where there are no such buffers, and for few bytes, it is an ordinary one; `shared` says of which kind.
 */
export function newMemory(byteLength: number, shared = false): ArrayBufferLike {
  if (typeof SharedArrayBuffer !== 'function') return new ArrayBuffer(byteLength);
  if (byteLength >= LEAST_MAPPED) {
    return new (SharedArrayBuffer as GrowableConstructor)(byteLength, { maxByteLength: byteLength });
  }
  return shared ? new SharedArrayBuffer(byteLength) : new ArrayBuffer(byteLength);
}
