import type { Definition } from '@esteira/consumer';
import { ordersPipeline, type OrderMessage, type Verifier } from '../domain/index.ts';
import { orderCodec } from './codec.ts';
import { orderEffect } from './effect.ts';
import { verifying } from './handler.ts';
import { orderSubject } from './subject.ts';

/** What the pipeline orders brings to its consumers. */
export function ordersDefinition(systems: readonly string[], verifier: Verifier): Definition<OrderMessage> {
  return {
    pipeline: ordersPipeline,
    codec: orderCodec(systems),
    handler: verifying(verifier),
    effect: orderEffect,
    subject: orderSubject,
  };
}
