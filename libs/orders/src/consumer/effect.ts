import type { Effect } from '@esteira/consumer';
import type { OrderMessage } from '../domain/index.ts';
import { endputMigrations, ordersAtRest, storeOrders } from '../endput/index.ts';

/** Orders that succeed are rows of the endput. */
export const orderEffect: Effect<OrderMessage> = {
  atRest: ordersAtRest,
  migrations: endputMigrations,
  store: storeOrders,
};
