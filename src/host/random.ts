/*
 * Random names. Pages that came without encryption have no `crypto.randomUUID`, but they have random bytes.
 */

/** Makes a name that nothing else has: 128 random bits in hexadecimal digits. */
export function randomName(): string {
  return hexOf(crypto.getRandomValues(new Uint8Array(16)));
}

/** The two digits of each byte. */
const DIGITS = Object.freeze(Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')));

/** Bytes in hexadecimal digits. */
export function hexOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += DIGITS[byte];
  return text;
}
