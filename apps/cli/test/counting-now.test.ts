import {
  connectBroker,
  declareTopology,
  names,
  openManagement,
  pipelineTopology,
  queueDepths,
  type Broker,
} from '@esteira/messaging';
import { ordersPipeline } from '@esteira/orders/domain';
import { freshVirtualHost, serverSetting, type Fresh } from '@esteira/tests/support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { quiet } from '../src/connections.ts';
import { countingNow } from '../src/counting-now.ts';

let vhost: Fresh;
let broker: Broker;

beforeAll(async () => {
  vhost = await freshVirtualHost();
  broker = await connectBroker({ url: vhost.url, name: 'test', logger: quiet });
  await broker.untilConnected();
});
afterAll(async () => {
  await broker.close();
  await vhost.drop();
});

it('the depths of the queues are those of this moment, also where RabbitMQ has no counts of them yet', async () => {
  const management = openManagement(serverSetting('RABBITMQ_MANAGEMENT_URL'), vhost.url);
  await declareTopology(broker, pipelineTopology(ordersPipeline), management, quiet);
  const channel = await broker.confirmChannel();
  await channel.assertQueue('of-somebody-else', { exclusive: true });
  const lane = names.lane(ordersPipeline, ordersPipeline.lanes[0]);
  for (const queue of [lane, lane, lane, names.deadLetterQueue(ordersPipeline)])
    channel.sendToQueue(queue, Buffer.from('{}'));
  await channel.waitForConfirms();
  const depths = await queueDepths(countingNow(management, broker, ordersPipeline), ordersPipeline);
  expect(depths).toEqual({ lanes: 3, waiting: 0, deadLetters: 1, returned: 0 });
  await channel.close();
});
