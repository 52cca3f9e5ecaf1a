// Counting bits.

/** Counts the bits that are set in a 32-bit word. */
export function bitCount(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}
