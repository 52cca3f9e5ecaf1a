/*
 * What a command prints: tables and sentences for people, one JSON value for programs.
 */

/** A column of a table. */
export interface Column<T> {
  readonly title: string;
  readonly of: (row: T) => string | number | undefined;
  /** Numbers stand to the right. */
  readonly right?: boolean;
}

/** Where a command prints to. */
export class Output {
  readonly isJson: boolean;
  readonly #out: NodeJS.WriteStream;

  constructor(out: NodeJS.WriteStream, isJson: boolean) {
    this.#out = out;
    this.isJson = isJson;
  }

  /** Prints a value, for programs as JSON, for people in words. */
  say(value: unknown, words: () => string): void {
    this.line(this.isJson ? JSON.stringify(value) : words());
  }

  /** Prints rows, for programs as a JSON array, for people as a table; of none it says `none`. */
  table<T>(rows: readonly T[], columns: readonly Column<T>[], none: string): void {
    if (this.isJson) {
      this.line(JSON.stringify(rows));
      return;
    }
    this.line(
      rows.length === 0 ? none : tableOf(rows, columns, this.#out.isTTY ? this.#out.columns : Infinity),
    );
  }

  line(text: string): void {
    this.#out.write(`${text}\n`);
  }
}

/** Lays rows out under titles; the last column gets what is left of the width. */
function tableOf<T>(rows: readonly T[], columns: readonly Column<T>[], width: number): string {
  const cells = rows.map((row) => columns.map(({ of }) => oneLine(String(of(row) ?? ''))));
  const used = columns.map((_, c) => c).filter((c) => cells.some((row) => row[c] !== ''));
  const widths = columns.map(({ title }, c) => Math.max(title.length, ...cells.map((row) => row[c].length)));
  const lineOf = (row: readonly string[]): string =>
    used
      .map((c) => (columns[c].right === true ? row[c].padStart(widths[c]) : row[c].padEnd(widths[c])))
      .join('  ')
      .trimEnd()
      .slice(0, width);
  return [lineOf(columns.map(({ title }) => title)), ...cells.map(lineOf)].join('\n');
}

/** Texts of others may hold what moves the cursor of a terminal. */
function oneLine(text: string): string {
  return text.replace(/\p{C}+|\s+/gu, ' ');
}

/** Bytes as people say them. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let at = 0;
  let value = bytes;
  for (; value >= 1000 && at < units.length - 1; at++) value /= 1000;
  return `${at === 0 ? value : value.toPrecision(3)} ${units[at]}`;
}

/** A time as people read it, of the place where they are. */
export function timeText(time: number): string {
  const date = new Date(time - new Date(time).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 19).replace('T', ' ');
}
