import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ForeignCursor, ISO_TIME, pageOf, readCursor, UUID, writeCursor } from '../src/index.ts';

const ANY = /^/;

describe('a page', () => {
  it('has what fits, and a cursor of its last item where more was found', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { maxLength: 8 }), fc.integer({ min: 1, max: 8 }), (found, most) => {
        const { items, nextCursor } = pageOf(found, most, String);
        expect(items).toEqual(found.slice(0, most));
        expect(nextCursor).toBe(found.length > most ? String(items.at(-1)) : null);
      }),
    );
  });
});

describe('a cursor', () => {
  it('is read as it was written, whatever its parts are', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (parts) => {
        const cursor = writeCursor(parts);
        expect(cursor).toMatch(/^[A-Za-z0-9_-]*$/);
        const shapes = parts.map(() => ANY);
        expect(readCursor(cursor, shapes)).toEqual(parts);
      }),
    );
  });

  it('of another list is refused, and whatever else a person sends', () => {
    const id = '7c3f9a52-8e1b-8d04-8000-000000000001';
    const time = '2026-01-01T00:00:00.123456+00:00';
    expect(readCursor(writeCursor([time, id]), [ISO_TIME, UUID])).toEqual([time, id]);
    const others = [[time], [id, time], [time, id, id], [time, `${id}\n`], [`${time}; drop table`, id]];
    for (const cursor of ['', 'x', 'e30', 'bnVsbA', 'WzEsMl0', ...others.map(writeCursor)]) {
      expect(() => readCursor(cursor, [ISO_TIME, UUID])).toThrow(ForeignCursor);
    }
  });
});
