import { systemsByMessageId, type Codec } from '@esteira/pipeline';
import { idsOf, ordersPipeline, readBody, type OrderMessage } from '../domain/index.ts';

/** Reads the messages of these systems' orders. */
export function orderCodec(systems: readonly string[]): Codec<OrderMessage> {
  const idOf = idsOf(systems);
  return {
    read: (body) => readBody(body, idOf),
    originOf: systemsByMessageId(ordersPipeline.name, systems),
  };
}
