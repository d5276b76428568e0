import { describe, expect, it } from 'vitest';
import { bytes, count, counted, percent, perSecond } from '../src/format/number.ts';

describe('figures', () => {
  it('group their thousands', () => {
    expect(count(1_234_567)).toBe('1,234,567');
  });

  it('agree with their noun', () => {
    expect([counted(0, 'order'), counted(1, 'order'), counted(2_000, 'order')]).toEqual([
      '0 orders',
      '1 order',
      '2,000 orders',
    ]);
  });

  it('keep what matters of a rate', () => {
    expect([perSecond(0), perSecond(0.254), perSecond(12.34), perSecond(22_741.6)]).toEqual([
      '0/s',
      '0.254/s',
      '12.3/s',
      '22,742/s',
    ]);
  });

  it('say none and all only where it is none and all', () => {
    expect([0, 0.0001, 0.5, 0.99995, 1].map(percent)).toEqual(['0 %', '< 0.1 %', '50 %', '> 99.9 %', '100 %']);
  });

  it('have the unit of their size', () => {
    expect([0, 1, 1_023, 1_024, 1_500_000].map(bytes)).toEqual(['0 B', '1 B', '1,020 B', '1 KiB', '1.43 MiB']);
  });
});
