import { figuresOf, ratioOf, short, spreadOf, type Spread } from './figures.ts';
import type { Measured } from './measured.ts';

/** A row of the table of what must be reached: undefined where nothing is required of it. */
export interface Requirement {
  readonly bench: string;
  readonly must: string;
  readonly reached: string;
  readonly met?: boolean;
}

/** What must be reached on a machine with two cores, and what was. Only for what was measured. */
export function requirements(measured: readonly Measured[]): Requirement[] {
  const rows = RULES.map((rule) => rule(measured));
  return rows.flatMap((row) => row ?? []);
}

type Rule = (measured: readonly Measured[]) => Requirement | undefined;

/** The best coalesced peer of a bench, by its median. */
function bestPeer(measured: readonly Measured[], bench: string): { name: string; rates: number[] } | undefined {
  const names = new Set(
    measured.filter((one) => one.bench === bench && one.variant.endsWith(' coalesced')).map((one) => one.variant),
  );
  const peers = [...names].map((name) => ({ name, rates: figuresOf(measured, bench, name, RATE) }));
  return peers.sort((one, other) => spreadOf(other.rates).median - spreadOf(one.rates).median)[0];
}

const RATE = 'orders/s';
const of = (bench: string, variant: string, figure: string) => (measured: readonly Measured[]) =>
  figuresOf(measured, bench, variant, figure);
const pipelineRates = of('pipeline', 'esteira', RATE);
const floorRatesOf = (bench: string) => of(bench, 'bare amqplib coalesced', RATE);
const floorRates = floorRatesOf('floor');
const ceilingRates = of('ceiling', 'bare amqplib', RATE);

const RULES: readonly Rule[] = [
  reported('ceiling', 'the yardstick', ceilingRates, 'orders/s'),
  atLeast('pipeline', 0.75, 'x ceiling (aim: 0.9)', pipelineRates, ceilingRates),
  besidePeer('pipeline', 1.4, 'x best coalesced peer (aim: 1.6)', pipelineRates, 'peers'),
  share('floor', 'reported, x ceiling', floorRates, ceilingRates),
  besidePeer('floor', undefined, 'x best coalesced peer', floorRates, 'peers'),
  besidePeer('retries', 1.5, 'x best peer', of('retries', 'esteira wait-queue', RATE), 'retries'),
  besidePeer(
    'retries, delayed exchange',
    1.5,
    'x best peer',
    of('retries', 'esteira delayed-exchange', RATE),
    'retries',
  ),
  besidePeer('floor of retries', undefined, 'x best peer', floorRatesOf('floor of retries'), 'retries'),
  reported('seed mix', 'reported', of('seed mix', 'esteira', RATE), 'orders/s'),
  atLeast(
    'scale',
    0.9,
    'x the rate of 100,000 rows at 1,000,000',
    scaleOf('1,000,000', RATE),
    scaleOf('100,000', RATE),
  ),
  atMost('scale', 1.15, 'x the memory of the API', scaleOf('1,000,000', 'api MiB'), scaleOf('100,000', 'api MiB')),
  atMost(
    'scale',
    1.15,
    'x the memory of the consumer',
    scaleOf('1,000,000', 'consumer MiB'),
    scaleOf('100,000', 'consumer MiB'),
  ),
  below('backlog', 1_024, 'MiB of memory in the broker', of('backlog', 'drain', 'broker MiB')),
  atLeast('backlog', 0.9, 'x pipeline while it drains', of('backlog', 'drain', RATE), pipelineRates),
  below('delay accuracy', 250, 'ms late at p99', of('delay accuracy', 'wait-queue', 'p99 ms')),
  reported('latency', 'p50 of one at a time', of('latency', 'one at a time', 'p50 ms'), 'ms'),
  reported('latency', 'p99 of one at a time', of('latency', 'one at a time', 'p99 ms'), 'ms'),
  below('latency', 250, 'ms at p99 and half of the rate', of('latency', 'half rate', 'p99 ms')),
  atLeast('import', 0.5, String.raw`x psql's \copy`, of('import', 'esteira', RATE), of('import', 'psql copy', RATE)),
  below('API', 50, 'ms at p99 for the status', of('API', 'status', 'p99 ms')),
  reported('API', 'p99 of insert-data', of('API', 'insert-data', 'p99 ms'), 'ms'),
];

function scaleOf(rows: string, figure: string) {
  return of('scale', `${rows} rows`, figure);
}

type Figures = (measured: readonly Measured[]) => number[];

function reported(bench: string, must: string, figures: Figures, unit: string): Rule {
  return (measured) => {
    const all = figures(measured);
    return all.length === 0 ? undefined : { bench, must, reached: `${spread(spreadOf(all))} ${unit}` };
  };
}

function atLeast(bench: string, least: number, what: string, figures: Figures, others: Figures): Rule {
  return ratio(bench, `>= ${least} ${what}`, (value) => value >= least, figures, others);
}

function atMost(bench: string, most: number, what: string, figures: Figures, others: Figures): Rule {
  return ratio(bench, `<= ${most} ${what}`, (value) => value <= most, figures, others);
}

function ratio(
  bench: string,
  must: string,
  isMet: (value: number) => boolean,
  figures: Figures,
  others: Figures,
): Rule {
  return (measured) => {
    const reached = ratioOf(figures(measured), others(measured));
    return reached && { bench, must, reached: spread(reached, 2), met: isMet(reached.median) };
  };
}

/** What one is of another, where nothing is required of it. */
function share(bench: string, must: string, figures: Figures, others: Figures): Rule {
  return (measured) => {
    const reached = ratioOf(figures(measured), others(measured));
    return reached && { bench, must, reached: spread(reached, 2) };
  };
}

/** Undefined `least`: it is only reported. */
function besidePeer(bench: string, least: number | undefined, what: string, figures: Figures, peers: string): Rule {
  return (measured) => {
    const peer = bestPeer(measured, peers);
    const reached = peer && ratioOf(figures(measured), peer.rates);
    if (reached === undefined) return undefined;
    const name = peer?.name.replace(' coalesced', '') ?? '';
    const row = { bench, reached: `${spread(reached, 2)}, ${name}` };
    return least === undefined
      ? { ...row, must: `reported, ${what}` }
      : { ...row, must: `>= ${least} ${what}`, met: reached.median >= least };
  };
}

function below(bench: string, most: number, what: string, figures: Figures): Rule {
  return (measured) => {
    const all = figures(measured);
    if (all.length === 0) return undefined;
    const reached = spreadOf(all);
    return { bench, must: `< ${short(most)} ${what}`, reached: spread(reached), met: reached.median < most };
  };
}

/** A median, with what it was at least and at most where there are several. */
export function spread({ median, least, most, rounds }: Spread, digits?: number): string {
  const text = (value: number) => (digits === undefined ? short(value) : value.toFixed(digits));
  return rounds === 1 ? text(median) : `${text(median)} (${text(least)} to ${text(most)})`;
}
