import { SimpleGrid } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Point } from '../../api/answers.ts';
import { seriesQuery } from '../../api/overview.ts';
import type { Colour, Series } from '../../chart/options.ts';
import { TimeChart } from '../../chart/TimeChart.tsx';
import { Loaded } from '../../feedback/Loaded.tsx';
import { Panel } from '../../feedback/Panel.tsx';
import { count, perSecond } from '../../format/number.ts';
import { usePipeline } from '../../pipeline/current.tsx';
import { duration } from '../../format/time.ts';

type Read = (point: Point) => number | null | undefined;
type Line = readonly [name: string, colour: Colour, read: Read];

const BY_SYSTEM: readonly Colour[] = ['good', 'calm', 'waiting', 'grey', 'bad'];
const OUTCOMES: readonly Line[] = [
  ['stored', 'good', ({ attempts }) => attempts.succeeded],
  ['to retry', 'waiting', ({ attempts }) => attempts.retry],
  ['dead-lettered', 'bad', ({ attempts }) => attempts['dead-letter']],
];
const DEPTHS: readonly Line[] = [
  ['ready', 'good', ({ ready }) => ready],
  ['waiting for a retry', 'waiting', ({ waiting }) => waiting],
  ['dead letters', 'bad', ({ dead_letters }) => dead_letters],
];
const LATENCIES: readonly Line[] = [
  ['p50', 'good', ({ p50_ms }) => p50_ms],
  ['p99', 'calm', ({ p99_ms }) => p99_ms],
];

/** The last 15 minutes. */
export function Charts({ systems }: { readonly systems: readonly string[] }) {
  const published = systems.map((name, index): Line => {
    return [name, BY_SYSTEM[index % BY_SYSTEM.length] ?? 'grey', (point) => point.systems[name]?.published_per_second];
  });
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
      <Chart title="Attempts per second" lines={OUTCOMES} format={perSecond} />
      {systems.length > 0 && <Chart title="Published per second" lines={published} format={perSecond} />}
      <Chart title="Messages" lines={DEPTHS} format={count} />
      <Chart title="Row to rest" lines={LATENCIES} format={duration} />
    </SimpleGrid>
  );
}

interface ChartProps {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
}

function Chart({ title, lines, format }: ChartProps) {
  return (
    <Panel title={title}>
      <Loaded query={useQuery(seriesQuery(usePipeline().name))}>
        {({ points }) => {
          const series = lines.map(([name, colour, read]): Series => {
            return { name, colour, values: points.map((point) => read(point) ?? null) };
          });
          const times = points.map(({ at }) => Date.parse(at) / 1_000);
          return <TimeChart label={spoken(title, series, format)} times={times} series={series} format={format} />;
        }}
      </Loaded>
    </Panel>
  );
}

/** What the chart says now, in words. */
function spoken(title: string, series: readonly Series[], format: (value: number) => string): string {
  const now = series.map(({ name, values }) => {
    const last = values.at(-1);
    return `${name} ${last == null ? 'not known' : format(last)}`;
  });
  return `${title}, the last 15 minutes; now: ${now.join(', ')}`;
}
