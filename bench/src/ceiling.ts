import { connect } from 'amqplib';
import type { Arena } from './arena.ts';
import type { Measurement } from './measured.ts';
import { perOrder } from './measured.ts';
import { openPlace } from './place.ts';
import { cpuBetween, cpuSeconds } from './resources.ts';
import { startRole } from './roles.ts';

/**
 * The yardstick: what amqplib and this RabbitMQ carry when nothing else is to be done. One process publishes with
 * confirms, another consumes with acks, at once, through one quorum queue; the bodies are those of the pipeline.
 *
 * Fair, since it is as fast as bare amqplib goes: no headers, no exchange of ours, bodies made before the clock runs,
 * one ack for many messages, a window and a prefetch that were tried out (smaller and larger ones are slower). Both
 * processes are warm. The clock runs from the first publish until the last message is confirmed and acked.
 */
export async function measureCeiling({ servers }: Arena, orders: number): Promise<Measurement> {
  const place = await openPlace(servers.settings);
  const [publisher, consumer] = [startRole('./ceiling-roles.ts'), startRole('./ceiling-roles.ts')];
  const opening = { url: place.settings.RABBITMQ_URL, queue: 'ceiling', ...CEILING };
  try {
    await declareQueue(opening);
    await Promise.all([publisher.ask('openPublisher', opening), consumer.ask('openConsumer', opening)]);
    const carry = async (count: number): Promise<number> => {
      await publisher.ask('make', count);
      const started = performance.now();
      await Promise.all([consumer.ask('consumed', count), publisher.ask('publish')]);
      return (performance.now() - started) / 1_000;
    };
    await carry(Math.min(orders, WARM_UP));
    const pids = { publisher: publisher.pid, consumer: consumer.pid };
    const before = cpuSeconds(servers.mark, pids);
    const seconds = await carry(orders);
    const cpu = cpuBetween(before, cpuSeconds(servers.mark, pids));
    const figures = { 'orders/s': orders / seconds, seconds, orders };
    return { bench: 'ceiling', variant: 'bare amqplib', figures, cpuMicroseconds: perOrder(cpu, orders) };
  } finally {
    await Promise.all([publisher.end(), consumer.end()]);
    await place.drop();
  }
}

/** Orders that go through before the clock runs, so that V8 has compiled what is hot. */
export const WARM_UP = 20_000;

const CEILING = { window: 2_000, prefetch: 4_000, ackEvery: 250 };

async function declareQueue({ url, queue }: { url: string; queue: string }): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await connection.close();
}
