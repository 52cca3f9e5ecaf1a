// The twin of the kernels that pick values: the least, those within a limit, and a histogram.
import type { TwinMemory } from './memory.js';

const { fround } = Math;

export function least({ f32 }: TwinMemory, values: number, count: number): number {
  let found = Infinity;
  for (let i = values / 4; i < values / 4 + count; i++) found = Math.min(found, f32[i]);
  return found;
}

export function within(
  { u32, f32 }: TwinMemory,
  values: number,
  count: number,
  threshold: number,
  out: number,
  label: number,
): number {
  const most = fround(threshold);
  let next = out / 4;
  for (let i = 0; i < count; i++) {
    const value = f32[values / 4 + i];
    if (!(value <= most)) continue;
    u32[next++] = i + label;
    f32[next++] = value;
  }
  return (next - out / 4) / 2;
}

export function tally(
  { u32, f32 }: TwinMemory,
  values: number,
  count: number,
  low: number,
  scale: number,
  bins: number,
  out: number,
): void {
  const [low32, scale32] = [fround(low), fround(scale)];
  for (let i = values / 4; i < values / 4 + count; i++) {
    const bin = fround(fround(f32[i] - low32) * scale32);
    u32[out / 4 + (bin < bins ? Math.trunc(Math.max(0, bin)) : bins)]++;
  }
}

export function keep({ u32, f32 }: TwinMemory, candidates: number, count: number, threshold: number): number {
  const most = fround(threshold);
  let next = candidates / 4;
  for (let at = candidates / 4; at < candidates / 4 + 2 * count; at += 2) {
    u32[next] = u32[at];
    u32[next + 1] = u32[at + 1];
    if (!(f32[at + 1] > most)) next += 2;
  }
  return (next - candidates / 4) / 2;
}
