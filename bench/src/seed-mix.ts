import type { Arena } from './arena.ts';
import { attemptsOfRows, openFlow } from './flow.ts';
import { perOrder, type Measurement } from './measured.ts';
import { RETRY_DELAY_MS } from './peers/peer.ts';
import { cpuBetween } from './resources.ts';
import { ATTEMPTS } from './retries.ts';

const WARM_UP = 5_000;

/**
 * The mix of the demo's positive orders: they take 1 to 5 attempts, evenly, by a hash of their ids. Retries wait 200 ms,
 * so that the rate is that of the work and not of the waiting.
 */
export async function measureSeedMix(arena: Arena, orders: number): Promise<Measurement> {
  const flow = await openFlow(arena, { env: { RETRY_DELAY_MS: String(RETRY_DELAY_MS) } });
  const attempts = (first: number, count: number) => attemptsOfRows(first, count, ATTEMPTS);
  try {
    const warmUp = Math.min(orders, WARM_UP);
    await flow.fill(warmUp);
    await flow.run({ stored: warmUp, logged: attempts(1, warmUp) }, ATTEMPTS);
    await flow.fill(orders);
    const logged = attempts(warmUp + 1, orders);
    const before = flow.cpu();
    const seconds = await flow.run({ stored: orders, logged }, ATTEMPTS);
    const cpu = cpuBetween(before, flow.cpu());
    await flow.conclude();
    const figures = { 'orders/s': orders / seconds, 'attempts/s': logged / seconds, seconds, orders };
    return { bench: 'seed mix', variant: 'esteira', figures, cpuMicroseconds: perOrder(cpu, orders) };
  } finally {
    await flow.close();
  }
}
