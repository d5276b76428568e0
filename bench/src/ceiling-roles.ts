import { connect, type ConfirmChannel } from 'amqplib';
import { orderMessages } from '@esteira/orders/domain';
import { serveRole } from './roles.ts';

/** The two processes of the ceiling: one publishes, one consumes. */

interface Opening {
  readonly url: string;
  readonly queue: string;
  /** Most messages without a confirm. */
  readonly window: number;
  readonly prefetch: number;
  /** One ack for so many messages. */
  readonly ackEvery: number;
}

let publishing: { channel: ConfirmChannel; queue: string; window: number };
let made: Buffer[] = [];
let counter: Counter;

serveRole({
  openPublisher: async ({ url, queue, window }: Opening) => {
    const channel = await (await connect(url)).createConfirmChannel();
    publishing = { channel, queue, window };
  },
  make: (count: number) => {
    made = bodies(count);
    return Promise.resolve();
  },
  publish: () => publishAll(made),
  openConsumer: async ({ url, queue, prefetch, ackEvery }: Opening) => {
    const channel = await (await connect(url)).createChannel();
    await channel.prefetch(prefetch);
    counter = new Counter();
    await channel.consume(queue, (message) => {
      if (message === null) return;
      const count = counter.add();
      if (count % ackEvery === 0 || counter.isLast) channel.ack(message, true);
    });
  },
  consumed: (count: number) => counter.reached(count),
});

/** Resolves when every body is confirmed. New ones go out as confirms come in, so that the window stays full. */
function publishAll(all: readonly Buffer[]): Promise<undefined> {
  const { channel, queue, window } = publishing;
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  let sent = 0;
  let confirmed = 0;
  const fill = () => {
    while (sent < all.length && sent - confirmed < window) {
      const body = all[sent] ?? Buffer.alloc(0);
      sent += 1;
      channel.sendToQueue(queue, body, { persistent: true }, onConfirm);
    }
  };
  const onConfirm = (error: unknown) => {
    if (error != null) reject(error instanceof Error ? error : new Error('a message was nacked'));
    confirmed += 1;
    if (confirmed === all.length) resolve(undefined);
    else if (sent - confirmed <= window / 2) fill();
  };
  fill();
  return promise;
}

/** The bodies that the pipeline publishes, made before the clock runs. */
function bodies(count: number): Buffer[] {
  const messageOf = orderMessages({ system: 'system-1', database: 'system_1', schema: 'public', table: 'orders' });
  return Array.from({ length: count }, (_, index) => {
    const order = { id: String(index + 1), product: 'Storage tin, large', price: '29.33', security_check: true };
    const { body } = messageOf({ ...order, created_at: '2026-01-01T00:00:00.123456+00:00' }, { maxAttempts: 1 });
    return Buffer.from(body);
  });
}

class Counter {
  #count = 0;
  #target = Number.POSITIVE_INFINITY;
  #resolve: () => void = () => undefined;

  add(): number {
    this.#count += 1;
    if (this.isLast) setImmediate(this.#resolve);
    return this.#count;
  }

  get isLast(): boolean {
    return this.#count === this.#target;
  }

  /** Resolves when `count` more messages came. */
  reached(count: number): Promise<undefined> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#target = this.#count + count;
    this.#resolve = () => {
      resolve(undefined);
    };
    return promise;
  }
}
