import type { RetrySchedule } from '@esteira/pipeline';
import { Type } from 'typebox';
import { settingsPart } from './part.ts';
import { parseRetrySchedule } from './retry-schedule.ts';

/** How often a message is attempted, and when again. */
export const attemptSettings = settingsPart({
  properties: {
    MAX_ATTEMPTS: Type.Integer({
      default: 5,
      minimum: 1,
      maximum: 100,
      description: 'How often a message may be attempted before it is dead-lettered. Carried by each message.',
    }),
    RETRY_DELAY_MS: Type.Integer({
      default: 10_000,
      minimum: 1,
      maximum: 86_400_000,
      description:
        'How long a failed message waits, in milliseconds. Each distinct value has a wait queue of its own in RabbitMQ.',
    }),
    RETRY_SCHEDULE: Type.String({
      default: '',
      maxLength: 1_000,
      description:
        'Waits that grow; when set, RETRY_DELAY_MS is not used. A list (1s,10s,1m: the last one stands for all later waits) or exponential:1s..5m (first wait, longest wait, doubled each time; exponential:1s..5m,x3 triples). Each distinct wait has a queue of its own in RabbitMQ.',
    }),
    RETRY_JITTER: Type.Number({
      default: 0,
      minimum: 0,
      maximum: 1,
      description:
        'By which share a wait may come out longer, 0 to 1, so that what failed together does not come back together: with 0.2, 10 s come out between 10 and 12 s. Needs DELAY_STRATEGY=delayed-exchange: in a wait queue all wait equally long.',
    }),
  },
  problems({ RETRY_SCHEDULE: text, RETRY_JITTER: jitter = '0', DELAY_STRATEGY: strategy }) {
    const read = text === undefined ? undefined : parseRetrySchedule(text);
    return [
      ...(read !== undefined && 'problem' in read ? [`RETRY_SCHEDULE ${read.problem}`] : []),
      ...(Number(jitter) > 0 && strategy !== 'delayed-exchange'
        ? ['RETRY_JITTER needs DELAY_STRATEGY=delayed-exchange: everything in a wait queue waits equally long']
        : []),
    ];
  },
  setsAside: { RETRY_DELAY_MS: ['RETRY_SCHEDULE'] },
  derived(values, { RETRY_SCHEDULE: text }): { retrySchedule: RetrySchedule } {
    const read = text === undefined ? undefined : parseRetrySchedule(text);
    // What `problems` let through can be read.
    const isRead = read !== undefined && !('problem' in read);
    return { retrySchedule: isRead ? read : { kind: 'list', delaysMs: [Number(values['RETRY_DELAY_MS'])] } };
  },
});
