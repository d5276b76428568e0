import type { Subject } from '@esteira/consumer';
import { incarnationOf, type Order, type OrderMessage } from '../domain/index.ts';

/** What the attempt log keeps of an order: all that its message tells of it. */
export const orderSubject: Subject<OrderMessage> = {
  name: 'order',
  of: ({ order }) => order,
  originOf: ({ origin }) => origin,
  incarnationOf: (kept) => incarnationOf((kept as unknown as Order).created_at) ?? null,
};
