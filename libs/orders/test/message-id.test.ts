import { isMessageId } from '@esteira/pipeline';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageIds, rowIdOf, systemsByMessageId } from '../src/domain/index.ts';

const rowId = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });

describe('the id of a message', () => {
  it('is a UUIDv8 of the RFC 9562 variant for every row id', () => {
    fc.assert(
      fc.property(fc.string(), rowId, (system, id) => {
        const messageId = messageIds(system)(String(id));
        expect(isMessageId(messageId)).toBe(true);
        expect(messageId[14]).toBe('8');
        expect(messageId[19]).toMatch(/[89ab]/);
      }),
    );
  });

  it('gives back the 63 bits of its row id', () => {
    fc.assert(
      fc.property(rowId, (id) => {
        const bits = BigInt(`0x${messageIds('system-1')(String(id)).replaceAll('-', '')}`);
        const top = (bits >> 64n) & 1n;
        expect((top << 62n) | (bits & (2n ** 62n - 1n))).toBe(id);
      }),
    );
  });

  it('tells which system it is of, without its row', () => {
    const systems = Array.from({ length: 10 }, (_, index) => `system-${index}`);
    const systemOf = systemsByMessageId(systems);
    fc.assert(
      fc.property(rowId, fc.constantFrom(...systems), (id, system) => {
        expect(systemOf(messageIds(system)(String(id)))).toBe(system);
      }),
    );
    expect(systemOf(messageIds('another')('1'))).toBeUndefined();
    expect(systemOf('no id')).toBeUndefined();
  });

  it('tells its row to whoever knows the system, and nothing to anybody else', () => {
    fc.assert(
      fc.property(rowId, (id) => {
        const messageId = messageIds('system-1')(String(id));
        expect(rowIdOf(messageId, 'system-1')).toBe(String(id));
        expect(rowIdOf(messageId, 'system-2')).toBeUndefined();
      }),
    );
    expect(rowIdOf('no id', 'system-1')).toBeUndefined();
  });

  it('sorts as the row ids of its system do', () => {
    fc.assert(
      fc.property(rowId, rowId, (a, b) => {
        const idOf = messageIds('system-1');
        expect(idOf(String(a)) < idOf(String(b))).toBe(a < b);
      }),
    );
  });

  it.each([
    ['system-1', '1', 'a07ce9e5-17c8-8c22-8000-000000000001'],
    ['system-2', '34868', '98d2427e-8a0c-82ba-8000-000000008834'],
    ['system-1', '9223372036854775807', 'a07ce9e5-17c8-8c23-bfff-ffffffffffff'],
  ])('is what it has been since the first release: of %s, row %s', (system, id, messageId) => {
    expect(messageIds(system)(id)).toBe(messageId);
  });

  it('is refused for a row id that does not fit', () => {
    expect(() => messageIds('system-1')('-1')).toThrow(RangeError);
    expect(() => messageIds('system-1')(String(2n ** 63n))).toThrow(RangeError);
  });
});
