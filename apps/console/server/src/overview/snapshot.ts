import { hostname } from 'node:os';
import { startedElsewhere, type KnownProcess } from '@esteira/heartbeat';
import { apiViews } from './api-processes.ts';
import { readState } from './consumer-metrics.ts';
import { consumerState } from './consumer-state.ts';
import { countOf, inAll, quantileOf, type Lately } from './histogram.ts';
import type { Answers } from './questions.ts';
import type { Rates } from './rate.ts';
import type { Sample } from './sampled.ts';
import type { OutcomeRates, Overview } from './schema.ts';

const NOTHING: OutcomeRates = { succeeded: 0, retry: 0, 'dead-letter': 0, skip: 0, return: 0 };
const OUTCOMES = Object.keys(NOTHING) as (keyof OutcomeRates)[];

/** What is remembered of this and earlier calls: counts, and histograms. */
export interface Remembered {
  readonly rates: Rates;
  readonly lately: Lately;
}

/** Puts the last answers together. */
export function snapshot(answers: Answers, { rates, lately }: Remembered, now: Date): Overview {
  const { queues, openDeadLetters, rowToRest } = answers;
  const consumers = [
    ...answers.consumers.map((one) => consumerView(one, readyIn(queues), rates)),
    ...elsewhere(answers).map((one) => elsewhereView(one, readyIn(queues), rates)),
  ];
  return {
    pipeline: answers.pipeline,
    at: now.toISOString(),
    systems: answers.systems.map((one) => ({
      ...systemView(one, rates),
      apis: apiViews(answers.apis.value ?? [], one.api),
    })),
    queues: { ...(queues.value ?? { lanes: [], waiting: [], dead_lettered: 0, returned: 0 }), ...freshness(queues) },
    dead_letters: { open: openDeadLetters.value ?? null, ...freshness(openDeadLetters) },
    attempts: {
      per_second: consumers.map(({ per_second }) => per_second).reduce(sum, NOTHING),
      took: latelyOf(answers, 'took', lately),
      waited: latelyOf(answers, 'waited', lately),
    },
    row_to_rest: {
      p50_ms: rowToRest.value?.p50Ms ?? null,
      p99_ms: rowToRest.value?.p99Ms ?? null,
      messages: rowToRest.value?.messages ?? 0,
      ...freshness(rowToRest),
    },
    consumers,
    servers: serverViews(answers),
  };
}

/** What came lately to a histogram of all consumers that answer. */
function latelyOf({ consumers }: Answers, histogram: 'took' | 'waited', lately: Lately): Overview['attempts']['took'] {
  const buckets = inAll(
    consumers.flatMap(({ name, report: { value, asOf, error } }) =>
      value === undefined || asOf === undefined || error !== undefined
        ? []
        : [lately.add(`${name} ${histogram}`, value[histogram], Date.parse(asOf))],
    ),
  );
  const ms = (seconds: number | null) => (seconds === null ? null : Math.round(seconds * 10_000) / 10);
  return {
    p50_ms: ms(quantileOf(buckets, 0.5)),
    p99_ms: ms(quantileOf(buckets, 0.99)),
    count: countOf(buckets),
  };
}

const readyIn = ({ value, error }: Answers['queues']) =>
  error === undefined ? value?.lanes.reduce((all, { ready }) => all + ready, 0) : undefined;

const freshness = ({ asOf, error }: Pick<Sample<unknown>, 'asOf' | 'error'>) => ({
  as_of: asOf ?? null,
  error: error ?? null,
});

const sum = (one: OutcomeRates, other: OutcomeRates): OutcomeRates =>
  Object.fromEntries(OUTCOMES.map((name) => [name, Math.round(10 * (one[name] + other[name])) / 10])) as OutcomeRates;

function systemView(
  { name, status }: Answers['systems'][number],
  rates: Rates,
): Omit<Overview['systems'][number], 'apis'> {
  const { value, asOf } = status;
  const known = value ?? { cursor: null, run: null, notice: null, behind: null, watermark: null, source_error: null };
  const published = value?.cursor?.published_count;
  const rate =
    published === undefined || asOf === undefined ? 0 : rates.add(`published ${name}`, published, Date.parse(asOf));
  // An API that is away publishes nothing, as far as anybody knows.
  return { name, ...known, published_per_second: status.error === undefined ? rate : 0, ...freshness(status) };
}

function consumerView(
  { name, report }: Answers['consumers'][number],
  ready: number | undefined,
  rates: Rates,
): Overview['consumers'][number] {
  const { value, asOf, error, since = null } = report;
  if (error !== undefined || value === undefined || asOf === undefined) {
    return { name, state: 'down', why: error ?? null, since, per_second: NOTHING };
  }
  const perSecond = ratesOf(name, value.decisions, Date.parse(asOf), rates);
  return { name, ...consumerState(value, perSecond, ready), since, per_second: perSecond };
}

/** Consumers that the settings of this console do not name. An endput that does not answer names none. */
function elsewhere({ consumers, processes: { value = [], error } }: Answers): KnownProcess[] {
  const declared = consumers.map(({ name, report }) => ({
    name,
    answers: report.since !== undefined && report.error === undefined,
  }));
  return error === undefined
    ? startedElsewhere(value, declared, hostname()).filter(({ role }) => role === 'consumer')
    : [];
}

function elsewhereView(
  { worker, startedAt, seenAt, isSilent, state }: KnownProcess,
  ready: number | undefined,
  rates: Rates,
): Overview['consumers'][number] {
  if (isSilent)
    return { name: worker, state: 'down', why: 'Nothing was heard of it since.', since: seenAt, per_second: NOTHING };
  const report = readState(state);
  const perSecond = ratesOf(worker, report.decisions, Date.parse(seenAt), rates);
  return { name: worker, ...consumerState(report, perSecond, ready), since: startedAt, per_second: perSecond };
}

const ratesOf = (name: string, decisions: OutcomeRates, at: number, rates: Rates): OutcomeRates =>
  Object.fromEntries(
    OUTCOMES.map((outcome) => [outcome, rates.add(`${name} ${outcome}`, decisions[outcome], at)]),
  ) as OutcomeRates;

function serverViews({ servers, systems, consumers }: Answers): Overview['servers'] {
  type Part = Pick<Overview['servers'][number], 'name' | 'kind' | 'role'>;
  const view = (part: Part, { error, since }: Pick<Sample<unknown>, 'error' | 'since'>) => ({
    ...part,
    state: since === undefined ? ('unknown' as const) : error === undefined ? ('up' as const) : ('down' as const),
    since: since ?? null,
    error: error ?? null,
  });
  return [
    ...servers.map(({ name, role, check }) => view({ name, kind: 'server', role }, check)),
    ...systems.map(({ api, live }) => view({ name: api, kind: 'app', role: 'api' }, live)),
    ...consumers.map(({ name, report }) => view({ name, kind: 'app', role: 'consumer' }, report)),
  ];
}
