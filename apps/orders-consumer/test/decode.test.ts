import type { Delivery } from '@esteira/messaging';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decoder } from '../src/stages/decode.ts';

const decode = decoder(['system-1']);
const sent: Delivery = {
  tag: 1,
  redelivered: false,
  lane: 'primary',
  messageId: 'm',
  type: 'order.placed',
  headers: { 'x-attempt': 1, 'x-round': 1, another: 'header' },
  body: Buffer.from('not JSON'),
};
const idOf = (delivery: Delivery) => decode([delivery])[0]?.attempt.messageId;

const reversed = (headers: object) => Object.fromEntries(Object.entries(headers).reverse());

describe('a message that nobody can read', () => {
  it('has the same id however often the broker delivers it again', () => {
    const added = fc.record({
      'x-delivery-count': fc.nat(),
      'x-acquired-count': fc.nat(),
      'x-death': fc.array(fc.object()),
      'x-first-death-reason': fc.string(),
      'x-last-death-queue': fc.string(),
    });
    fc.assert(
      fc.property(added, fc.nat(), (headers, tag) => {
        const again = { ...sent, tag, redelivered: true, headers: { ...headers, ...reversed(sent.headers) } };
        expect(idOf(again)).toBe(idOf(sent));
      }),
    );
  });

  it('has another id when its sender sent other headers, bytes or properties', () => {
    const others = [
      { ...sent, headers: { 'x-attempt': 2 } },
      { ...sent, body: Buffer.from('nor this') },
      { ...sent, messageId: 'n' },
      { ...sent, type: 'order.cancelled' },
    ];
    expect(new Set([sent, ...others].map(idOf)).size).toBe(1 + others.length);
  });
});
