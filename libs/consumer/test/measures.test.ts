import { createMetrics } from '@esteira/observability';
import type { Decision } from '@esteira/pipeline';
import { expect, it } from 'vitest';
import { Measures } from '../src/measures.ts';
import type { Decided } from '../src/work.ts';
import { parcelsPipeline } from './support/parcels.ts';

const NOW = Date.parse('2026-01-01T00:01:40Z');
const error = { code: 'c', message: 'm' };

/** A message that was sent 50 s after its row was made, and whose attempt began 20 s later. */
function workOf(lane: string, decision: Decision, changes: object = {}): Decided<unknown> {
  const sentAtSeconds = Date.parse('2026-01-01T00:00:50Z') / 1_000;
  return {
    delivery: { lane, sentAtSeconds },
    attempt: { attempt: 1 },
    madeAt: '2026-01-01T00:00:00+00:00',
    startedAt: new Date('2026-01-01T00:01:10Z'),
    durationMs: 250,
    decision,
    ...changes,
  } as unknown as Decided<unknown>;
}

/** The lines of a metric, without its buckets. */
async function measured(...batch: Decided<unknown>[]): Promise<string[]> {
  const metrics = createMetrics({});
  const measures = new Measures(parcelsPipeline, metrics);
  measures.observe(batch, NOW);
  const lines = (await metrics.metrics()).split('\n');
  return lines.filter((line) => line.startsWith('esteira_') && !line.includes('_bucket') && !line.endsWith(' 0'));
}

const store: Decision = { kind: 'store' };
const dead: Decision = { kind: 'dead-letter', reason: 'attempts-exhausted', error };
const untried: Decision = { kind: 'dead-letter', reason: 'delivery-limit', error };

it('measures attempts, waits and the time from the row to its rest, each with its pipeline and lane', async () => {
  const made = { made: {} };
  const second = { attempt: { attempt: 2 } };
  expect(
    await measured(
      workOf('express', store),
      workOf('bulk', dead, second),
      workOf('bulk', untried),
      workOf('bulk', { kind: 'wait', delayMs: 1, dueAt: new Date(NOW), error }, made),
      workOf('elsewhere', { kind: 'return', fault: error }),
    ),
  ).toEqual([
    'esteira_attempt_seconds_sum{pipeline="parcels",lane="bulk"} 0.25',
    'esteira_attempt_seconds_count{pipeline="parcels",lane="bulk"} 1',
    'esteira_attempt_seconds_sum{pipeline="parcels",lane="express"} 0.25',
    'esteira_attempt_seconds_count{pipeline="parcels",lane="express"} 1',
    'esteira_wait_seconds_sum{pipeline="parcels",lane="express"} 20',
    'esteira_wait_seconds_count{pipeline="parcels",lane="express"} 1',
    'esteira_rest_seconds_sum{pipeline="parcels",lane="bulk"} 200',
    'esteira_rest_seconds_count{pipeline="parcels",lane="bulk"} 2',
    'esteira_rest_seconds_sum{pipeline="parcels",lane="express"} 100',
    'esteira_rest_seconds_count{pipeline="parcels",lane="express"} 1',
    'esteira_dead_letters_total{pipeline="parcels",lane="bulk",reason="attempts-exhausted"} 1',
    'esteira_dead_letters_total{pipeline="parcels",lane="bulk",reason="delivery-limit"} 1',
  ]);
});

it('measures no time to its rest of a message that was made at a time that is none to Date', async () => {
  const times = ['10000-01-01T00:00:00+00:00', '0044-03-15T00:00:00+00:00 BC', 'infinity', null];
  const lines = await measured(...times.map((madeAt) => workOf('bulk', store, { madeAt })), workOf('bulk', store));
  expect(lines.filter((line) => line.startsWith('esteira_rest_seconds'))).toEqual([
    'esteira_rest_seconds_sum{pipeline="parcels",lane="bulk"} 100',
    'esteira_rest_seconds_count{pipeline="parcels",lane="bulk"} 1',
  ]);
});
