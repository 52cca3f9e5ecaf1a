// Describes the machine that the figures are of.
import { cpus, loadavg, totalmem } from 'node:os';

/** What the numbers were measured on. */
export function machine(): string {
  const [{ model }] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${model.trim()}, ${cpus().length} cores, ${memory} GiB, ${process.platform} ${process.arch}, Node ${process.versions.node}`;
}

/** A warning where other work is going on, which makes every number worse and most of them wrong. */
export function noise(): string {
  const [load] = loadavg();
  return load < 0.5
    ? ''
    : `\nOther work is going on here (load ${load.toFixed(1)}): do not publish these numbers.`;
}
