import type { AttemptLog } from '@esteira/attempt-log';
import type { BatchHandler, Delivery } from '@esteira/messaging';
import type { RetryPolicy } from '@esteira/pipeline';
import type { Logger } from '@esteira/observability';
import type { Definition } from './definition.ts';
import type { ExclusiveLock } from './exclusive-lock.ts';
import { isolating } from './isolation.ts';
import type { RunningSuspects } from './running-suspects.ts';
import { begin, type Beginnings } from './stages/begin.ts';
import { decideAll, giveUpAll, type GivenUp } from './stages/decide.ts';
import { decoder, unread, type Decode } from './stages/decode.ts';
import { handle, type Handling } from './stages/handle.ts';
import { recall, type Memory } from './stages/recall.ts';
import { settle, type Settling } from './stages/settle.ts';
import { store, type Storing } from './stages/store.ts';
import type { LaneMode } from './lane.ts';
import { sharing } from './sharing.ts';
import type { Begun, Decided, Decoded, Stored } from './work.ts';

/** What the stages need. */
export type Stages<M> = Definition<M> & Memory<M> & Beginnings<M> & Handling<M> & Storing<M> & Settling<M> & Watching;

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
 * The way of a batch from a lane: decode → recall → begin → handle → decide → store → settle. The steps of one message never
 * overlap, whatever other batches do. A rejection gives the whole batch back, and no attempt is spent.
 */
export function laneHandler<M>(stages: Stages<M>, mode: LaneMode['mode'] = 'batch'): BatchHandler {
  const usual = handler(
    stages,
    mode === 'each' ? sharedSteps(stages) : stepsOf(stages),
    decoder(stages),
    async (batch) => decideAll(await handle(batch, stages), stages.policy, stages.now()),
  );
  return isolated(stages, usual);
}

/** What a batch asks of the servers before and after the attempts. */
interface Steps<M> {
  readonly before: (batch: readonly Decoded<M>[]) => Promise<readonly Begun<M>[]>;
  readonly store: (batch: readonly Decided<M>[]) => Promise<Stored<M>[]>;
  readonly attemptLog: AttemptLog;
}

function stepsOf<M>(stages: Stages<M>): Steps<M> {
  return {
    before: async (batch) => begin(await recall(batch, stages), stages),
    store: (batch) => store(batch, stages),
    attemptLog: stages.attemptLog,
  };
}

/** Messages that are handled each by itself share the statements of those that come and end at the same time. */
function sharedSteps<M>(stages: Stages<M>): Steps<M> {
  const { before, store: storeAll, attemptLog } = stepsOf(stages);
  const record = sharing(async (documents: Parameters<AttemptLog['record']>[0]) => {
    await attemptLog.record(documents);
    return documents.map(() => undefined);
  });
  return {
    before: sharing(before),
    store: sharing(storeAll),
    attemptLog: {
      ...attemptLog,
      record: async (documents) => {
        if (documents.length > 0) await record(documents);
      },
    },
  };
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
  const recalled = (batch: readonly Decoded<M>[]) => recall(batch, stages); // No attempt begins.
  return handler(stages, { ...stepsOf(stages), before: recalled }, decode, (batch) =>
    Promise.resolve(giveUpAll(batch, reason, stages.now())),
  );
}

function handler<M>(
  stages: Stages<M>,
  steps: Steps<M>,
  decode: Decode<M>,
  decided: (batch: readonly Begun<M>[]) => Promise<Decided<M>[]>,
): BatchHandler {
  const settling = { ...stages, attemptLog: steps.attemptLog };
  return async (deliveries, done) => {
    if (deliveries.length === 0) return [];
    const stored = await steps.store(await decided(await steps.before(decode(deliveries))));
    const settlements = await settle(stored, settling, done);
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
