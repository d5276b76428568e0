import { describe, expect, it } from 'vitest';
import { previewText } from '../src/bulk/preview-text.ts';
import { DEFAULTS, mayStopItself, readOptions } from '../src/bulk/redrive-options.ts';
import type { Preview } from '../src/bulk/selection.ts';

describe('the fields of a redrive', () => {
  it('are read as numbers, an empty number of attempts as none given', () => {
    expect(readOptions(DEFAULTS)).toEqual({
      options: { ratePerSecond: 500, stopAtFailedPercent: 20, maxAttempts: undefined },
      wrong: {},
    });
    expect(readOptions({ ratePerSecond: 100_000, stopAtFailedPercent: 12.5, maxAttempts: 3 }).options).toEqual({
      ratePerSecond: 100_000,
      stopAtFailedPercent: 12.5,
      maxAttempts: 3,
    });
  });

  it.each([
    ['ratePerSecond', [0, 50_099_999_999, '99999999999999999999', 1.5, ''], 'A whole number from 1 to 100,000.'],
    ['stopAtFailedPercent', [500, -1, '', '-'], 'A number from 0 to 100.'],
    ['maxAttempts', [0, 101], 'A whole number from 1 to 100.'],
  ] as const)('say at %s what it must be, and give nothing to start', (field, values, must) => {
    for (const value of values) {
      expect(readOptions({ ...DEFAULTS, [field]: value })).toEqual({ options: undefined, wrong: { [field]: must } });
    }
  });
});

describe('a redrive', () => {
  it('may stop itself unless all may fail; what is no share counts as one that may stop', () => {
    for (const typed of [0, 2, 25.5, 99.9, 500, '', '-', '1.'])
      expect(mayStopItself({ ...DEFAULTS, stopAtFailedPercent: typed })).toBe(true);
    for (const never of [100, '100', '100.'])
      expect(mayStopItself({ ...DEFAULTS, stopAtFailedPercent: never })).toBe(false);
  });
});

describe('a preview', () => {
  const now = new Date('2026-01-31T12:00:00Z');
  const preview: Preview = {
    total: 60,
    by_origin: [{ origin: 'system-1', count: 60 }],
    by_reason: [{ reason: 'not-verified', error_code: 'refused', count: 60 }],
    already_stored: 0,
    perhaps_unreadable: 0,
    not_dead: 0,
    canary: 20,
    seconds: null,
    max_attempts: 5,
    waits_ms: [0, 10_000, 20_000, 30_000, 40_000, 50_000],
  };
  const facts = (changes: Partial<Preview>, ratePerSecond?: number, maxAttempts?: number) => {
    const options = ratePerSecond === undefined ? undefined : { ratePerSecond, maxAttempts, stopAtFailedPercent: 20 };
    return Object.fromEntries(previewText('redrive', { ...preview, ...changes }, options, now, { origin: 'System' }));
  };

  it('names those that go first only where others follow', () => {
    expect(facts({})['Canary']).toBe('20 messages first; the others follow when those come to a good end');
    expect(facts({ total: 1, canary: 1 })).not.toHaveProperty('Canary');
  });

  it('tells how long it takes at a rate that can be, and nothing at none', () => {
    expect(facts({}, 20)['At this rate']).toMatch(/^3 s at least, until about /);
    expect(facts({})['At this rate']).toBe('–');
  });

  it('tells how long it takes where all attempts are needed, those that go first before the others', () => {
    expect(facts({ canary: 0 }, 20)['With retries']).toMatch(/^up to 43 s, until about .* waits 40 s between them$/);
    expect(facts({}, 20)['With retries']).toMatch(/^up to 1 min 23 s, .* the others wait for those that go first$/);
    expect(facts({ canary: 0 }, 20, 2)['With retries']).toMatch(/^up to 13 s, /);
    expect(facts({}, 20, 1)).not.toHaveProperty('With retries');
  });
});
