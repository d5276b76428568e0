import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OVERLAPS, slotFate, slotFates } from '../src/domain/index.ts';

const slots = fc.uniqueArray(fc.nat(), { maxLength: 20 }).map((some) => some.sort((a, b) => a - b));

describe('a slot that is fired while an earlier task of its schedule is open', () => {
  it.each([
    { overlap: 'skip', fate: 'skip' },
    { overlap: 'wait', fate: 'wait' },
    { overlap: 'allow', fate: 'queue' },
  ] as const)('comes to $fate with overlap $overlap', ({ overlap, fate }) => {
    expect(slotFate(overlap, true)).toBe(fate);
  });

  it.each(OVERLAPS)('goes to the lane with overlap %s when none is open', (overlap) => {
    expect(slotFate(overlap, false)).toBe('queue');
  });
});

describe('slots that are fired together', () => {
  it('come to the same as if each were fired before the next, and none ended meanwhile', () => {
    fc.assert(
      fc.property(fc.constantFrom(...OVERLAPS), slots, fc.boolean(), (overlap, fired, open) => {
        let previousOpen = open;
        const oneByOne = fired.map((slot) => {
          const fate = slotFate(overlap, previousOpen);
          previousOpen ||= fate !== 'skip';
          return { slot, fate };
        });
        expect(slotFates(overlap, fired, open)).toEqual(oneByOne);
      }),
    );
  });
});
