import type { BatchHandler } from '@esteira/messaging';
import type { RetryPolicy } from '@esteira/pipeline';
import type { Logger } from '@esteira/observability';
import { decideAll, giveUpAll } from './stages/decide.ts';
import { decoder } from './stages/decode.ts';
import { recall, type Memory } from './stages/recall.ts';
import { settle, type Settling } from './stages/settle.ts';
import { store, type Storing } from './stages/store.ts';
import { verify, type Verifying } from './stages/verify.ts';
import type { Decided, Verified } from './work.ts';

/** What the stages need. */
export type Stages = Memory & Verifying & Storing & Settling & Watching;

/** What the pipeline itself needs. */
export interface Watching {
  readonly systems: readonly string[];
  readonly policy: RetryPolicy;
  readonly logger: Logger;
  /** Hears of every decision, for metrics and the summary. */
  readonly observe: (batch: readonly Decided[]) => void;
}

/**
 * The way of a batch from a lane: decode → recall → verify → decide → store → settle. The steps of one message never
 * overlap, whatever other batches do. A rejection gives the whole batch back, and no attempt is spent.
 */
export function laneHandler(stages: Stages): BatchHandler {
  return handler(stages, (batch) => decideAll(batch, stages.policy, stages.now()));
}

/** The way of a batch that the broker gave up on: the same, except that no attempt is made. */
export function returnedHandler(stages: Stages): BatchHandler {
  const message = 'never run';
  const verifier = { name: 'none', verify: () => ({ kind: 'retry', error: { code: 'none', message } }) as const };
  return handler({ ...stages, verifier }, giveUpAll);
}

function handler(stages: Stages, decision: (batch: readonly Verified[]) => Decided[]): BatchHandler {
  const decode = decoder(stages.systems);
  return async (deliveries) => {
    const recalled = await recall(decode(deliveries), stages);
    const decided = decision(await verify(recalled, stages));
    const stored = await store(decided, stages);
    const settlements = await settle(stored, stages);
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
