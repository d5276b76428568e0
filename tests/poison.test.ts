import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createPublisher, names } from '@esteira/messaging';
import { orderMessages, ordersPipeline, type Order, type OrderMessage } from '@esteira/orders/domain';
import { HEADER, type OutgoingMessage } from '@esteira/pipeline';
import { openBooks, startPipeline, type Books, type Pipeline } from '@esteira/tests/support';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';

/** How many poison messages go among as many good ones; the full drill takes 100,000. */
const COUNT = Number(process.env['POISON'] ?? '2000');
/** What a consumer may take, whatever it is sent, in bytes. */
const MAX_RSS_BYTES = 600 * 2 ** 20;
/** An id that no order has. */
const NOBODY = '00000000-0000-8000-8000-000000000000';

let pipeline: Pipeline;
let books: Books;

beforeAll(async () => {
  pipeline = await startPipeline({ systems: 1 });
  books = await openBooks(pipeline.settings);
});

afterAll(async () => {
  await books.close();
  await pipeline.stop();
});

const order = (id: number): Order => ({
  id: String(id),
  product: '2 CDs',
  price: '29.33',
  created_at: '2026-01-01T00:00:00+00:00',
  security_check: true,
});

/** A message whose body says something else. */
function withBody(message: OutgoingMessage, change: (body: OrderMessage) => object): OutgoingMessage {
  const body = JSON.parse(Buffer.from(message.body).toString()) as OrderMessage;
  return { ...message, body: Buffer.from(JSON.stringify(change(body))) };
}

/** As long as the broker lets a message be. */
function longest(message: OutgoingMessage, n: number): OutgoingMessage {
  const body = Buffer.alloc(1_000_000, ' ');
  body.write(`{"order":${n}}`);
  return { ...message, body };
}

/** Ways to spoil a message. Each keeps it apart from every other by the number in it. */
const spoilers: readonly ((message: OutgoingMessage, n: number) => OutgoingMessage)[] = [
  (message, n) => ({ ...message, body: Buffer.from(`not json ${n}`) }),
  (message, n) => ({ ...message, body: Buffer.from(`${'['.repeat(50_000)}${n}`) }),
  (message, n) => ({ ...message, body: Buffer.concat([message.body, Buffer.from([0xff, n % 256])]) }),
  (message, n) => ({ ...message, body: Buffer.from(JSON.stringify({ order: n })) }),
  (message, n) => ({ ...message, headers: { ...message.headers, [HEADER.attempt]: -n - 1 } }),
  (message, n) => ({ ...message, headers: { ...message.headers, [HEADER.round]: 'first', n } }),
  (message, n) => ({ ...message, headers: { n } }),
  (message, n) => ({
    ...message,
    headers: { ...message.headers, [HEADER.attempt]: null, [`x-${n}`]: 'x'.repeat(60_000) },
  }),
  (message) => ({ ...message, type: 'order.cancelled' }),
  (message, n) => ({ ...message, messageId: `poison ${n}`, body: Buffer.from(`{"message_id":${n}}`) }),
  (message, n) => withBody(message, (body) => ({ ...body, order: { ...body.order, id: String(10 ** 9 + n) } })),
  (message, n) => ({ ...withBody(message, (body) => ({ ...body, message_id: NOBODY })), messageId: `${NOBODY}${n}` }),
  (message) => withBody(message, (body) => ({ ...body, origin: { ...body.origin, system: 'nowhere' } })),
  (message, n) => withBody(message, (body) => ({ ...body, order: { ...body.order, product: `a\0b ${n}` } })),
  // Few of these: a hundred of them are a hundred megabytes.
  (message, n) => (n % 20 === 0 ? longest(message, n) : { ...message, body: Buffer.from(`"${n}`) }),
];

function poison(): fc.Arbitrary<OutgoingMessage[]> {
  const toMessage = orderMessages({
    system: pipeline.settings.systems[0]!.name,
    database: 'd',
    schema: 'public',
    table: 'orders',
  });
  const kinds = fc.array(fc.nat({ max: spoilers.length - 1 }), { minLength: COUNT, maxLength: COUNT });
  return kinds.map((all) =>
    all.flatMap((kind, n) => [
      toMessage(order(2 * n + 1), { maxAttempts: 1 }),
      spoilers[kind]!(toMessage(order(2 * n + 2), { maxAttempts: 1 }), n),
    ]),
  );
}

const digestOf = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');

/** The memory a process holds, in bytes. */
function rssOf(pid: number): number {
  const [, kib = '0'] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) * 1024;
}

it(`${COUNT} poison messages among good ones become dead letters, bytes unchanged, and the consumer stays up and small`, async () => {
  const [messages] = fc.sample(poison(), { numRuns: 1, seed: 7 });
  const publish = createPublisher(books.broker, {
    exchange: names.exchange(ordersPipeline),
    mandatory: true,
    appId: 'test',
  });
  await books.broker.untilConnected();
  const consumer = pipeline.consumers[0]!;
  let highest = 0;
  const watching = setInterval(() => (highest = Math.max(highest, rssOf(consumer.pid()))), 50);
  onTestFinished(() => {
    clearInterval(watching);
  });
  for (let from = 0; from < messages!.length; from += 500) {
    const outcomes = await publish(messages!.slice(from, from + 500));
    expect(new Set(outcomes)).toEqual(new Set(['confirmed']));
  }
  await vi.waitFor(
    async () => {
      const { stored, dead } = await books.counts();
      expect([stored, dead]).toEqual([COUNT, COUNT]);
    },
    { timeout: 240_000, interval: 500 },
  );
  expect(consumer.running()).toBe(true);
  expect(highest).toBeLessThan(MAX_RSS_BYTES);
  const sent = messages!.filter((_, index) => index % 2 === 1).map(({ body }) => digestOf(body));
  const rows = await books.endput<{ body: Buffer; reason: string }>('SELECT body, reason FROM dead_letters');
  // A NUL stands in a text that can be read, and is refused by Postgres.
  expect(new Set(rows.map(({ reason }) => reason))).toEqual(new Set(['invalid', 'rejected-by-store']));
  expect(rows.map(({ body }) => digestOf(body)).sort()).toEqual(sent.sort());
}, 300_000);
