/*
 * Numbers, bytes and times as people read them.
 */

/** A number with its thousands apart. */
export function count(value: number): string {
  return value.toLocaleString('en');
}

/** So many of something. */
export function many(value: number, one: string, more = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : more}`;
}

/** Bytes in the greatest unit that fits. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const at = value < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const number = value / 1000 ** at;
  return `${at === 0 ? number : number.toPrecision(3)} ${units[at]}`;
}

/** A share in percent. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}

/** A time of here. */
export function time(at: number): string {
  return new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

/** How long ago or how long something took. */
export function duration(ms: number): string {
  if (ms < 1) return `${(1000 * ms).toFixed(0)} µs`;
  if (ms < 1000) return `${ms.toPrecision(3)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toPrecision(3)} s`;
  return ms < 3_600_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toPrecision(3)} h`;
}

/** JSON as it is read, cut where it is long. */
export function json(value: unknown, most = 400): string {
  const text = JSON.stringify(value, undefined, 1).replace(/\n\s*/g, ' ');
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
