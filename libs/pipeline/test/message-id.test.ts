import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentId, isMessageId, messageIds, rowIdOf, systemsByMessageId } from '../src/index.ts';

const rowId = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });

describe('the id of a message', () => {
  it('is a UUIDv8 of the RFC 9562 variant for every row id', () => {
    fc.assert(
      fc.property(fc.string(), rowId, (system, id) => {
        const messageId = messageIds('orders', system)(String(id));
        expect(isMessageId(messageId)).toBe(true);
        expect(messageId[14]).toBe('8');
        expect(messageId[19]).toMatch(/[89ab]/);
      }),
    );
  });

  it('gives back the 63 bits of its row id', () => {
    fc.assert(
      fc.property(rowId, (id) => {
        const bits = BigInt(`0x${messageIds('orders', 'system-1')(String(id)).replaceAll('-', '')}`);
        const top = (bits >> 64n) & 1n;
        expect((top << 62n) | (bits & (2n ** 62n - 1n))).toBe(id);
      }),
    );
  });

  it('tells which system it is of, without its row', () => {
    const systems = Array.from({ length: 10 }, (_, index) => `system-${index}`);
    const systemOf = systemsByMessageId('orders', systems);
    fc.assert(
      fc.property(rowId, fc.constantFrom(...systems), (id, system) => {
        expect(systemOf(messageIds('orders', system)(String(id)))).toBe(system);
      }),
    );
    expect(systemOf(messageIds('orders', 'another')('1'))).toBeUndefined();
    expect(systemOf('no id')).toBeUndefined();
  });

  it('tells its row to whoever knows the system, and nothing to anybody else', () => {
    fc.assert(
      fc.property(rowId, (id) => {
        const messageId = messageIds('orders', 'system-1')(String(id));
        expect(rowIdOf(messageId, 'orders', 'system-1')).toBe(String(id));
        expect(rowIdOf(messageId, 'orders', 'system-2')).toBeUndefined();
        expect(rowIdOf(messageId, 'tasks', 'system-1')).toBeUndefined();
      }),
    );
    expect(rowIdOf('no id', 'orders', 'system-1')).toBeUndefined();
  });

  it('sorts as the row ids of its system do', () => {
    fc.assert(
      fc.property(rowId, rowId, (a, b) => {
        const idOf = messageIds('orders', 'system-1');
        expect(idOf(String(a)) < idOf(String(b))).toBe(a < b);
      }),
    );
  });

  it('differs between systems and between pipelines', () => {
    const all = ['orders', 'tasks'].flatMap((p) => ['system-1', 'system-2'].map((s) => messageIds(p, s)('7')));
    expect(new Set(all).size).toBe(4);
  });

  it('is refused for a row id that does not fit', () => {
    expect(() => messageIds('orders', 'system-1')('-1')).toThrow(RangeError);
    expect(() => messageIds('orders', 'system-1')(String(2n ** 63n))).toThrow(RangeError);
  });
});

describe('the id of a message without a readable one', () => {
  it('is the same for the same bytes and properties, and another for others', () => {
    const a = contentId(Buffer.from('x'), { type: 't' });
    expect(a).toBe(contentId(Buffer.from('x'), { type: 't' }));
    expect(isMessageId(a)).toBe(true);
    expect(a).not.toBe(contentId(Buffer.from('y'), { type: 't' }));
    expect(a).not.toBe(contentId(Buffer.from('x'), { type: 'u' }));
  });
});
