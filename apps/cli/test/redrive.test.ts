import fc from 'fast-check';
import type { Job, Preview } from '@esteira/dead-letters';
import { DEAD_LETTER_REASONS } from '@esteira/pipeline';
import { describe, expect, it } from 'vitest';
import { redriveCommand } from '../src/commands/redrive.ts';
import { ended } from '../src/redrive/ended.ts';
import { filterText, parseFilter } from '../src/redrive/filter.ts';
import { previewText, progressLine, resultText } from '../src/redrive/report.ts';
import { Refused } from '../src/refused.ts';

describe('FILTER', () => {
  it('is words with values, quoted where they have spaces', () => {
    expect(parseFilter('')).toEqual({});
    expect(parseFilter('reason=invalid  system=system-1 words="two words" error_code=c-1')).toEqual({
      reason: 'invalid',
      origin: 'system-1',
      words: 'two words',
      errorCode: 'c-1',
    });
  });

  it('reads what it writes', () => {
    const value = fc.stringMatching(/^[a-z0-9][a-z0-9 .:=-]*$/);
    const filters = fc.record(
      { reason: fc.constantFrom(...DEAD_LETTER_REASONS), origin: value, words: value, errorCode: value },
      { requiredKeys: ['reason'] },
    );
    fc.assert(
      fc.property(filters, (filter) => {
        expect(parseFilter(filterText(filter))).toEqual(filter);
      }),
    );
  });

  it('still understands what earlier releases called reasons', () => {
    const former = 'reason=refused-by-verifier error_code=rejected-by-endput words=rejected-by-endput';
    const present = { reason: 'refused', errorCode: 'rejected-by-store', words: 'rejected-by-endput' };
    expect(parseFilter(former)).toEqual(present);
  });

  it('says what it does not understand', () => {
    for (const wrong of ['reason', 'colour=red', 'reason=tired', 'from=yesterday', 'system=a ; drop', 'words="open']) {
      expect(() => parseFilter(wrong)).toThrow(Refused);
    }
  });
});

it.each(['&', ',', ';', '&&'])(
  'a FILTER whose parts are joined by %s is told that they are joined by spaces',
  (joint) => {
    for (const first of ['reason=invalid', 'words=late', 'system=system-1']) {
      expect(() => parseFilter(`${first}${joint}error_code=c-1`)).toThrow(/joined by spaces, not by/);
    }
    const quoted = `words="a${joint}reason=b"`;
    expect(filterText(parseFilter(quoted))).toBe(quoted);
  },
);

it('a job at its end does not go on: a finished one is well, a cancelled one is refused', () => {
  expect(ended({ ...job, state: 'finished', handled: 1_200, total: 1_200 })?.says).toBe(
    'Job 7 is finished: 1,200 of 1,200 dealt with.',
  );
  expect(() => ended({ ...job, state: 'cancelled' })).toThrow(/Job 7 was cancelled .* can't go on/);
  for (const state of ['running', 'paused', 'stopped'] as const) expect(ended({ ...job, state })).toBeUndefined();
  expect(ended({ ...job, state: 'cancelled', isTidy: false })).toBeUndefined();
});

describe('redrive', () => {
  it('refuses more attempts than a message can carry, since no consumer would read it', async () => {
    const command = redriveCommand({})
      .exitOverride()
      .configureOutput({ writeErr: () => undefined });
    await expect(command.parseAsync(['--max-attempts', '101'], { from: 'user' })).rejects.toThrow(/100 at most/);
  });
});

const job: Job = {
  id: '7',
  pipeline: 'orders',
  action: 'redrive',
  selection: { filter: {} },
  by: 'ana',
  why: 'repaired',
  ratePerSecond: null,
  stopAtFailedShare: 0.2,
  maxAttempts: null,
  state: 'paused',
  isFrozen: true,
  total: 12_000,
  handled: 10_000,
  done: 9_990,
  unchanged: { atRest: 0, moved: 10, unreadable: 0 },
  failedAgain: 3,
  canary: { size: 120, hasPassed: true },
  note: 'waits for the lane to drain to 500000 messages',
  isTidy: true,
  holder: null,
  createdAt: '2026-01-01T00:00:00+00:00',
  finishedAt: null,
};

describe('what a redrive says', () => {
  it('before it begins: what it is for, what goes first, and how long it takes', () => {
    const preview: Preview = {
      total: 12_000,
      byOrigin: [{ origin: null, count: 12_000 }],
      byReason: [{ reason: 'invalid', errorCode: 'invalid-schema', count: 12_000 }],
      alreadyStored: 5,
      perhapsUnreadable: 12_000,
      notDead: 0,
      canary: 120,
      seconds: 24,
    };
    const text = previewText(preview, 40_000);
    for (const part of ['12,000', 'unknown', 'invalid-schema', '5 are stored already', '120 go first', '24 s']) {
      expect(text).toContain(part);
    }
    expect(text).toContain('waits 40 s between them, those that go first before the others.');
  });

  it('on its way and at its end: only what there is', () => {
    expect(progressLine(job)).toBe('10,000 of 12,000 · 3 dead again · waits for the lane to drain to 500000 messages');
    const text = resultText(job, { stored: 9_980, failedAgain: 3, underWay: 7 });
    for (const part of ['job 7: paused', '9,990', '9,980', 'dead no longer', 'not looked at', '2,000']) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain('unreadable');
  });
});
