import type { ConsumerSettings } from './settings.ts';

/**
 * How long the last of the messages that were taken may wait until all before it were attempted, in milliseconds. Half of
 * RabbitMQ's default `consumer_timeout` (30 min, with every version from 3.8.17): a consumer that holds a message
 * for longer without an ack loses it, by a closed channel (406) or, on 4.3, by a cancelled consumer. The other half is for
 * storing, for the log, and for attempts that are ended late.
 */
export const LONGEST_HOLD_MS = 15 * 60_000;

/** What ending an attempt that ran out of time may take, in milliseconds: a thread that loops is replaced. */
export const ENDING_MS = 1_000;

/**
 * The longest that a message may be with a consumer before its way is done, in milliseconds, if all attempts run out of
 * time; without what storing takes. Pure.
 *
 * @param concurrency the most attempts at once; undefined where all of a batch begin together.
 */
export function longestHoldMs(
  settings: Pick<ConsumerSettings, 'PREFETCH' | 'BATCH_SIZE' | 'ATTEMPT_TIMEOUT_MS'>,
  concurrency: number | undefined,
): number {
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
 * and each may last long, so that none of them waits longer than `LONGEST_HOLD_MS` even if all run out of time. At least
 * as many as attempts at once. With 32 requests of 30 s at most: 928 messages ahead. Pure.
 *
 * @param concurrency the most attempts at once; undefined where all of a batch begin together.
 */
export function prefetchOf(
  {
    PREFETCH,
    BATCH_SIZE,
    ATTEMPT_TIMEOUT_MS,
  }: Pick<ConsumerSettings, 'PREFETCH' | 'BATCH_SIZE' | 'ATTEMPT_TIMEOUT_MS'>,
  concurrency: number | undefined,
): Prefetch {
  if (concurrency === undefined) return { prefetch: PREFETCH, batchSize: BATCH_SIZE };
  const inTime = Math.floor(LONGEST_HOLD_MS / (ATTEMPT_TIMEOUT_MS + ENDING_MS)) * concurrency;
  const prefetch = Math.min(PREFETCH, Math.max(inTime, concurrency));
  // Two batches are in flight: one is handled while the other is stored.
  return { prefetch, batchSize: Math.min(BATCH_SIZE, Math.max(1, Math.ceil(prefetch / 2))) };
}
