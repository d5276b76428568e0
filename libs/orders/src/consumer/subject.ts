import type { Subject } from '@esteira/consumer';
import type { Order, OrderMessage } from '../domain/index.ts';

/** What the attempt log keeps of an order: all that its message tells of it. */
export const orderSubject: Subject<OrderMessage> = {
  name: 'order',
  of: ({ order }) => order,
  originOf: ({ origin }) => origin,
  createdAtOf: (kept) => (kept as Order | null)?.created_at ?? null,
};
