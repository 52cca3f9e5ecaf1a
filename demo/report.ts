import Table from 'cli-table3';
import { time } from './units.js';

/** Prints what the demo does, and remembers whether all of it was as promised. */
export class Report {
  #steps = 0;
  #checks = 0;
  #failures = 0;

  /** Begins a step. */
  step(title: string): void {
    console.log(`\n${++this.#steps}. ${title}\n`);
  }

  say(...lines: readonly string[]): void {
    for (const line of lines) console.log(line === '' ? '' : `   ${line}`);
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
    this.say(...table.toString().split('\n'), '');
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
