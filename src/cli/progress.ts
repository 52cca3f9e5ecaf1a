/*
 * A progress bar on the terminal: how far an import is, how fast, and how long it will take. Nothing where there is none.
 */

const BAR = 24;
const EVERY_MS = 100;

/** How far something is. */
export interface Progress {
  /** What is counted for people. */
  readonly count: number;
  /** Of what is there to be read, as far as that is known. */
  readonly done: number;
  readonly total: number | undefined;
}

/** Draws a line again and again, in the same place. */
export class ProgressBar {
  readonly #out: NodeJS.WriteStream;
  readonly #startedAt = performance.now();
  #drawnAt = -Infinity;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** Draws, unless it has just done so. */
  show(progress: Progress): void {
    const now = performance.now();
    if (!this.#out.isTTY || now - this.#drawnAt < EVERY_MS) return;
    this.#drawnAt = now;
    this.#out.write(`\r\x1b[K${progressText(progress, (now - this.#startedAt) / 1000)}`);
  }

  /** Wipes the line. */
  end(): void {
    if (this.#out.isTTY && this.#drawnAt > 0) this.#out.write('\r\x1b[K');
  }
}

/** The line, after so many seconds. */
export function progressText({ count, done, total }: Progress, seconds: number): string {
  const rate = Math.round(count / Math.max(seconds, 0.001));
  const what = `${count.toLocaleString('en')} rows  ${rate.toLocaleString('en')}/s`;
  if (total === undefined || total === 0) return what;
  const share = Math.min(1, done / total);
  const filled = Math.round(share * BAR);
  const left = share === 0 ? '' : `  ${secondsText((seconds * (1 - share)) / share)} left`;
  const percent = `${Math.floor(100 * share)}%`.padStart(4);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${percent}  ${what}${left}`;
}

function secondsText(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
