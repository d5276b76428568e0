import { attemptId, type AttemptDocument } from '@esteira/attempt-log';
import type { AtRest } from '@esteira/dead-letters';
import { ordersDefinition } from '@esteira/orders/consumer';
import { orderMessages, type OrderMessage } from '@esteira/orders/domain';
import { simulatedVerifier } from '@esteira/orders/verifiers';
import { describe, expect, it } from 'vitest';
import { decoder } from '../src/stages/decode.ts';
import { logEntryOf } from '../src/stages/log-entry.ts';
import type { Stored } from '../src/work.ts';

const definition = ordersDefinition(['system-1'], simulatedVerifier);

const publisher = orderMessages({ system: 'system-1', database: 'd', schema: 'public', table: 'orders' });
const order = { id: '42', product: 'p', price: '1.00', created_at: '2026-01-01T00:00:00+00:00', security_check: true };
const message = publisher(order, { maxAttempts: 5 });
const now = new Date('2026-01-01T00:01:00Z');
const restedAt = '2026-01-01T00:00:30+00:00';
const id = attemptId(message.messageId, 1, 3);

const stored: AtRest = {
  kind: 'stored',
  messageId: message.messageId,
  round: 1,
  attempts: 3,
  storedAt: restedAt,
};
const failure = { code: 'c', message: 'm' };
const dead: AtRest = {
  kind: 'dead',
  messageId: message.messageId,
  state: 'dead',
  deadAt: restedAt,
  reason: 'refused',
  last: { round: 1, attempt: 3, error: failure, worker: 'w', started_at: restedAt, duration_ms: 1 },
};

/** A copy of the third attempt, of a message that rests; `logged` is how the log says that attempt ended. */
function copyOf(rest: AtRest, logged?: AttemptDocument['status']): Stored<OrderMessage> {
  const headers = { ...message.headers, 'x-attempt': 3 };
  const [decoded] = decoder(definition)([{ ...message, tag: 1, redelivered: true, headers }]);
  const made = logged === undefined ? {} : { made: { _id: id, status: logged } as AttemptDocument };
  const skip = { kind: 'skip', why: 'at-rest' } as const;
  return { ...decoded!, rest, ...made, outcome: skip, decision: skip, startedAt: now, durationMs: 0 };
}

const entryOf = (work: Stored<OrderMessage>) =>
  logEntryOf(work, { ...definition, worker: 'w', logTtlSeconds: 600 }, now);

describe('the attempt that brought a message to rest', () => {
  it.each([
    ['stored', stored, 'succeeded'],
    ['dead', dead, 'dead-lettered'],
  ] as const)('is logged by a copy that finds it %s, when its consumer did not come to that', (_, rest, status) => {
    expect(entryOf(copyOf(rest))).toMatchObject({ _id: id, status, processed_at: new Date(restedAt) });
    expect(entryOf(copyOf(rest))).toMatchObject({ key: '42', incarnation: order.created_at, order });
  });

  it.each([
    ['stored', stored, 'succeeded'],
    ['dead', dead, 'dead-lettered'],
  ] as const)('corrects the failure that another copy logged for it, when it is %s', (_, rest, status) => {
    expect(entryOf(copyOf(rest, 'failed'))).toMatchObject({ _id: id, status });
  });

  it('is not logged again when the log says so already', () => {
    expect(entryOf(copyOf(stored, 'succeeded'))).toBeUndefined();
    expect(entryOf(copyOf(dead, 'dead-lettered'))).toBeUndefined();
  });
});
