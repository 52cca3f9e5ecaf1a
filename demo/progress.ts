import cliProgress from 'cli-progress';
import { count } from './units.js';

/** Shows how far a task is. */
export interface Progress {
  /** `what` takes the place of the bar, where something is done whose end is not known. */
  update(done: number, what?: string): void;
  stop(): void;
}

/** Milliseconds between two lines, where the output is no terminal. */
const LINE_EVERY = 5000;
/** Milliseconds that the rate and the time left are taken from: the work may get faster or slower on the way. */
const WINDOW = 10_000;

/** Starts a bar with rate and time left; where the output is no terminal, a line every few seconds instead. */
export function startProgress(total: number, unit: string): Progress {
  const describe = describer(total, unit);
  return process.stdout.isTTY ? startBar(total, describe) : startLines(describe);
}

/** Lets the garbage collector report, and signals arrive, between two pieces of work. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The state of a task in words, from what says all to what says least: the first that fits is shown. */
type Describe = (done: number) => readonly string[];

function startBar(total: number, describe: Describe): Progress {
  let what: string | undefined;
  const bar = new cliProgress.SingleBar({
    stream: process.stdout,
    clearOnComplete: true,
    hideCursor: true,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    format: (options, { progress, value }) => {
      const width = process.stdout.columns - 1;
      if (what !== undefined) return `   ${what}`.slice(0, width);
      const texts = describe(value);
      const text = texts.find(({ length }) => length + 16 <= width) ?? texts[texts.length - 1];
      const barsize = Math.max(0, Math.min(24, width - text.length - 4));
      return `   ${cliProgress.Format.BarFormat(progress, { ...options, barsize })} ${text}`.slice(0, width);
    },
  });
  bar.start(total, 0);
  return {
    update: (done, doing) => {
      what = doing;
      bar.update(done);
    },
    stop: () => {
      bar.stop();
    },
  };
}

function startLines(describe: Describe): Progress {
  let shown = Date.now();
  return {
    update: (done, what) => {
      if (Date.now() - shown < LINE_EVERY) return;
      shown = Date.now();
      console.log(`   ${what ?? describe(done)[0]}`);
    },
    stop: () => undefined,
  };
}

function describer(total: number, unit: string): Describe {
  const seen = [{ at: Date.now(), done: 0 }];
  return (done) => {
    const at = Date.now();
    seen.push({ at, done });
    while (seen.length > 2 && at - seen[0].at > WINDOW) seen.shift();
    const rate = ((done - seen[0].done) / (at - seen[0].at)) * 1000;
    const percent = `${Math.floor((done / total) * 100)}%`.padStart(4);
    const amount = `${percent}  ${count(done)} of ${count(total)} ${unit}`;
    if (!(rate > 0 && rate < Infinity)) return [amount, percent];
    const left = `${Math.ceil((total - done) / rate)} s left`;
    return [
      `${amount}  ${count(Math.round(rate))} a second  ${left}`,
      `${amount}  ${left}`,
      `${percent}  ${left}`,
      percent,
    ];
  };
}
