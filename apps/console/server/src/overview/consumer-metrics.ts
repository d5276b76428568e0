import type { ProcessState } from '@esteira/heartbeat';
import { within } from '@esteira/http';
import { ForeignAnswer, jsonAnswer } from '@esteira/http/json-answer';
import type { AppClient } from '../clients.ts';
import { bucketsIn, type Buckets } from './histogram.ts';
import type { OutcomeRates } from './schema.ts';

/** What a consumer says of itself. */
export interface ConsumerReport {
  readonly consuming: boolean;
  /** Messages since it started, by outcome. */
  readonly decisions: Readonly<Record<keyof OutcomeRates, number>>;
  /** Since it started, in seconds: how long attempts took, and how long messages waited for their first. */
  readonly took: Buckets;
  readonly waited: Buckets;
  /** Why it is not ready, as it says itself; undefined where it is, or does not say in time. */
  readonly why: string | undefined;
}

/** A consumer's decisions, by the outcome they come from. */
const OUTCOME_OF = {
  store: 'succeeded',
  wait: 'retry',
  'dead-letter': 'dead-letter',
  skip: 'skip',
  return: 'return',
} as const satisfies Record<string, keyof OutcomeRates>;

const DECISION = /^esteira_decisions_total\{[^}]*decision="([a-z-]+)"[^}]*\} (\d+)/gm;
const CONSUMING = /^esteira_consuming\{[^}]*\} 1$/m;

/** The longest its readiness is waited for, in milliseconds: a server that hangs must not hold up what is known. */
const READINESS_MS = 500;

/** Reads a consumer's metrics, and asks whether it is ready: between two tries it takes messages that it can't handle. */
export async function askConsumer(consumer: AppClient): Promise<ConsumerReport> {
  const readiness = within(READINESS_MS, whyNotReady(consumer)).catch((error: unknown) =>
    // Otherwise it is not known.
    error instanceof ForeignAnswer ? error.message : undefined,
  );
  const response = await consumer.get('/metrics');
  if (!response.ok) throw new Error(`/metrics answered ${response.status}`);
  return { ...readMetrics(await response.text()), why: await readiness };
}

/** What stands in the metrics of a consumer, in Prometheus' text format. */
export function readMetrics(metrics: string): Omit<ConsumerReport, 'why'> {
  const counts = [...metrics.matchAll(DECISION)].map(([, decision = '', count]) => [decision, Number(count)] as const);
  return {
    consuming: CONSUMING.test(metrics),
    decisions: byOutcome(counts),
    took: bucketsIn(metrics, 'esteira_attempt_seconds'),
    waited: bucketsIn(metrics, 'esteira_wait_seconds'),
  };
}

/** What a consumer says of itself where it is registered: no histograms. */
export function readState({ why, counts }: ProcessState): ConsumerReport {
  const decisions = byOutcome(Object.entries(counts));
  return { consuming: true, decisions, took: [], waited: [], why: why ?? undefined };
}

function byOutcome(counts: readonly (readonly [decision: string, count: number])[]): ConsumerReport['decisions'] {
  const decisions = { succeeded: 0, retry: 0, 'dead-letter': 0, skip: 0, return: 0 };
  for (const [decision, count] of counts) {
    if (Object.hasOwn(OUTCOME_OF, decision)) decisions[OUTCOME_OF[decision as keyof typeof OUTCOME_OF]] += count;
  }
  return decisions;
}

async function whyNotReady(consumer: AppClient): Promise<string | undefined> {
  const response = await consumer.get('/health/ready');
  const { detail } = await jsonAnswer<{ detail?: string }>(response, 'The consumer');
  return response.ok ? undefined : (detail ?? `It is not ready: /health/ready answered ${response.status}.`);
}
