// Draws ratios by row and column as colours with numbers on them.
import { View, parse } from 'vega';
import { type TopLevelSpec, compile } from 'vega-lite';
import { rounded } from '../demo/units.js';
import { TEXT } from './chart.js';
import type { HeatMap } from './result.js';

/** Worst, as fast, and best: told apart also by those who see few colours. */
const COLOURS = ['#b2182b', '#f7f7f7', '#2166ac'];
/** The powers of two at which colours end, on both sides of 1. */
const END = 3;
/** From this power of two on, a cell is too dark for dark text. */
const DARK = 2;

/** Draws a heat map as SVG, without a browser: a cell has its own ground, so that it reads the same on white and black. */
export async function drawHeatMap({ title, rows, columns, columnTitle, panels }: HeatMap): Promise<string> {
  const values = panels.flatMap(({ title: panel, cells }) =>
    cells.map(({ row, column, ratio }) => {
      const power = Math.max(-END, Math.min(END, Math.log2(ratio ?? Infinity)));
      return { panel, row, column, power, dark: Math.abs(power) > DARK, text: textOf(ratio) };
    }),
  );
  const spec: TopLevelSpec = {
    title,
    background: 'transparent',
    padding: 10,
    data: { values },
    facet: {
      column: {
        field: 'panel',
        sort: panels.map((panel) => panel.title),
        header: { title: null, labelColor: TEXT, labelFontSize: 13 },
      },
    },
    spec: {
      width: { step: 50 },
      height: { step: 22 },
      encoding: {
        x: {
          field: 'column',
          type: 'ordinal',
          sort: [...columns],
          title: columnTitle,
          axis: { labelAngle: -40 },
        },
        y: { field: 'row', type: 'ordinal', sort: [...rows], title: null },
      },
      layer: [
        {
          mark: { type: 'rect', stroke: '#80808080', strokeWidth: 0.5 },
          encoding: {
            color: {
              field: 'power',
              type: 'quantitative',
              scale: { domain: [-END, 0, END], range: COLOURS },
              legend: {
                title: null,
                values: Array.from({ length: 2 * END + 1 }, (_, i) => i - END),
                labelExpr:
                  "datum.value < 0 ? '1/' + pow(2, -datum.value) + ' ×' : pow(2, datum.value) + ' ×'",
              },
            },
          },
        },
        {
          mark: { type: 'text', fontSize: 11 },
          encoding: {
            text: { field: 'text' },
            color: { condition: { test: 'datum.dark', value: '#ffffff' }, value: '#000000' },
          },
        },
      ],
    },
    config: {
      view: { stroke: null },
      title: { color: TEXT, anchor: 'start', fontSize: 15, offset: 14 },
      axis: {
        labelColor: TEXT,
        titleColor: TEXT,
        grid: false,
        ticks: false,
        domain: false,
        labelFontSize: 12,
        titleFontSize: 12,
        labelLimit: 0,
      },
      legend: { labelColor: TEXT, labelFontSize: 12 },
    },
  };
  return await new View(parse(compile(spec).spec), { renderer: 'none' }).toSVG();
}

function textOf(ratio: number | undefined): string {
  return ratio === undefined ? '∞' : rounded(ratio);
}
