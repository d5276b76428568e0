import type { Codec } from '@esteira/pipeline';
import { idsOf, readBody, systemsByMessageId, type OrderMessage } from '../domain/index.ts';

/** Reads the messages of these systems' orders. */
export function orderCodec(systems: readonly string[]): Codec<OrderMessage> {
  const idOf = idsOf(systems);
  return {
    read: (body) => readBody(body, idOf),
    originOf: systemsByMessageId(systems),
  };
}
