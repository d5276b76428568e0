import { attemptsRequired, messageIds } from '@esteira/orders/domain';
import { openPostgres } from '@esteira/postgres';
import type { Settings } from '@esteira/settings';
import type { Arena } from './arena.ts';
import { openFlow } from './flow.ts';
import { perOrder, type Measurement } from './measured.ts';
import { RETRY_DELAY_MS } from './peers/peer.ts';
import { cpuBetween } from './resources.ts';

/** The most attempts, and how many each order of this bench takes. */
export const ATTEMPTS = 5;
const WARM_UP = 2_000;

/**
 * Retries: every order fails four times, 200 ms apart, then succeeds. The simulated verifier asks for as many attempts
 * as a hash of the message id says; the source is filled with rows whose ids make that five, so nothing is changed
 * for the bench. Peers get the same rows and the same number, and retry with a delay of their own.
 *
 * The clock runs from the request until the last order is stored and all five attempts of each are logged.
 */
export async function measureRetries(arena: Arena, strategy: string, orders: number): Promise<Measurement[]> {
  if (strategy === 'delayed-exchange' && !(await offersDelayedExchange(arena.servers.settings))) {
    arena.report('  this RabbitMQ has no delayed-message plugin: left out');
    return [];
  }
  const env = { RETRY_DELAY_MS: String(RETRY_DELAY_MS), DELAY_STRATEGY: strategy };
  const flow = await openFlow(arena, { env });
  try {
    const warmUp = Math.min(orders, WARM_UP);
    await fillFailing(flow.settings, warmUp);
    await flow.run({ stored: warmUp, logged: warmUp * ATTEMPTS }, ATTEMPTS);
    await fillFailing(flow.settings, orders);
    const before = flow.cpu();
    const seconds = await flow.run({ stored: orders, logged: orders * ATTEMPTS }, ATTEMPTS);
    const cpu = cpuBetween(before, flow.cpu());
    await flow.conclude();
    const figures = { 'orders/s': orders / seconds, seconds, orders };
    return [{ bench: 'retries', variant: `esteira ${strategy}`, figures, cpuMicroseconds: perOrder(cpu, orders) }];
  } finally {
    await flow.close();
  }
}

/** Fills the source with orders that take all attempts: their ids are chosen. */
export async function fillFailing(settings: Settings, orders: number): Promise<void> {
  const url = settings.systems[0]?.databaseUrl ?? '';
  const source = openPostgres({ url, applicationName: 'bench', max: 1, queryTimeoutMs: 0 });
  try {
    const [row] = await source.query<{ last: string }>('SELECT coalesce(max(id), 0) AS last FROM orders');
    const ids = failingIds(Number(row?.last) + 1, orders);
    for (let at = 0; at < ids.length; at += 10_000) await source.query(INSERT, [ids.slice(at, at + 10_000)]);
    await source.query('VACUUM (ANALYZE) orders');
    await source.query('CHECKPOINT');
  } finally {
    await source.close();
  }
}

const INSERT = `INSERT INTO orders (id, product, price, security_check)
  SELECT id, 'Storage tin, large', 29.33, true FROM unnest($1::bigint[]) AS id`;

function failingIds(from: number, count: number): number[] {
  const idOf = messageIds('system-1');
  const ids: number[] = [];
  for (let id = from; ids.length < count; id += 1) {
    if (attemptsRequired(idOf(String(id)), true, ATTEMPTS) === ATTEMPTS) ids.push(id);
  }
  return ids;
}

async function offersDelayedExchange({ RABBITMQ_MANAGEMENT_URL }: Settings): Promise<boolean> {
  const { username, password, origin } = new URL(RABBITMQ_MANAGEMENT_URL);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const response = await fetch(`${origin}/api/overview`, { headers: { authorization } });
  const { exchange_types: types } = (await response.json()) as { exchange_types: { name: string }[] };
  return types.some(({ name }) => name === 'x-delayed-message');
}
