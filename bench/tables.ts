// Tables in Markdown.
import { markdownTable } from 'markdown-table';
import type { Table } from './result.js';

/** A table in Markdown, which is readable in a terminal, too. */
export function markdown({ caption, head, rows }: Table): string {
  const align = head.map((_, column) => (column === 0 ? 'left' : 'right'));
  return `${caption}\n\n${markdownTable([[...head], ...rows.map((row) => [...row])], { align })}\n`;
}

/** Prints a table as soon as it is complete, and hands it on. */
export function printed(table: Table): Table {
  console.log(markdown(table));
  return table;
}
