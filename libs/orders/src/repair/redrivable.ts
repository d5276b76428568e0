import type { Redrivable } from '@esteira/dead-letters';
import { idsOf, ordersPipeline, readBody } from '../domain/index.ts';
import { ordersAtRest } from '../endput/index.ts';

/** How dead letters of the orders pipeline are read and sent again. @param systems those that are known */
export function redrivableOrders(systems: readonly string[]): Redrivable {
  const idOf = idsOf(systems);
  return {
    pipeline: ordersPipeline,
    atRest: ordersAtRest,
    readBody: (bytes) => {
      const body = readBody(bytes, idOf);
      return 'failure' in body ? { problem: body.failure } : body.identity;
    },
  };
}
