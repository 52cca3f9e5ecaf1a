import Table from 'cli-table3';
import { time } from './units.js';

/** Characters of a line, where there is room for them. */
const WIDEST = 110;

/** Prints what the demo does, and remembers whether all of it was as promised. */
export class Report {
  #steps = 0;
  #checks = 0;
  #failures = 0;

  /** Begins a step: what it shows, and why that matters. */
  step(title: string, why: string): void {
    console.log(`\n${++this.#steps}. ${title}\n`);
    this.say(why, '');
  }

  say(...lines: readonly string[]): void {
    for (const line of lines) console.log(wrapped(line));
  }

  /** Prints whether something promised is so. */
  check(holds: boolean, promise: string): void {
    this.#checks++;
    if (!holds) this.#failures++;
    this.say(`${holds ? 'ok    ' : 'FAILED'}  ${promise}`);
  }

  /** Prints rows under a head; all columns but the first are aligned to the right. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const table = new Table({
      head: [...head],
      colAligns: head.map((_, column) => (column === 0 ? 'left' : 'right')),
      style: { head: [], border: [], compact: true },
    });
    for (const row of rows) table.push([...row]);
    const lines = table.toString().split('\n');
    if (lines[0].length <= width()) {
      for (const line of lines) console.log(`   ${line}`);
    } else {
      // Too narrow for a table: what is in it, row by row.
      for (const [name, ...cells] of rows) {
        const named = cells.map((cell, i) => (cell === '' ? '' : `${head[i + 1]} ${cell}`));
        this.say(`${name}: ${named.filter((cell) => cell !== '').join(', ')}`);
      }
    }
    this.say('');
  }

  /** Prints the outcome, and returns whether all checks held. */
  end(ms: number): boolean {
    const outcome =
      this.#failures === 0
        ? `All ${this.#checks} checks passed`
        : `${this.#failures} of ${this.#checks} checks FAILED`;
    console.log(`\n${outcome}, in ${time(ms)}.`);
    return this.#failures === 0;
  }
}

/** Characters that a line has room for, beside those that it is indented by. */
function width(): number {
  return Math.min(WIDEST, process.stdout.isTTY ? process.stdout.columns : WIDEST) - 3;
}

/** A line, indented, broken between words where it is too long; what follows stands below its second column. */
function wrapped(text: string): string {
  const hanging = ' '.repeat(/^\S+ {2,}/.exec(text)?.[0].length ?? 0);
  const lines = [''];
  // Runs of spaces set columns apart; they stay.
  for (const word of text.match(/ *[^ ]+/g) ?? []) {
    const last = lines.length - 1;
    if (lines[last] === '' || lines[last].length + word.length <= width()) lines[last] += word;
    else lines.push(hanging + word.trimStart());
  }
  return lines.map((line) => (line === '' ? '' : `   ${line}`)).join('\n');
}
