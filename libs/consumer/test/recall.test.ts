import { attemptId, type AttemptDocument, type AttemptLog } from '@esteira/attempt-log';
import type { DelayStrategy, Delivery } from '@esteira/messaging';
import { ordersDefinition } from '@esteira/orders/consumer';
import { orderMessages, ordersPipeline, type OrderMessage } from '@esteira/orders/domain';
import { simulatedVerifier } from '@esteira/orders/verifiers';
import type { OutgoingMessage } from '@esteira/pipeline';
import type { Sql } from '@esteira/postgres';
import { describe, expect, it } from 'vitest';
import { decoder } from '../src/stages/decode.ts';
import { recall } from '../src/stages/recall.ts';
import { settle } from '../src/stages/settle.ts';
import type { Stored } from '../src/work.ts';

const definition = ordersDefinition(['system-1'], simulatedVerifier);

const created_at = '2026-01-01T00:00:00+00:00';
const order = { id: '42', product: 'p', price: '1.00', created_at, security_check: true };
const publisher = orderMessages({ system: 'system-1', database: 'd', schema: 'public', table: 'orders' });
const message = publisher(order, { maxAttempts: 5 });
const now = new Date('2026-01-01T00:00:00Z');

function decoded(attempt: number, changes: Partial<Delivery> = {}) {
  const headers = { ...message.headers, 'x-attempt': attempt };
  return decoder(definition)([{ ...message, tag: attempt, redelivered: true, headers, ...changes }])[0]!;
}

const documentOf = (attempt: number, createdAt = created_at) =>
  ({
    _id: attemptId(message.messageId, 1, attempt),
    message_id: message.messageId,
    status: 'failed',
    order: { ...order, created_at: createdAt },
  }) as unknown as AttemptDocument;

async function madeOf(batch: readonly number[], documents: readonly AttemptDocument[]) {
  const attemptLog = {
    find: (ids: string[]) => Promise.resolve(documents.filter(({ _id }) => ids.includes(_id))),
  } as unknown as AttemptLog;
  const endput = { query: () => Promise.resolve([]) } as unknown as Sql;
  const recalled = await recall(
    batch.map((attempt) => decoded(attempt)),
    { ...definition, endput, attemptLog },
  );
  return recalled.map(({ made }) => made?._id);
}

describe('an attempt that was made already', () => {
  it('is recalled for its own number only, when copies with several are in one batch', async () => {
    const [second, first] = [documentOf(2), documentOf(1)];
    expect(await madeOf([1, 2, 3], [second, first])).toEqual([first._id, second._id, undefined]);
  });

  it('is not recalled for another order that has the id now', async () => {
    expect(await madeOf([1], [documentOf(1, '1997-01-01T00:00:00+00:00')])).toEqual([undefined]);
  });

  it('is recalled by the incarnation that its document tells, whatever else that keeps', async () => {
    const { order: kept, ...document } = documentOf(1) as AttemptDocument & { order: object };
    const own = { ...document, incarnation: created_at, order: { ...kept, created_at: 'not looked at' } };
    expect(await madeOf([1], [own])).toEqual([own._id]);
    expect(await madeOf([1], [{ ...own, incarnation: '1997-01-01T00:00:00+00:00' }])).toEqual([undefined]);
  });

  it('is recalled where an earlier release kept its time as its body spelled it', async () => {
    expect(await madeOf([1], [documentOf(1, '2026-01-01T02:00:00.000+02:00')])).toEqual([documentOf(1)._id]);
  });

  it('is not recalled where the document is of a body that nobody could read', async () => {
    const unread = { ...documentOf(1), incarnation: created_at, order: null };
    expect(await madeOf([1], [unread])).toEqual([undefined]);
  });

  it('is recalled beside that of another order that had the id before', async () => {
    const own = { ...documentOf(1), _id: `${attemptId(message.messageId, 1, 1)}:${created_at}` };
    expect(await madeOf([1, 2], [documentOf(1, '1997-01-01T00:00:00+00:00'), own, documentOf(2)])).toEqual([
      own._id,
      documentOf(2)._id,
    ]);
  });
});

describe('a retry', () => {
  it.each([
    ['primary', 'primary'],
    ['orders.primary', 'primary'],
  ])('of a message that came by %s waits for the lane %s', async (lane, expected) => {
    const handed: OutgoingMessage[] = [];
    const delay = {
      hand: (all: OutgoingMessage[]) => Promise.resolve(handed.push(...all)),
    } as unknown as DelayStrategy;
    const attemptLog = { record: () => Promise.resolve() } as unknown as AttemptLog;
    const error = { code: 'c', message: 'm' };
    const work: Stored<OrderMessage> = {
      ...decoded(1, { lane }),
      outcome: { kind: 'retry', error },
      decision: { kind: 'wait', delayMs: 1, dueAt: now, error },
      startedAt: now,
      durationMs: 1,
    };
    const publishDeadLetters = () => Promise.resolve([]);
    const settling = {
      ...definition,
      attemptLog,
      logTtlSeconds: 60,
      delay,
      publishDeadLetters,
      worker: 'w',
      now: () => now,
    };
    await settle([work], settling, () => undefined);
    expect(handed.map((one) => [one.lane, one.headers['x-attempt']])).toEqual([[expected, 2]]);
    expect(ordersPipeline.lanes).toContain(expected);
  });
});
