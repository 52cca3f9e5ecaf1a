/*
 * Random names. Pages that came without encryption have no `crypto.randomUUID`, but they have random bytes.
 */

/** Makes a name that nothing else has: 128 random bits in hexadecimal digits. */
export function randomName(): string {
  return hexOf(crypto.getRandomValues(new Uint8Array(16)));
}

/** Bytes in hexadecimal digits. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
