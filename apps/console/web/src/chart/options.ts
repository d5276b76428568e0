import type uPlot from 'uplot';

/** One line. A value that is not known is null: a gap, not a zero. */
export interface Series {
  readonly name: string;
  readonly colour: Colour;
  readonly values: readonly (number | null)[];
}

export type Colour = keyof typeof COLOURS;

/** Told apart also by those who don't see red and green, and legible on both backgrounds: light first, dark second. */
const COLOURS = {
  good: ['#1864ab', '#74c0fc'],
  waiting: ['#b35900', '#ffc078'],
  bad: ['#c2255c', '#faa2c1'],
  calm: ['#5f3dc4', '#b197fc'],
  grey: ['#5c636b', '#aab1b9'],
} as const;

const hours = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', hourCycle: 'h23' });
/** A time of the axis or the legend; there is none where there are no points yet. */
const clock = (seconds: number | null | undefined) =>
  Number.isFinite(seconds) ? hours.format(Number(seconds) * 1_000) : '–';

interface Frame {
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  readonly scheme: 'light' | 'dark';
  readonly width: number;
  readonly height: number;
}

/** Room for the labels of an axis, in pixels: `1 min 40 s` is longer than `60/s`. */
const widthFor = (labels: readonly string[]) =>
  Math.max(64, 18 + 7 * Math.max(0, ...labels.map(({ length }) => length)));

/** How uPlot draws a chart in this colour scheme. */
export function chartOptions({ series, format, scheme, width, height }: Frame): uPlot.Options {
  const dark = scheme === 'dark';
  const axis = {
    stroke: dark ? '#a9b0b8' : '#525a63',
    grid: { stroke: dark ? '#2b2f34' : '#eceef0', width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  };
  return {
    width,
    height,
    padding: [8, 8, 0, 0],
    hooks: { draw: [showLatest] },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: { x: { time: true }, y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
    axes: [
      { ...axis, space: 70, size: 28, values: (_plot, ticks) => ticks.map(clock) },
      {
        ...axis,
        size: (_plot: uPlot, labels: string[] | null) => widthFor(labels ?? []),
        values: (_plot, ticks) => ticks.map(format),
      },
    ],
    series: [
      { label: 'at', value: (_plot, at: number | null | undefined) => clock(at) },
      ...series.map(({ name, colour }) => ({
        label: name,
        stroke: COLOURS[colour][dark ? 1 : 0],
        width: 1.5,
        points: { show: false },
        value: (_plot: uPlot, value: number | null | undefined) => (value == null ? '–' : format(value)),
      })),
    ],
  };
}

/** Where nobody points at a moment, the legend tells the latest one. uPlot empties the legend after it has drawn. */
function showLatest(plot: uPlot): void {
  queueMicrotask(() => {
    const { length } = plot.data[0];
    if (plot.cursor.idx == null && length > 0) plot.setLegend({ idx: length - 1 });
  });
}
