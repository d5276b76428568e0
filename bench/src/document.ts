import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '@esteira/infra';
import { chartsOf, svgOf, type Chart } from './charts.ts';
import { figuresOf, short, spreadOf } from './figures.ts';
import type { Measured } from './measured.ts';
import { requirements, spread } from './requirements.ts';
import type { Results } from './results.ts';

const PICTURES = 'benchmarks';

/** Writes `docs/benchmarks.md` and its pictures from the results of a run. */
export async function writeDocument(results: Results): Promise<string> {
  const docs = join(REPOSITORY, 'docs');
  mkdirSync(join(docs, PICTURES), { recursive: true });
  const charts = chartsOf(results.measured);
  for (const chart of charts) writeFileSync(join(docs, PICTURES, `${chart.file}.svg`), `${await svgOf(chart)}\n`);
  const file = join(docs, 'benchmarks.md');
  writeFileSync(file, documentOf(results, charts));
  return file;
}

function documentOf(results: Results, charts: readonly Chart[]): string {
  const { measured } = results;
  return (
    [
      '# Benchmarks',
      '<!-- Written by `make bench`. -->',
      introduction(results),
      '## What must be reached, and what was',
      table(
        ['bench', 'must reach', 'reached', ''],
        requirements(measured).map(({ bench, must, reached, met }) => [bench, must, reached, verdict(met)]),
      ),
      ...charts.map(({ file, title }) => `![${title}](${PICTURES}/${file}.svg)`),
      '## Every figure',
      'Medians of the rounds, with the least and the most. CPU is that of all processes together, in microseconds an order: two cores have 2,000,000 of them a second.',
      figuresTable(measured),
      '## Where the CPU goes',
      'Microseconds an order, medians of the rounds in which a process took any.',
      ...['pipeline', 'floor', 'peers', 'retries', 'floor of retries'].map((bench) => cpuTable(measured, bench)),
      METHOD,
      machineOf(results),
    ]
      .filter((part) => part !== '')
      .join('\n\n') + '\n'
  );
}

function introduction({ startedAt, minutes, size }: Results): string {
  return `Measured on ${startedAt.slice(0, 10)} within ${Math.ceil(minutes)} minutes: ${size.rounds} rounds, in each of them everything once, one after another, so that what is compared was measured side by side. A ratio is taken within each round; the table shows the median of these. Figures on another machine differ, ratios much less.`;
}

const verdict = (met: boolean | undefined) => (met === undefined ? '' : met ? 'met' : '**not met**');

function figuresTable(measured: readonly Measured[]): string {
  const rows = variantsOf(measured).map(({ bench, variant, figures }) => {
    const shown = Object.keys(figures).filter((name) => name !== 'orders' && name !== 'seconds');
    const said = shown.map((name) => `${spread(spreadOf(figuresOf(measured, bench, variant, name)))} ${name}`);
    const cpu = totalCpu(measured, bench, variant);
    const orders = figures['orders'];
    return [
      bench,
      variant,
      orders === undefined ? '' : short(orders),
      said.join('; '),
      cpu === undefined ? '' : short(cpu),
    ];
  });
  return table(['bench', 'of what', 'orders', 'figures', 'CPU'], rows);
}

function totalCpu(measured: readonly Measured[], bench: string, variant: string): number | undefined {
  const totals = measured
    .filter((one) => one.bench === bench && one.variant === variant && one.cpuMicroseconds !== undefined)
    .map(({ cpuMicroseconds = {} }) => Object.values(cpuMicroseconds).reduce((sum, value) => sum + value, 0));
  return totals.length === 0 ? undefined : spreadOf(totals).median;
}

function cpuTable(measured: readonly Measured[], bench: string): string {
  const variants = variantsOf(measured.filter((one) => one.bench === bench && one.cpuMicroseconds !== undefined));
  if (variants.length === 0) return '';
  const processes = [...new Set(variants.flatMap(({ cpuMicroseconds = {} }) => Object.keys(cpuMicroseconds)))].sort();
  const median = (variant: string, process: string) => {
    const rounds = measured.filter((one) => one.bench === bench && one.variant === variant);
    const used = rounds.flatMap((one) => one.cpuMicroseconds?.[process] ?? []);
    return used.length === 0 ? '' : short(spreadOf(used).median);
  };
  const rows = variants.map(({ variant }) => [variant, ...processes.map((process) => median(variant, process))]);
  return table([bench, ...processes], rows);
}

/** The first round of each variant. */
function variantsOf(measured: readonly Measured[]): Measured[] {
  const first = new Map<string, Measured>();
  for (const one of measured)
    if (!first.has(`${one.bench} ${one.variant}`)) first.set(`${one.bench} ${one.variant}`, one);
  return [...first.values()];
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const METHOD = `## How it is measured

- Every bench is a file of \`bench/src\`, which says at its top what is measured and why that is fair. Peers are in \`bench/src/peers\`, each with links to the pages its tuning comes from. If you maintain one of them and know better: tell us, or send the change.
- The same job for all: the row is read from the source Postgres, goes through a durable broker, is verified by the same function, stored in the endput Postgres, logged in MongoDB with \`{w: 'majority', j: true}\`, then acked. Each peer has one process that reads and enqueues and one that works, as Esteira has an API and a consumer.
- The floor is no peer: it is the same job on bare amqplib and the two stores, with nothing that a message of Esteira carries, no exchange, and nothing that finds copies or comes back after a fault. It shows what is left of the ceiling once rows are read, stored and logged.
- Peers are spared what Esteira does beside it: the watermark, the cursor in Redis, looking up whether a message is at rest already, the transaction that decides between stored and dead.
- \`coalesced\`: orders that are handled at once share a statement for storing and one for logging. \`one by one\`: each order has statements of its own.
- All processes are warm before the clock runs, and everything is in fresh databases. Afterwards rows and documents are counted: where one is missing or doubled, the run fails.

To repeat it: \`make bench\`, within an hour, on servers of its own that are removed afterwards. Less: \`make bench ONLY=ceiling,pipeline,peers ROUNDS=1 ORDERS=20000\` prints, and writes nothing. \`make profile\` shows where the CPU of API and consumer goes.`;

export function machineOf({ machine }: Results): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return `## The machine

${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB of memory; ${machine.system}. ${versions.join(', ')}. Code: ${machine.commit}. All servers run on the same machine, with the settings of \`infra/\`.`;
}
