import type { ConsumerSettings } from './settings.ts';

/** What is taken depends on. */
export type PrefetchSettings = Pick<
  ConsumerSettings,
  'PREFETCH' | 'BATCH_SIZE' | 'ATTEMPT_TIMEOUT_MS' | 'RABBITMQ_CONSUMER_TIMEOUT_MS'
>;

/**
 * How much of RabbitMQ's `consumer_timeout` the last of the messages that were taken may wait until all before it were
 * attempted: a consumer that holds a message for longer without an ack loses it, by a closed channel (406) or, on 4.3, by
 * a cancelled consumer. The other half is for storing, for the log, and for attempts that are ended late.
 */
const SHARE_OF_TIMEOUT = 1 / 2;

/** What ending an attempt that ran out of time may take, in milliseconds: a thread that loops is replaced. */
export const ENDING_MS = 1_000;

/**
 * The longest that a message may be with a consumer before its way is done, in milliseconds, if all attempts run out of
 * time; without what storing takes. Pure.
 *
 * @param concurrency the most attempts at once; undefined where all of a batch begin together.
 */
export function longestHoldMs(settings: PrefetchSettings, concurrency: number | undefined): number {
  const rounds = concurrency === undefined ? 1 : Math.ceil(prefetchOf(settings, concurrency).prefetch / concurrency);
  return rounds * (settings.ATTEMPT_TIMEOUT_MS + ENDING_MS);
}

/** How many messages are taken ahead, and how many go into a batch. */
export interface Prefetch {
  readonly prefetch: number;
  readonly batchSize: number;
}

/**
 * What a consumer takes: `PREFETCH` and `BATCH_SIZE`, or less where its handler makes only so many attempts at once
 * and each may last long, so that none of them waits for more than half of RabbitMQ's `consumer_timeout` even if all run out of time. At least
 * as many as attempts at once. With 32 requests of 30 s at most and a timeout of 30 min: 928 messages ahead. Pure.
 *
 * @param concurrency the most attempts at once; undefined where all of a batch begin together.
 */
export function prefetchOf(
  { PREFETCH, BATCH_SIZE, ATTEMPT_TIMEOUT_MS, RABBITMQ_CONSUMER_TIMEOUT_MS }: PrefetchSettings,
  concurrency: number | undefined,
): Prefetch {
  if (concurrency === undefined) return { prefetch: PREFETCH, batchSize: BATCH_SIZE };
  const longestMs = RABBITMQ_CONSUMER_TIMEOUT_MS * SHARE_OF_TIMEOUT;
  const inTime = Math.floor(longestMs / (ATTEMPT_TIMEOUT_MS + ENDING_MS)) * concurrency;
  const prefetch = Math.min(PREFETCH, Math.max(inTime, concurrency));
  // Two batches are in flight: one is handled while the other is stored.
  return { prefetch, batchSize: Math.min(BATCH_SIZE, Math.max(1, Math.ceil(prefetch / 2))) };
}
