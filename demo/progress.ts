import cliProgress from 'cli-progress';

/** Shows how far a task is. */
export interface Progress {
  update(done: number): void;
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

function startBar(total: number, describe: (done: number) => string): Progress {
  const bar = new cliProgress.SingleBar({
    stream: process.stdout,
    clearOnComplete: true,
    hideCursor: true,
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    format: (options, { progress, value }) =>
      `   ${cliProgress.Format.BarFormat(progress, options)} ${describe(value)}`,
  });
  bar.start(total, 0);
  return {
    update: (done) => {
      bar.update(done);
    },
    stop: () => {
      bar.stop();
    },
  };
}

function startLines(describe: (done: number) => string): Progress {
  let shown = Date.now();
  return {
    update: (done) => {
      if (Date.now() - shown < LINE_EVERY) return;
      shown = Date.now();
      console.log(`  ${describe(done)}`);
    },
    stop: () => undefined,
  };
}

function describer(total: number, unit: string): (done: number) => string {
  const seen = [{ at: Date.now(), done: 0 }];
  return (done) => {
    const at = Date.now();
    seen.push({ at, done });
    while (seen.length > 2 && at - seen[0].at > WINDOW) seen.shift();
    const rate = ((done - seen[0].done) / (at - seen[0].at)) * 1000;
    const percent = `${Math.floor((done / total) * 100)}%`.padStart(4);
    const amount = `${percent}  ${done.toLocaleString('en')} of ${total.toLocaleString('en')} ${unit}`;
    if (!(rate > 0 && rate < Infinity)) return amount;
    return `${amount}  ${Math.round(rate).toLocaleString('en')} a second  ${Math.ceil((total - done) / rate)} s left`;
  };
}
