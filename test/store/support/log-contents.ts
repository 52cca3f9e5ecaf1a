/* The bytes that tests write for a version: others for each, so that a mix-up shows. */
export function bytesOfVersion(version: number): Uint8Array {
  return Uint8Array.from(
    { length: 200 + (version % 7) * 300 },
    (_, i) => (i * (2 * version + 1) + version) & 0xff,
  );
}
