/** A count, with its thousands set apart. */
export function count(n: number): string {
  return n.toLocaleString('en');
}

/** Milliseconds in the unit that suits them. */
export function time(ms: number): string {
  if (ms < 1e-3) return `${rounded(ms * 1e6)} ns`;
  if (ms < 1) return `${rounded(ms * 1e3)} µs`;
  return ms < 1e3 ? `${rounded(ms)} ms` : `${rounded(ms / 1e3)} s`;
}

/** Bytes in the unit that suits them. */
export function bytes(n: number): string {
  if (n < 1e6) return `${rounded(n / 1e3)} kB`;
  return n < 1e9 ? `${rounded(n / 1e6)} MB` : `${rounded(n / 1e9)} GB`;
}

/** Two significant digits, or as many as stand before the point. */
export function rounded(n: number): string {
  return Math.abs(n) >= 100 ? count(Math.round(n)) : String(Number(n.toPrecision(2)));
}
