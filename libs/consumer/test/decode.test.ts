import { randomUUID } from 'node:crypto';
import type { Delivery } from '@esteira/messaging';
import { ordersDefinition } from '@esteira/orders/consumer';
import { orderMessages, type Order } from '@esteira/orders/domain';
import { simulatedVerifier } from '@esteira/orders/verifiers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decoder } from '../src/stages/decode.ts';

const definition = ordersDefinition(['system-1'], simulatedVerifier);

const decode = decoder(definition);
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

describe('a message that is too big', () => {
  const bodyOf = (bytes: number) => {
    const body = Buffer.alloc(bytes, ' ');
    Buffer.from(whole.delivery.body).copy(body);
    return decodeOne({ ...delivered(), body }).content;
  };

  it('is not read, however right the rest of it is; one of a megabyte is', () => {
    expect(bodyOf(1_000_000).kind).toBe('readable');
    expect(bodyOf(1_000_001)).toMatchObject({ kind: 'unreadable', failure: { code: 'invalid-too-big' } });
  });
});

const row: Order = {
  id: '42',
  product: 'p',
  price: '1.00',
  created_at: '2026-01-01T00:00:00+00:00',
  security_check: true,
};
const publisher = orderMessages({ system: 'system-1', database: 'd', schema: 'public', table: 'orders' });
const delivered = (changes: object = {}): Delivery => ({
  ...publisher({ ...row, ...changes }, { maxAttempts: 5 }),
  tag: 1,
  redelivered: false,
});
const decodeOne = (delivery: Delivery) => decode([delivery])[0]!;
const whole = decodeOne(delivered());

describe('a row that no order can be made of', () => {
  const odd: [string, object, string | null][] = [
    ['a price that is no number', { price: 'NaN' }, row.created_at],
    ['no price', { price: null }, row.created_at],
    ['a time without end', { created_at: 'infinity' }, null],
    ['a year above 9999', { created_at: '10000-01-01T00:00:00+00:00' }, null],
    ['a year before Christ', { created_at: '0044-03-15T00:00:00+00:00 BC' }, null],
    ['no time', { created_at: null }, null],
  ];
  it.each(odd)('for it has %s keeps its identity, so that it counts as dead', (_, changes, incarnation) => {
    const { attempt, content, madeAt } = decodeOne(delivered(changes));
    const { created_at } = { ...row, ...changes };
    expect(content).toMatchObject({ kind: 'unreadable', failure: { code: 'invalid-schema' } });
    expect(attempt).toEqual({ ...whole.attempt, incarnation });
    expect(madeAt).toBe(created_at);
  });

  it('proves nobody when its body is none that a publisher sends', () => {
    for (const changes of [{ price: 1 }, { id: '0x2a' }, { id: ' 42' }, { id: 42 }, { more: true }]) {
      const body = JSON.parse(Buffer.from(whole.delivery.body).toString()) as { order: object };
      const spoiled = Buffer.from(JSON.stringify({ ...body, order: { ...body.order, ...changes } }));
      expect(decodeOne({ ...delivered(), body: spoiled }).attempt).toMatchObject({ origin: '', key: '' });
    }
  });
});

describe('who a message is', () => {
  const identity = { messageId: randomUUID(), origin: 'depot', key: 'the red box', incarnation: null };
  const told = (changes: object) => {
    const codec = { originOf: () => undefined, read: () => ({ identity: { ...identity, ...changes }, message: {} }) };
    return decoder({ pipeline: definition.pipeline, codec })([delivered()])[0]!;
  };

  it('may be told in any words, and without an incarnation', () => {
    expect(told({})).toMatchObject({ attempt: identity, madeAt: null, content: { kind: 'readable' } });
  });

  it.each([
    ['an id that is no UUID', { messageId: 'the red box' }],
    ['an empty key', { key: '' }],
    ['a key of more than 255 characters', { key: 'k'.repeat(256) }],
    ['an origin with a NUL', { origin: 'a\0' }],
    ['an incarnation with half a pair', { incarnation: '\ud800' }],
  ])('is not believed where no table could hold it: %s', (_, changes) => {
    const { attempt, content } = told(changes);
    expect(attempt).toMatchObject({ origin: '', key: '', incarnation: null });
    expect(content).toMatchObject({ kind: 'unreadable', failure: { code: 'invalid-identity' } });
  });
});

describe('a message of one of several types', () => {
  const types = [
    { name: 'order.placed', schemaVersion: 1 },
    { name: 'order.changed', schemaVersion: 3 },
  ] as const;
  const several = decoder({ ...definition, pipeline: { ...definition.pipeline, types } });
  const kindOf = (type: string, version: number) => {
    const good = delivered();
    const [decoded] = several([{ ...good, type, headers: { ...good.headers, 'x-schema-version': version } }]);
    return decoded?.content.kind;
  };

  it('is read up to the schema version of its type, and given back beyond it', () => {
    expect([1, 2].map((version) => kindOf('order.placed', version))).toEqual(['readable', 'too-new']);
    expect([1, 3, 4].map((version) => kindOf('order.changed', version))).toEqual(['readable', 'readable', 'too-new']);
  });

  it('is refused where its type is none of them', () => {
    for (const type of ['order.cancelled', 'constructor', '']) expect(kindOf(type, 3)).toBe('unreadable');
    expect(kindOf('order.cancelled', 4)).toBe('too-new');
  });
});

describe('a spoiled copy of a message', () => {
  const good = delivered();
  const copies: [string, Delivery][] = [
    ['type', { ...good, type: 'order.cancelled' }],
    ['headers', { ...good, headers: {} }],
    ['attempt', { ...good, headers: { ...good.headers, 'x-attempt': 6 } }],
    ['type and an odd row', { ...delivered({ price: 'NaN' }), type: 'order.cancelled' }],
  ];
  it.each(copies)('with a wrong %s tells of its row, and has an id of its own', (_, copy) => {
    const { attempt, content, madeAt } = decodeOne(copy);
    expect(content.kind).toBe('unreadable');
    expect(attempt).toMatchObject({ origin: 'system-1', key: '42', incarnation: row.created_at });
    expect(madeAt).toBe(row.created_at);
    expect(attempt.messageId).not.toBe(whole.attempt.messageId);
    expect(decodeOne({ ...copy, tag: 2, redelivered: true }).attempt).toEqual(attempt);
  });
});
