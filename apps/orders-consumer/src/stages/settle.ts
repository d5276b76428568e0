import type { AttemptLog } from '@esteira/attempt-log';
import { handOver, type DelayStrategy, type Delivery, type Settlement } from '@esteira/messaging';
import { ordersPipeline } from '@esteira/orders/domain';
import { boundedError, HEADER, writeHeaders, type OutgoingMessage, type Publish } from '@esteira/pipeline';
import type { Stored } from '../work.ts';
import { logEntryOf } from './log-entry.ts';

/** Where a batch goes on to. */
export interface Settling {
  readonly attemptLog: AttemptLog;
  readonly logTtlSeconds: number;
  readonly delay: DelayStrategy;
  /** Publishes to the queue of dead letters. */
  readonly publishDeadLetters: Publish;
  readonly worker: string;
  readonly now: () => Date;
}

/** The end of a batch: log, then hand over (confirmed), then say what is acked. The order is the guarantee. */
export async function settle(batch: readonly Stored[], settling: Settling): Promise<Settlement[]> {
  const now = settling.now();
  await settling.attemptLog.record(
    batch.flatMap((work) => logEntryOf(work, settling.worker, now, settling.logTtlSeconds) ?? []),
  );
  await Promise.all([handRetries(batch, settling.delay), handDeadLetters(batch, settling.publishDeadLetters, now)]);
  return batch.map(({ decision }) =>
    decision.kind === 'return' ? { kind: 'return', fault: decision.fault } : { kind: 'ack' },
  );
}

async function handRetries(batch: readonly Stored[], delay: DelayStrategy): Promise<void> {
  const byDelay = Map.groupBy(
    batch.flatMap((work) => retryOf(work) ?? []),
    ({ delayMs }) => delayMs,
  );
  await Promise.all(
    [...byDelay].map(([delayMs, retries]) =>
      delay.hand(
        retries.map(({ message }) => message),
        delayMs,
      ),
    ),
  );
}

function retryOf({ decision, content, delivery, attempt }: Stored) {
  if (decision.kind !== 'wait' || content.kind !== 'readable') return undefined;
  const message: OutgoingMessage = {
    messageId: attempt.messageId,
    type: ordersPipeline.type,
    lane: laneOf(delivery),
    body: delivery.body,
    headers: writeHeaders({ ...content.headers, attempt: attempt.attempt + 1 }),
  };
  return { delayMs: decision.delayMs, message };
}

/** A message that was moved on RabbitMQ's page comes with a queue's name in place of a lane: no retry finds back to it. */
function laneOf({ lane }: Delivery): string {
  return ordersPipeline.lanes.includes(lane) ? lane : ordersPipeline.lanes[0];
}

/** The queue mirrors the table for people who look at RabbitMQ's page. */
async function handDeadLetters(batch: readonly Stored[], publish: Publish, now: Date): Promise<void> {
  const letters = batch.flatMap((work) => mirrorOf(work, now) ?? []);
  if (letters.length > 0) await handOver(publish, letters, 'the queue of dead letters');
}

function mirrorOf(work: Stored, now: Date): OutgoingMessage | undefined {
  const death = deathOf(work, now);
  if (death === undefined) return undefined;
  return {
    messageId: work.attempt.messageId,
    type: work.delivery.type ?? ordersPipeline.type,
    lane: ordersPipeline.lanes[0],
    body: work.delivery.body,
    headers: {
      ...journeyHeaders(work),
      [HEADER.reason]: death.reason,
      [HEADER.error]: boundedError(death.error),
      [HEADER.firstAttemptAt]: death.firstAttemptAt,
      [HEADER.lastAttemptAt]: death.lastAttemptAt,
    },
  };
}

interface Death {
  readonly reason: string;
  readonly error: string;
  readonly firstAttemptAt: string;
  readonly lastAttemptAt: string;
}

function deathOf({ letter, rest, delivery }: Stored, now: Date): Death | undefined {
  if (letter !== undefined) {
    const { reason, error, firstAttemptAt } = letter;
    return {
      reason,
      error: error.message,
      firstAttemptAt: firstAttemptAt.toISOString(),
      lastAttemptAt: now.toISOString(),
    };
  }
  // A redelivered copy of a dead letter: its consumer may have ended before it handed the mirror over.
  if (rest?.kind !== 'dead' || !delivery.redelivered) return undefined;
  const { reason, deadAt, last } = rest;
  return {
    reason,
    error: last?.error?.message ?? '',
    firstAttemptAt: last?.started_at ?? deadAt,
    lastAttemptAt: deadAt,
  };
}

/** Only headers of ours: foreign ones may be too many for a frame, and the table keeps them all. */
function journeyHeaders({ content, attempt }: Stored): Record<string, unknown> {
  if (content.kind === 'readable') return writeHeaders(content.headers);
  const { schemaVersion } = ordersPipeline;
  return writeHeaders({
    schemaVersion,
    attempt: attempt.attempt,
    maxAttempts: attempt.maxAttempts,
    round: attempt.round,
  });
}
