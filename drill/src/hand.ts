import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '@esteira/settings';
import { connectBroker, createPublisher, names, virtualHostOf, type Broker } from '@esteira/messaging';
import { ordersPipeline } from '@esteira/orders/domain';
import type { OutgoingMessage } from '@esteira/pipeline';
import { quiet } from '@esteira/cli/connections';

/** The drill's own hand in the broker, past all links. */
export interface Hand {
  readonly broker: Broker;
  /** Publishes into the lane until every message is confirmed: after a loss all of them are sent again. */
  publish(messages: readonly OutgoingMessage[], signal: AbortSignal): Promise<void>;
  /** Makes the broker refuse what should wait for a retry, or stop refusing it. */
  refuseRetries(refuse: boolean, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

const TRY_AGAIN_MS = 250;
const POLICY = 'drill-refuses-retries';

/** Opens the hand. It needs no server to be there yet. */
export async function openHand(settings: Settings): Promise<Hand> {
  const broker = await connectBroker({ url: settings.RABBITMQ_URL, name: 'drill', logger: quiet });
  const send = createPublisher(broker, {
    exchange: names.exchange(ordersPipeline),
    mandatory: true,
    appId: 'esteira drill',
  });
  return {
    broker,
    publish: (messages, signal) =>
      persist(signal, async () => {
        const outcomes = await send(messages);
        if (outcomes.some((outcome) => outcome !== 'confirmed')) throw new Error('The broker did not take all of them');
      }),
    refuseRetries: (refuse, signal) => persist(signal, () => setPolicy(settings, refuse)),
    close: () => broker.close(),
  };
}

/** Tries until it works; a server that is away comes back. */
async function persist(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await work();
      return;
    } catch {
      await sleep(TRY_AGAIN_MS, undefined, { signal });
    }
  }
}

/** Wait queues that hold nothing: their overflow is `reject-publish`, so that the broker answers with a nack. */
async function setPolicy(settings: Settings, refuse: boolean): Promise<void> {
  const { origin, username, password } = new URL(settings.RABBITMQ_MANAGEMENT_URL);
  const vhost = encodeURIComponent(virtualHostOf(settings.RABBITMQ_URL));
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  const policy = {
    pattern: `^${ordersPipeline.name}[.]wait[.]`,
    definition: { 'max-length': 0 },
    'apply-to': 'queues',
  };
  const response = await fetch(`${origin}/api/policies/${vhost}/${POLICY}`, {
    method: refuse ? 'PUT' : 'DELETE',
    headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/json' },
    ...(refuse ? { body: JSON.stringify(policy) } : {}),
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok && response.status !== 404) throw new Error(`The management API answered ${response.status}`);
}
