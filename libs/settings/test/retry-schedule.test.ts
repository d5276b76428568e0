import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SettingsError, type Env } from '@esteira/config';
import { loadSettings } from '../src/index.ts';

const scheduleOf = (env: Env) => loadSettings(env).retrySchedule;

describe('the retry schedule', () => {
  it('is one wait of 10 s where nothing is set', () => {
    expect(scheduleOf({})).toEqual({ kind: 'list', delaysMs: [10_000] });
    expect(scheduleOf({ RETRY_DELAY_MS: '200', RETRY_SCHEDULE: '' })).toEqual({ kind: 'list', delaysMs: [200] });
  });

  it('is a list of durations, whatever RETRY_DELAY_MS says', () => {
    const schedule = scheduleOf({ RETRY_DELAY_MS: '200', RETRY_SCHEDULE: '1s, 10s,1m,1.5h,250' });
    expect(schedule).toEqual({ kind: 'list', delaysMs: [1_000, 10_000, 60_000, 5_400_000, 250] });
  });

  it('is exponential with a cap, doubled unless a factor is given', () => {
    expect(scheduleOf({ RETRY_SCHEDULE: 'exponential:1s..5m' })).toEqual({
      kind: 'exponential',
      firstMs: 1_000,
      factor: 2,
      capMs: 300_000,
    });
    expect(scheduleOf({ RETRY_SCHEDULE: 'exponential:500ms..1d,x1.5' })).toEqual({
      kind: 'exponential',
      firstMs: 500,
      factor: 1.5,
      capMs: 86_400_000,
    });
  });

  it.each([
    '1s,,10s',
    '0s',
    '-1s',
    '2d',
    'soon',
    '1s;10s',
    'exponential',
    'exponential:1s',
    'exponential:5m..1s',
    'exponential:1s..5m,x0.5',
    'exponential:1s..5m,2',
    'exponential:1s..5m..9m',
  ])('is refused when it reads %s', (text) => {
    expect(() => loadSettings({ RETRY_SCHEDULE: text })).toThrow(SettingsError);
    expect(() => loadSettings({ RETRY_SCHEDULE: text })).toThrow(/RETRY_SCHEDULE/);
  });

  it('reads back every list of milliseconds, and never fails but with an explanation', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 86_400_000 }), { minLength: 1, maxLength: 50 }), (delaysMs) => {
        const text = delaysMs.map((delayMs) => `${delayMs}ms`).join(',');
        expect(scheduleOf({ RETRY_SCHEDULE: text })).toEqual({ kind: 'list', delaysMs });
      }),
      { numRuns: 20 },
    );
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 60 }), (text) => {
        try {
          loadSettings({ RETRY_SCHEDULE: text });
        } catch (error) {
          expect(error).toBeInstanceOf(SettingsError);
        }
      }),
      { numRuns: 30 },
    );
  });
});
