import { useElementSize, useMergedRef } from '@mantine/hooks';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { chartOptions, type Series } from './options.ts';
import classes from './TimeChart.module.css';

interface TimeChartProps {
  /** What it shows, for those who don't see it. */
  readonly label: string;
  /** Seconds since 1970, ascending. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
}

/** Without the legend, in pixels. */
const HEIGHT = 180;

/** Lines over time, drawn by uPlot; new points move it on without making it anew. */
export function TimeChart({ label, times, series, format }: TimeChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const { ref: sized, width } = useElementSize<HTMLDivElement>();
  const ref = useMergedRef(box, sized);
  const plot = useRef<uPlot>(null);
  const scheme = useComputedColorScheme('light');
  const names = series.map(({ name }) => name).join();
  const data = [times, ...series.map(({ values }) => values)] as unknown as uPlot.AlignedData;
  const latest = useRef(data);

  useEffect(() => {
    latest.current = data;
    plot.current?.setData(data);
  });

  useEffect(() => {
    const target = box.current;
    if (target === null || width === 0) return undefined;
    plot.current = new uPlot(chartOptions({ series, format, scheme, width, height: HEIGHT }), latest.current, target);
    return () => {
      plot.current?.destroy();
      plot.current = null;
    };
    // Made anew only where its frame changes: another width, colour scheme, or set of lines.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [width, scheme, names]);

  return <div ref={ref} className={classes.chart} role="img" aria-label={label} style={{ minHeight: HEIGHT + 30 }} />;
}
