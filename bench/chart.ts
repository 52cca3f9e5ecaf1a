// Draws a chart of a suite as SVG.
import { View, parse } from 'vega';
import { type TopLevelSpec, compile } from 'vega-lite';
import type { Axis, Chart } from './result.js';

/** Colours and greys with enough contrast on white and on black, as there is no background. */
const COLOURS = [
  '#2f81f7',
  '#e5534b',
  '#c69026',
  '#57ab5a',
  '#986ee2',
  '#e0823d',
  '#d0548f',
  '#39a0a8',
  '#8a8f98',
  '#a5733f',
];
export const TEXT = '#808a94';
export const GRID = '#80808040';

const SECONDS =
  "datum.value < 1e-6 ? format(datum.value * 1e9, '~') + ' ns' : datum.value < 1e-3 ? format(datum.value * 1e6, '~') + ' µs' : " +
  "datum.value < 1 ? format(datum.value * 1e3, '~') + ' ms' : format(datum.value, '~') + ' s'";

/** Draws a chart as SVG, without a browser. */
export async function draw(chart: Chart): Promise<string> {
  const values = chart.series.flatMap(({ name, points }) =>
    points.map(([x, y], order) => ({ name, x, y, order })),
  );
  const spec: TopLevelSpec = {
    title: chart.title,
    width: 460,
    height: 340,
    background: 'transparent',
    padding: 10,
    data: { values },
    mark: { type: 'line', point: { size: 45, filled: true } },
    encoding: {
      x: {
        field: 'x',
        type: 'quantitative',
        ...along(
          chart.x,
          values.map(({ x }) => x),
        ),
      },
      y: {
        field: 'y',
        type: 'quantitative',
        ...along(
          chart.y,
          values.map(({ y }) => y),
        ),
      },
      strokeWidth: { condition: { test: "indexof(datum.name, 'Shardex') === 0", value: 3.5 }, value: 1.5 },
      order: { field: 'order', type: 'quantitative' },
      color: {
        field: 'name',
        type: 'nominal',
        sort: chart.series.map(({ name }) => name),
        scale: { range: COLOURS },
        legend: { title: null, labelLimit: 0, symbolStrokeWidth: 2 },
      },
    },
    config: {
      view: { stroke: GRID },
      title: { color: TEXT, anchor: 'start', fontSize: 15, offset: 14 },
      axis: {
        labelColor: TEXT,
        titleColor: TEXT,
        gridColor: GRID,
        tickColor: GRID,
        domainColor: GRID,
        labelFontSize: 12,
        titleFontSize: 12,
        titlePadding: 10,
      },
      legend: { labelColor: TEXT, labelFontSize: 12, rowPadding: 5 },
    },
  };
  return await new View(parse(compile(spec).spec), { renderer: 'none' }).toSVG();
}

/** Scale and labels of an axis: a logarithmic one is labelled at round numbers only. */
function along({ title, scale, unit }: Axis, values: readonly number[]) {
  const labelExpr = unit === 'seconds' ? SECONDS : "format(datum.value, ',')";
  if (scale === 'linear') return { title, scale: { zero: false }, axis: { tickCount: 6 } } as const;
  const domain = [Math.min(...values) * 0.8, Math.max(...values) * 1.25];
  const steps = domain[1] > 100 * domain[0] ? [1] : [1, 2, 5];
  const rounds: number[] = [];
  for (let power = Math.floor(Math.log10(domain[0])); power <= Math.log10(domain[1]); power++) {
    rounds.push(...steps.map((step) => step * 10 ** power));
  }
  const inside = rounds.filter((value) => value >= domain[0] && value <= domain[1]);
  return { title, scale: { type: 'log', domain, nice: false }, axis: { values: inside, labelExpr } } as const;
}
