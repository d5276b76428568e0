import type { AppClient } from '../clients.ts';
import type { OutcomeRates } from './schema.ts';

/** What a consumer says of itself. */
export interface ConsumerReport {
  readonly consuming: boolean;
  /** Messages since it started, by outcome. */
  readonly decisions: Readonly<Record<keyof OutcomeRates, number>>;
  /** Why it takes nothing; undefined while it does. */
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

/** Reads a consumer's metrics; where it takes no messages it is asked why. */
export async function askConsumer(consumer: AppClient): Promise<ConsumerReport> {
  const response = await consumer.get('/metrics');
  if (!response.ok) throw new Error(`/metrics answered ${response.status}`);
  const report = readMetrics(await response.text());
  return { ...report, why: report.consuming ? undefined : await whyNot(consumer) };
}

/** What stands in the metrics of a consumer, in Prometheus' text format. */
export function readMetrics(metrics: string): Pick<ConsumerReport, 'consuming' | 'decisions'> {
  const decisions = { succeeded: 0, retry: 0, 'dead-letter': 0, skip: 0, return: 0 };
  for (const [, decision = '', count] of metrics.matchAll(DECISION)) {
    if (Object.hasOwn(OUTCOME_OF, decision))
      decisions[OUTCOME_OF[decision as keyof typeof OUTCOME_OF]] += Number(count);
  }
  return { consuming: CONSUMING.test(metrics), decisions };
}

async function whyNot(consumer: AppClient): Promise<string> {
  const response = await consumer.get('/health/ready');
  const { detail } = (await response.json()) as { detail?: string };
  return detail ?? 'It does not take messages right now.';
}
