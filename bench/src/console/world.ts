import type { AttemptDocument } from '@esteira/attempt-log';
import type { DeadLetter } from '@esteira/dead-letters';
import { incarnationOf, orderMessages, ordersPipeline, type Order, type OrderMessage } from '@esteira/orders/domain';
import type { AttemptStatus, Failure, OutgoingMessage } from '@esteira/pipeline';

/**
 * What the console has to show: two systems with the same number of rows. Every third row was attempted three times and
 * is a dead letter; the others were stored at their first attempt. 300,000 rows each make 200,000 dead letters and
 * 1,000,000 attempts. The last rows of each are stored, but gone from the source, so that a reconciliation has a list.
 */
export interface World {
  /** Of each system; a multiple of 3. */
  readonly rows: number;
  /** Of each system. */
  readonly orphans: number;
  /** When the last one came to rest. */
  readonly now: number;
}

export const SYSTEMS = ['system-1', 'system-2'] as const;
export type System = (typeof SYSTEMS)[number];

/** A world of about so many attempts. */
export function worldOf(attempts: number, now: number): World {
  const rows = 3 * Math.max(100, Math.round((attempts * 0.3) / 3));
  return { rows, orphans: Math.ceil(rows / 100), now };
}

/** Attempts of a dead letter. */
const ATTEMPTS = 3;
/** What came to rest did so within the last ten minutes, the dead letters within the last four hours. */
const LOGGED_MS = 600_000;
const DEAD_MS = 4 * 3_600_000;

const PRODUCTS = ['Alarm clock, red', 'Bread bin, enamel', 'Coffee mill', 'Kettle, 1.7 l', 'Oven glove', 'Salad bowl'];
const CODES = ['timeout', 'refused', 'stock-unknown'];

export const deadLettersOf = ({ rows }: World): number => rows / 3;
export const isDead = (row: number): boolean => row % 3 === 0;
export const attemptsIn = (world: World): number => SYSTEMS.length * deadLettersOf(world) * (ATTEMPTS + 2);

/** The order of a row, and its message. It succeeds at once where the round that begins has one attempt. */
export function orderOf(row: number): Order {
  const product = `${PRODUCTS[Math.floor(row / 3) % PRODUCTS.length] ?? ''} no${row}`;
  const created_at = new Date(Date.UTC(2026, 0, 1) + row * 10_000).toISOString().replace('Z', '123+00:00');
  return { id: String(row), product, price: `${(row % 200) + 1}.50`, created_at, security_check: true };
}

const MESSAGES = Object.fromEntries(
  SYSTEMS.map((system) => [system, orderMessages({ system, database: 'shop', schema: 'public', table: 'orders' })]),
);

export function messageOf(system: System, row: number): OutgoingMessage {
  const message = MESSAGES[system]?.(orderOf(row), { maxAttempts: 1 });
  if (message === undefined) throw new Error(`There is no ${system}.`);
  return message;
}

/** Why a row died: most for one reason, a few for rare ones. */
export function failureOf(row: number): Failure {
  const n = (row / 3) % 100;
  const code = n < 70 ? 'security-check-failed' : n < 99 ? (CODES[n % 3] ?? '') : `rare-${Math.floor(row / 300) % 50}`;
  return { code, message: 'The order did not pass its check.' };
}

/** The dead letter of a row. */
export function letterOf(world: World, system: System, row: number): DeadLetter {
  const { messageId, body, headers } = messageOf(system, row);
  const error = failureOf(row);
  const deadAt = new Date(world.now - ((world.rows - row) / world.rows) * DEAD_MS);
  const attempts = Array.from({ length: ATTEMPTS }, (_, index) => ({
    ...{ round: 1, attempt: index + 1, error, worker: 'consumer-1', duration_ms: 3 },
    started_at: deadAt.toISOString(),
  }));
  return {
    ...{
      messageId,
      pipeline: ordersPipeline.name,
      lane: ordersPipeline.lanes[0],
      type: ordersPipeline.types[0].name,
      origin: system,
      key: String(row),
      round: 1,
      attempts,
      error,
    },
    ...{ incarnation: incarnationOf(orderOf(row).created_at) ?? null, body, headers, firstAttemptAt: deadAt, deadAt },
    reason: row % 150 === 0 ? 'refused' : 'attempts-exhausted',
  };
}

/** What the log has of a row. */
export function attemptsOf(world: World, system: System, row: number): (AttemptDocument & { order: Order })[] {
  const { messageId, body } = messageOf(system, row);
  const { origin, order } = JSON.parse(Buffer.from(body).toString()) as OrderMessage;
  const processedAt = new Date(world.now - Math.floor(((world.rows - row) / world.rows) * LOGGED_MS));
  const statuses: AttemptStatus[] = isDead(row) ? ['failed', 'failed', 'dead-lettered'] : ['succeeded'];
  return statuses.map((status, index) => ({
    ...{ _id: `${messageId}:1:${index + 1}`, pipeline: ordersPipeline.name, type: ordersPipeline.types[0].name },
    ...{ message_id: messageId, round: 1, attempt: index + 1, max_attempts: ATTEMPTS, status, result: null, origin },
    ...{ order, worker: 'consumer-1', started_at: processedAt, duration_ms: 3, processed_at: processedAt },
    info: status === 'succeeded' ? 'SUCCESS at the 1 attempt.' : `It was not successful at the ${index + 1} attempt.`,
    error: status === 'succeeded' ? null : failureOf(row),
    reason: status === 'dead-lettered' ? 'attempts-exhausted' : null,
  }));
}
