import type { Pipeline, RetryPolicy } from '@esteira/pipeline';
import type { Broker } from '../broker.ts';
import { connectOnce } from '../connection.ts';
import { delayedExchangeStrategy } from './delayed-exchange.ts';
import type { DelayStrategy } from './strategy.ts';
import { waitQueueStrategy } from './wait-queue.ts';

/** The setting `DELAY_STRATEGY`. */
export type DelayStrategySetting = 'auto' | DelayStrategy['name'];

/** A setting that this broker, or this policy, does not allow. The message says what to do. */
export class DelayStrategyRefused extends Error {
  override name = 'DelayStrategyRefused';
}

/** A strategy, and why it is this one. */
export interface Choice {
  readonly strategy: DelayStrategy;
  readonly why: string;
}

/** Chooses how retries wait. @throws DelayStrategyRefused when the broker or the policy does not allow the setting. */
export async function chooseDelayStrategy(
  setting: DelayStrategySetting,
  policy: RetryPolicy,
  broker: { url: string; connection: Broker; pipeline: Pipeline },
): Promise<Choice> {
  const choice = await chosen(setting, broker);
  const can = choice.strategy.canExpress(policy);
  if (can !== true)
    throw new DelayStrategyRefused(`${choice.strategy.name} can't keep this retry schedule: ${can.why}.`);
  return choice;
}

async function chosen(
  setting: DelayStrategySetting,
  { url, connection, pipeline }: { url: string; connection: Broker; pipeline: Pipeline },
): Promise<Choice> {
  if (setting === 'delayed-exchange') {
    if (!(await hasDelayedExchange(url))) {
      throw new DelayStrategyRefused(
        `RabbitMQ at ${connection.address} has no exchange type x-delayed-message. Enable the plugin rabbitmq_delayed_message_exchange, or set DELAY_STRATEGY=wait-queue (or auto).`,
      );
    }
    return { strategy: delayedExchangeStrategy(connection, pipeline), why: 'DELAY_STRATEGY asks for it' };
  }
  const why = setting === 'auto' ? 'it is safe on every broker' : 'DELAY_STRATEGY asks for it';
  return { strategy: waitQueueStrategy(connection, pipeline), why };
}

/** What a broker without the plugin answers: 3.10 closes the connection with 503, later ones the channel with 406. */
const UNKNOWN_EXCHANGE_TYPE = [406, 503];

/** Whether a broker has the delayed-message plugin. Asks on a connection of its own, which a 3.10 closes over it. */
export async function hasDelayedExchange(url: string): Promise<boolean> {
  const connection = await connectOnce(url, {
    timeout: 10_000,
    clientProperties: { connection_name: 'esteira probe' },
  });
  let refusal: unknown;
  const onRefusal = (error: unknown) => (refusal = error);
  connection.on('error', onRefusal);
  const name = `esteira.probe.${process.pid}.${Date.now()}`;
  try {
    const channel = await connection.createChannel();
    channel.on('error', onRefusal);
    const args = { 'x-delayed-type': 'direct' };
    await channel.assertExchange(name, 'x-delayed-message', { durable: false, autoDelete: true, arguments: args });
    await channel.deleteExchange(name);
    return true;
  } catch (error) {
    // On 3.10 the call only learns that its channel ended; the connection's error carries the code.
    const { code } = (refusal ?? error) as { code?: number };
    if (code !== undefined && UNKNOWN_EXCHANGE_TYPE.includes(code)) return false;
    throw error;
  } finally {
    await connection.close().catch(() => undefined); // A refused connection is closed already.
  }
}
