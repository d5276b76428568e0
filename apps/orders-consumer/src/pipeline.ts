import type { BatchHandler } from '@esteira/messaging';
import { ordersPipeline } from '@esteira/orders/domain';
import type { RetryPolicy } from '@esteira/pipeline';
import type { Logger } from '@esteira/observability';
import { isolating } from './isolation.ts';
import type { Solitude } from './solitude.ts';
import { decideAll, giveUpAll, type GivenUp } from './stages/decide.ts';
import { decoder, unread } from './stages/decode.ts';
import { recall, type Memory } from './stages/recall.ts';
import { settle, type Settling } from './stages/settle.ts';
import { store, type Storing } from './stages/store.ts';
import { verify, type Verifying } from './stages/verify.ts';
import type { Decided, Decoded, Recalled } from './work.ts';

/** What the stages need. */
export type Stages = Memory & Verifying & Storing & Settling & Watching;

/** What the pipeline itself needs. */
export interface Watching {
  readonly systems: readonly string[];
  readonly policy: RetryPolicy;
  /** Keeps a suspect alone in the process. */
  readonly solitude: Solitude;
  readonly logger: Logger;
  /** Hears of every decision, for metrics and the summary. */
  readonly observe: (batch: readonly Decided[]) => void;
}

/**
 * The way of a batch from a lane: decode → recall → verify → decide → store → settle. The steps of one message never
 * overlap, whatever other batches do. A rejection gives the whole batch back, and no attempt is spent.
 */
export function laneHandler(stages: Stages): BatchHandler {
  const decode = decoder(stages.systems);
  const usual = handler(stages, decode, async (batch) =>
    decideAll(await verify(batch, stages), stages.policy, stages.now()),
  );
  return isolated(stages, usual);
}

/** The way of a batch that the broker gave up on: the same, except that no attempt is made. */
export function returnedHandler(stages: Stages): BatchHandler {
  return isolated(stages, givingUp(stages, decoder(stages.systems), 'delivery-limit'));
}

/** A message that ends its consumer is found and given up, whichever queue it came from. */
function isolated(stages: Stages, usual: BatchHandler): BatchHandler {
  const giveUp = givingUp(stages, decoder(stages.systems), 'crashed-consumer');
  const giveUpUnread = givingUp(stages, (batch) => batch.map(unread), 'crashed-consumer');
  const { endput, systems, solitude, logger } = stages;
  return isolating({
    handlers: { usual, giveUp, giveUpUnread },
    endput,
    pipeline: ordersPipeline.name,
    systems,
    solitude,
    logger,
  });
}

function givingUp(stages: Stages, decode: Decode, reason: GivenUp): BatchHandler {
  return handler(stages, decode, (batch) => Promise.resolve(giveUpAll(batch, reason, stages.now())));
}

type Decode = Parameters<typeof handler>[1];

function handler(
  stages: Stages,
  decode: (batch: Parameters<BatchHandler>[0]) => Decoded[],
  decided: (batch: readonly Recalled[]) => Promise<Decided[]>,
): BatchHandler {
  return async (deliveries, done) => {
    if (deliveries.length === 0) return [];
    const stored = await store(await decided(await recall(decode(deliveries), stages)), stages);
    const settlements = await settle(stored, stages, done);
    report(stored, stages);
    return settlements;
  };
}

function report(batch: readonly Decided[], { logger, observe }: Stages): void {
  observe(batch);
  if (!logger.isLevelEnabled('debug')) return;
  for (const { attempt, decision } of batch) {
    const { messageId: message_id, pipeline, system } = attempt;
    logger.debug(
      { message_id, pipeline, system, attempt: attempt.attempt, decision: decision.kind },
      'message settled',
    );
  }
}
