import type { AttemptLog } from '@esteira/attempt-log';
import { handOver, type DelayStrategy, type Delivery, type Done, type Settlement } from '@esteira/messaging';
import {
  boundedError,
  HEADER,
  laneOf,
  typeOf,
  writeHeaders,
  type OutgoingMessage,
  type Pipeline,
  type Publish,
} from '@esteira/pipeline';
import type { Stored } from '../work.ts';
import { logEntryOf, type LogWriter } from './log-entry.ts';

/** Where a batch goes on to. */
export interface Settling<M> extends LogWriter<M> {
  readonly attemptLog: AttemptLog;
  readonly delay: DelayStrategy;
  /** Publishes to the queue of dead letters. */
  readonly publishDeadLetters: Publish;
  readonly now: () => Date;
}

/**
 * The end of a batch: log, then hand over (confirmed), then say what is acked. The order is the guarantee. What need not
 * be handed over is done once it is logged, and what is handed over when that is confirmed: a broker that holds
 * publishers back, or refuses some messages, must not make the whole batch be repeated.
 */
export async function settle<M>(batch: readonly Stored<M>[], settling: Settling<M>, done: Done): Promise<Settlement[]> {
  const now = settling.now();
  await settling.attemptLog.record(batch.flatMap((work) => logEntryOf(work, settling, now) ?? []));
  const handOvers = handOversOf(batch, settling, now);
  if (handOvers.length > 0) {
    const handed = new Set<Stored<unknown>>(handOvers.flatMap(({ works }) => works));
    done(batch.filter((work) => work.decision.kind !== 'return' && !handed.has(work)).map(deliveryOf));
    await handAll(handOvers, done);
  }
  return batch.map(({ decision }) =>
    decision.kind === 'return' ? { kind: 'return', fault: decision.fault } : { kind: 'ack' },
  );
}

/** Messages that go on to one place, and what hands them over. */
interface HandOver {
  readonly works: readonly Stored<unknown>[];
  readonly hand: () => Promise<void>;
}

const deliveryOf = ({ delivery }: Stored<unknown>): Delivery => delivery;

function handOversOf<M>(batch: readonly Stored<M>[], settling: Settling<M>, now: Date): HandOver[] {
  return [...retriesOf(batch, settling), ...deadLettersOf(batch, settling, now)];
}

/** Waits for all of them, also when one fails: what is given back must not be under way any more. */
async function handAll(handOvers: readonly HandOver[], done: Done): Promise<void> {
  const handed = handOvers.map(async ({ works, hand }) => {
    await hand();
    done(works.map(deliveryOf));
  });
  const failed = (await Promise.allSettled(handed)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

/** What handing over takes, whatever the messages are. */
type HandingOver = Pick<Settling<never>, 'pipeline' | 'delay' | 'publishDeadLetters'>;

function retriesOf(batch: readonly Stored<unknown>[], { pipeline, delay }: HandingOver): HandOver[] {
  const retries = batch.flatMap((work) => retryOf(work, pipeline) ?? []);
  return [...Map.groupBy(retries, ({ delayMs }) => delayMs)].map(([delayMs, group]) => ({
    works: group.map(({ work }) => work),
    hand: () =>
      delay.hand(
        group.map(({ message }) => message),
        delayMs,
      ),
  }));
}

function retryOf(work: Stored<unknown>, pipeline: Pipeline) {
  const { decision, content, delivery, attempt } = work;
  if (decision.kind !== 'wait' || content.kind !== 'readable') return undefined;
  const message: OutgoingMessage = {
    messageId: attempt.messageId,
    type: typeOf(pipeline, delivery.type).name,
    lane: laneOf(pipeline, delivery.lane),
    body: delivery.body,
    headers: writeHeaders({ ...content.headers, attempt: attempt.attempt + 1 }),
  };
  return { delayMs: decision.delayMs, message, work };
}

/** The queue mirrors the table for people who look at RabbitMQ's page. */
function deadLettersOf(
  batch: readonly Stored<unknown>[],
  { pipeline, publishDeadLetters }: HandingOver,
  now: Date,
): HandOver[] {
  const dead = batch.flatMap((work) => {
    const message = mirrorOf(work, pipeline, now);
    return message === undefined ? [] : [{ work, message }];
  });
  if (dead.length === 0) return [];
  const messages = dead.map(({ message }) => message);
  return [
    {
      works: dead.map(({ work }) => work),
      hand: () => handOver(publishDeadLetters, messages, 'the queue of dead letters'),
    },
  ];
}

function mirrorOf(work: Stored<unknown>, pipeline: Pipeline, now: Date): OutgoingMessage | undefined {
  const death = deathOf(work, now);
  if (death === undefined) return undefined;
  return {
    messageId: work.attempt.messageId,
    type: work.delivery.type ?? pipeline.types[0].name,
    lane: pipeline.lanes[0],
    body: work.delivery.body,
    headers: {
      ...journeyHeaders(work, pipeline),
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

function deathOf({ deadLetter, rest, delivery }: Stored<unknown>, now: Date): Death | undefined {
  if (deadLetter !== undefined) {
    const { reason, error, firstAttemptAt } = deadLetter;
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
function journeyHeaders({ content, attempt, delivery }: Stored<unknown>, pipeline: Pipeline): Record<string, unknown> {
  if (content.kind === 'readable') return writeHeaders(content.headers);
  return writeHeaders({
    schemaVersion: typeOf(pipeline, delivery.type).schemaVersion,
    attempt: attempt.attempt,
    maxAttempts: attempt.maxAttempts,
    round: attempt.round,
  });
}
