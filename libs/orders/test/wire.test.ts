import { expect, it } from 'vitest';
import { orderMessages } from '../src/domain/index.ts';

it('an order is on the wire, byte for byte, what earlier releases made of it', () => {
  const messageOf = orderMessages({ system: 'system-1', database: 'd', schema: 'public', table: 'orders' });
  const order = {
    ...{ id: '2', product: 'ção', price: '1.00', created_at: '2026-01-01T00:00:00.123456+00:00' },
    security_check: true,
  };
  const { body, ...properties } = messageOf(order, { maxAttempts: 5, round: 2 });
  expect(properties).toEqual({
    messageId: 'a07ce9e5-17c8-8c22-8000-000000000002',
    type: 'order.placed',
    lane: 'primary',
    headers: { 'x-schema-version': 1, 'x-attempt': 1, 'x-max-attempts': 5, 'x-round': 2 },
  });
  expect(Buffer.from(body).toString()).toBe(
    '{"message_id":"a07ce9e5-17c8-8c22-8000-000000000002","processing":{"attempts_required":1,"max_attempts":5},"origin":{"system":"system-1","database":"d","schema":"public","table":"orders"},"order":{"id":"2","product":"ção","price":"1.00","created_at":"2026-01-01T00:00:00.123456+00:00","security_check":true}}',
  );
});
