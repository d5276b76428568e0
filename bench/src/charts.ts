import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Measured } from './measured.ts';

/** A picture of `docs/benchmarks.md`: its file name, what it shows, and how it is drawn. */
export interface Chart {
  readonly file: string;
  readonly title: string;
  /** Every round is a dot, the median a bar. */
  readonly figure: string;
  readonly rows: readonly { readonly variant: string; readonly value: number }[];
}

/** The charts of what was measured. */
export function chartsOf(measured: readonly Measured[]): Chart[] {
  const chart = (file: string, title: string, figure: string, benches: readonly string[]) => {
    const rows = measured
      .filter(({ bench }) => benches.includes(bench))
      .flatMap(({ bench, variant, figures }) => {
        const value = figures[figure];
        return value === undefined ? [] : [{ variant: BARE[bench] ?? variant, value }];
      });
    return { file, title, figure, rows };
  };
  return [
    chart('pipeline', 'Orders a second, one attempt each', 'orders/s', ['ceiling', 'pipeline', 'floor', 'peers']),
    chart('retries', 'Orders a second, each fails four times, then succeeds', 'orders/s', [
      'retries',
      'floor of retries',
    ]),
    chart('scale', 'Orders a second by rows of the source', 'orders/s', ['scale']),
    chart('one-by-one', 'Orders a second where a peer stores one order a statement', 'orders/s', [
      'pipeline',
      'one by one',
    ]),
  ].filter(({ rows }) => rows.length > 0);
}

/** What bare amqplib does in a bench. */
const BARE: Readonly<Record<string, string>> = {
  ceiling: 'bare amqplib (ceiling)',
  floor: 'bare amqplib, the same job (floor)',
  'floor of retries': 'bare amqplib, the same job (floor)',
};

/** Draws a chart as SVG. */
export async function svgOf({ title, figure, rows }: Chart): Promise<string> {
  const y = {
    field: 'variant',
    type: 'nominal',
    title: null,
    sort: { field: 'value', op: 'median', order: 'descending' },
  } as const;
  const specification: TopLevelSpec = {
    width: 560,
    title: { text: title, anchor: 'start' },
    background: 'white',
    data: { values: [...rows] },
    encoding: { y },
    layer: [
      {
        mark: { type: 'bar', height: 16 },
        encoding: {
          x: { field: 'value', aggregate: 'median', type: 'quantitative', title: figure },
          color: { condition: { test: "indexof(datum.variant, 'esteira') === 0", value: '#d2691e' }, value: '#9aa5b1' },
        },
      },
      {
        mark: { type: 'tick', color: 'black', thickness: 1 },
        encoding: { x: { field: 'value', type: 'quantitative' } },
      },
    ],
    config: { font: 'sans-serif', axis: { labelLimit: 300 } },
  };
  return new View(parse(compile(specification).spec), { renderer: 'none' }).toSVG();
}
