import type { BatchHandler, Delivery } from '@esteira/messaging';
import type { RetryPolicy } from '@esteira/pipeline';
import type { Logger } from '@esteira/observability';
import type { Definition } from './definition.ts';
import type { ExclusiveLock } from './exclusive-lock.ts';
import { isolating } from './isolation.ts';
import type { RunningSuspects } from './running-suspects.ts';
import { decideAll, giveUpAll, type GivenUp } from './stages/decide.ts';
import { decoder, unread, type Decode } from './stages/decode.ts';
import { handle, type Handling } from './stages/handle.ts';
import { recall, type Memory } from './stages/recall.ts';
import { settle, type Settling } from './stages/settle.ts';
import { store, type Storing } from './stages/store.ts';
import type { Decided, Recalled } from './work.ts';

/** What the stages need. */
export type Stages<M> = Definition<M> & Memory<M> & Handling<M> & Storing<M> & Settling<M> & Watching;

/** What goes on around the stages. */
export interface Watching {
  readonly policy: RetryPolicy;
  /** Keeps a suspect alone in the process. */
  readonly lock: ExclusiveLock;
  readonly suspects: RunningSuspects;
  readonly logger: Logger;
  /** Hears of every decision, for metrics and the summary. */
  readonly observe: (batch: readonly Decided<unknown>[]) => void;
}

/**
 * The way of a batch from a lane: decode → recall → handle → decide → store → settle. The steps of one message never
 * overlap, whatever other batches do. A rejection gives the whole batch back, and no attempt is spent.
 */
export function laneHandler<M>(stages: Stages<M>): BatchHandler {
  const usual = handler(stages, decoder(stages), async (batch) =>
    decideAll(await handle(batch, stages), stages.policy, stages.now()),
  );
  return isolated(stages, usual);
}

/** The way of a batch that the broker gave up on: the same, except that no attempt is made. */
export function returnedHandler<M>(stages: Stages<M>): BatchHandler {
  return isolated(stages, givingUp(stages, decoder(stages), 'delivery-limit'));
}

/** A message that ends its consumer is found and given up, whichever queue it came from. */
function isolated<M>(stages: Stages<M>, usual: BatchHandler): BatchHandler {
  const { endput, pipeline, codec, lock, suspects, logger } = stages;
  const giveUp = givingUp(stages, decoder(stages), 'crashed-consumer');
  const decodeUnread = (batch: readonly Delivery[]) => batch.map((delivery) => unread(delivery, pipeline));
  const giveUpUnread = givingUp(stages, decodeUnread, 'crashed-consumer');
  return isolating({
    handlers: { usual, giveUp, giveUpUnread },
    endput,
    pipeline: pipeline.name,
    originOf: (messageId) => codec.originOf(messageId),
    lock,
    suspects,
    logger,
  });
}

function givingUp<M>(stages: Stages<M>, decode: Decode<M>, reason: GivenUp): BatchHandler {
  return handler(stages, decode, (batch) => Promise.resolve(giveUpAll(batch, reason, stages.now())));
}

function handler<M>(
  stages: Stages<M>,
  decode: Decode<M>,
  decided: (batch: readonly Recalled<M>[]) => Promise<Decided<M>[]>,
): BatchHandler {
  return async (deliveries, done) => {
    if (deliveries.length === 0) return [];
    const stored = await store(await decided(await recall(decode(deliveries), stages)), stages);
    const settlements = await settle(stored, stages, done);
    report(stored, stages);
    return settlements;
  };
}

function report(batch: readonly Decided<unknown>[], { logger, observe }: Watching): void {
  observe(batch);
  if (!logger.isLevelEnabled('debug')) return;
  for (const { attempt, decision } of batch) {
    const { messageId: message_id, pipeline, origin } = attempt;
    logger.debug(
      { message_id, pipeline, origin, attempt: attempt.attempt, decision: decision.kind },
      'message settled',
    );
  }
}
