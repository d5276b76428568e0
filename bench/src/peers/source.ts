import { attemptsRequired, messageIds, type Order } from '@esteira/orders/domain';
import { openPostgres } from '@esteira/postgres';
import type { Enqueue, PeerJob } from './peer.ts';

const PAGE = 1_000;
/** Pages that are being enqueued while the next one is read, as in Esteira's relay. */
const AT_ONCE = 4;

/** One JSON text a page is the fastest way to read one; no watermark, which is a guarantee that peers do without. */
const READ = `
  SELECT coalesce(json_agg(json_build_object('id', id::text, 'product', product, 'price', price::text,
           'created_at', created_at, 'security_check', security_check) ORDER BY id), '[]')::text AS orders
    FROM (SELECT * FROM orders WHERE id > $1 ORDER BY id LIMIT $2) AS page`;

/** Reads the source, page after page, and enqueues a job for each row after those of the last call. */
export function openSource(url: string, maxAttempts: number): (enqueue: Enqueue) => Promise<void> {
  const postgres = openPostgres({ url, applicationName: 'bench peer', max: 1 });
  const idOf = messageIds('system-1');
  let after = '0';
  const jobOf = (order: Order): PeerJob => {
    const message_id = idOf(order.id);
    return { message_id, attempts_required: attemptsRequired(message_id, order.security_check, maxAttempts), order };
  };
  return async (enqueue) => {
    const enqueuing: Promise<void>[] = [];
    for (;;) {
      const [row] = await postgres.query<{ orders: string }>(READ, [after, PAGE]);
      const orders = JSON.parse(row?.orders ?? '[]') as Order[];
      const last = orders.at(-1);
      if (last === undefined) break;
      after = last.id;
      if (enqueuing.length >= AT_ONCE) await enqueuing.shift();
      const enqueued = enqueue(orders.map(jobOf));
      enqueued.catch(() => undefined); // It is heard where its turn is awaited.
      enqueuing.push(enqueued);
    }
    await Promise.all(enqueuing);
  };
}
