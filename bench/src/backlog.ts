import { setTimeout as sleep } from 'node:timers/promises';
import { laneDepth } from '@esteira/messaging';
import { ordersPipeline } from '@esteira/orders/domain';
import type { Arena } from './arena.ts';
import { openFlow, type Flow } from './flow.ts';
import { perOrder, type Measurement } from './measured.ts';
import { brokerMemory, cpuBetween } from './resources.ts';

/**
 * A backlog: all orders are published while no consumer runs (MAX_LANE_DEPTH is raised above them), then a consumer is
 * started and drains the lane. The broker's memory is looked at all the time. The drain's clock runs from the moment
 * the consumer is ready, cold, until everything is stored and logged.
 */
export async function measureBacklog(arena: Arena, orders: number): Promise<Measurement> {
  const flow = await openFlow(arena, { env: { MAX_LANE_DEPTH: String(orders * 2) }, consumerLater: true });
  const memory = watchBroker(arena);
  try {
    await flow.fill(orders);
    const published = await publishAll(flow, orders);
    const before = flow.cpu();
    await flow.startConsumer();
    const seconds = await flow.arrived({ stored: orders, logged: orders });
    const cpu = cpuBetween(before, flow.cpu());
    await flow.conclude();
    const figures = {
      'orders/s': orders / seconds,
      'published/s': orders / published,
      'broker MiB': memory.stop(),
      seconds,
      orders,
    };
    return { bench: 'backlog', variant: 'drain', figures, cpuMicroseconds: perOrder(cpu, orders) };
  } finally {
    memory.stop();
    await flow.close();
  }
}

async function publishAll(flow: Flow, orders: number): Promise<number> {
  const started = performance.now();
  await flow.publish({ max_attempts: 1 });
  while ((await laneDepth(flow.broker, ordersPipeline)) < orders) await sleep(50);
  return (performance.now() - started) / 1_000;
}

/** The most memory that RabbitMQ has while it is watched, in MiB. */
function watchBroker({ servers }: Arena): { stop(): number } {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, brokerMemory(servers.mark));
  }, 500);
  return {
    stop: () => {
      clearInterval(timer);
      return most;
    },
  };
}
