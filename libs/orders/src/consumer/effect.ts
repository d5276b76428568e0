import type { Effect } from '@esteira/consumer';
import type { OrderMessage } from '../domain/index.ts';
import { endputMigrations, STORED_ORDERS, storeOrders } from '../endput/index.ts';

/** Orders that succeed are rows of the endput. */
export const orderEffect: Effect<OrderMessage> = {
  storedTable: STORED_ORDERS,
  migrations: endputMigrations,
  store: storeOrders,
};
