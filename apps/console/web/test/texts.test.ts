import { describe, expect, it } from 'vitest';
import type { System } from '../src/api/answers.ts';
import { problemOf } from '../src/api/problem.ts';
import {
  canaryText,
  limitText,
  mayOf,
  mirrorText,
  progressOf,
  stoppedText,
  titleOf,
} from '../src/pages/jobs/job-text.ts';
import { detailsText } from '../src/pages/history/details.ts';
import { latelyText } from '../src/pages/overview/lately-text.ts';
import { actionsOf, apisText, stateOf, watermarkText } from '../src/pages/orders/systems/system-text.ts';
import { progressText, verdictOf } from '../src/pages/orders/reconciliation/report.ts';

const cursor = {
  status: 'IDLE',
  interrupted: false,
  follow: false,
  published_count: 0,
  last_transaction_id: null,
  last_id: null,
  started_at: null,
  error: null,
} as const;
const system = (changes: Partial<System>): System =>
  ({ name: 'system-1', cursor, run: null, behind: null, watermark: null, ...changes }) as System;

describe('a system', () => {
  it('offers what makes sense in its state, and nothing else', () => {
    expect(actionsOf(system({}))).toEqual({ run: true, stop: false, unblock: false, clear: false });
    const run = { run_id: 'x', phase: 'publishing', waiting_for: null } as const;
    expect(actionsOf(system({ run, cursor: { ...cursor, status: 'RUNNING' } }))).toMatchObject({
      run: false,
      stop: true,
    });
    expect(actionsOf(system({ cursor: { ...cursor, status: 'ERROR' } }))).toEqual({
      run: false,
      stop: false,
      unblock: true,
      clear: true,
    });
    expect(actionsOf(system({ cursor: { ...cursor, status: 'RUNNING', interrupted: true } }))).toMatchObject({
      run: true,
    });
  });

  it('that is not known is said to be so', () => {
    expect(stateOf(system({ cursor: null })).words).toBe('not known');
    expect(watermarkText(system({}))).toBe('–');
  });

  it('says which of several APIs has its run', () => {
    const api = { state: 'up', why: null, since: null, holds_run: false } as const;
    const apis = [
      { ...api, name: 'api-system-1@a:8001', holds_run: true },
      { ...api, name: 'api-system-1@b:8001', state: 'down' as const },
    ];
    expect(apisText(system({ apis }))).toBe('api-system-1@a:8001 has the run, api-system-1@b:8001 (down)');
  });

  it('names what holds its watermark', () => {
    const holder = {
      kind: 'backend',
      pid: 7,
      application: 'psql',
      gid: null,
      database: 'orders',
      age_seconds: 9,
    } as const;
    expect(watermarkText(system({ watermark: { lag_seconds: 90, held_by: holder } }))).toBe(
      'held for 1 min 30 s by process 7 (psql) in orders',
    );
  });
});

describe('how long attempts took lately', () => {
  const none = { p50_ms: null, p99_ms: null, count: 0 };
  const some = { p50_ms: 0.4, p99_ms: 1_200, count: 2_000 };

  it('is told with how long messages waited, as far as there were any', () => {
    expect(latelyText({ took: none, waited: none })).toBeUndefined();
    expect(latelyText({ took: some, waited: none })).toBe(
      'In the last minute 2,000 attempts took 0.4 ms (p50) and 1.2 s (p99).',
    );
    expect(latelyText({ took: some, waited: { ...some, p50_ms: 500 } })).toBe(
      'In the last minute 2,000 attempts took 0.4 ms (p50) and 1.2 s (p99); messages waited 500 ms (p50) and 1.2 s (p99) for their first.',
    );
  });
});

describe('a job', () => {
  it('is called by what it does', () => {
    expect(titleOf({ action: 'redrive', selection: { filter: { reason: 'invalid', state: 'dead' } }, total: 9 })).toBe(
      'Redrive of reason invalid',
    );
    expect(titleOf({ action: 'discard', selection: { message_ids: ['a'] }, total: 1_200 })).toBe(
      'Discard of 1,200 selected',
    );
    expect(titleOf({ action: 'redrive', selection: { filter: {} }, total: 9 })).toBe('Redrive of all that were open');
  });

  it('that stopped itself may be resumed, one that ended may not', () => {
    expect(mayOf({ state: 'stopped' })).toEqual({ pause: false, resume: true, cancel: true });
    expect(mayOf({ state: 'finished' })).toEqual({ pause: false, resume: false, cancel: false });
  });

  it('that stopped itself says why', () => {
    const job = { failed_again: 25, done: 1_200, stop_at_failed_share: 0.2 };
    expect(stoppedText({ ...job, note: null })).toBe(
      '25 of the 1,200 that it sent are dead again: more than 20 %. Mend what fails, then resume: it begins with a canary again.',
    );
    expect(stoppedText({ ...job, note: 'permission denied for table orders' })).toBe(
      'The endput refused what it asked: permission denied for table orders. Mend that, then resume: it goes on where it was.',
    );
  });

  it('that is over waits for nothing any more', () => {
    const job = { canary: { size: 20, has_passed: false }, total: 60, note: null };
    expect(canaryText({ ...job, state: 'running' })).toBe('20 sent before the others; waiting for how they end');
    expect(canaryText({ ...job, state: 'cancelled' })).toBe(
      '20 sent before the others; cancelled before those followed',
    );
    expect(canaryText({ ...job, state: 'finished' })).toBeUndefined();
  });

  it('that sends all at once sends none before the others', () => {
    const canary = { size: 1, has_passed: false };
    expect(canaryText({ canary, total: 1, state: 'running', note: null })).toBeUndefined();
  });

  it('tells what RabbitMQ still shows, and that nothing is to be done', () => {
    const action = 'discard';
    expect(mirrorText({ action, state: 'finished', is_tidy: true })).toBe('its queue of dead letters is up to date');
    expect(mirrorText({ action, state: 'paused', is_tidy: false })).toBe(
      'its queue of dead letters still holds copies of what was discarded, and counts them; they are taken out when the job ends. Nothing is to be done.',
    );
    expect(mirrorText({ action, state: 'cancelled', is_tidy: false })).toBe(
      'copies of what was discarded are being taken out of its queue of dead letters, which counts them until then. Nothing is to be done.',
    );
  });

  it('tells how far it is, and what its canaries said', () => {
    expect([
      progressOf({ total: 0, handled: 0, state: 'running' }),
      progressOf({ total: 200, handled: 50, state: 'running' }),
    ]).toEqual([0, 25]);
    expect(canaryText({ canary: { size: 20, has_passed: false }, total: 60, state: 'stopped', note: null })).toBe(
      '20 sent before the others; too many failed again',
    );
    expect(limitText({ stop_at_failed_share: 0.2 })).toBe('when more than 20 % of what it sent failed again');
  });
});

describe('what stands in the history', () => {
  it('is told in words and figures, a sum by its first digits', () => {
    expect(detailsText({ system: 'system-1', published_count: 1_200, nothing: null })).toBe(
      'system: system-1, published count: 1,200',
    );
    expect(detailsText({ from_sha256: '0123456789abcdef'.repeat(4) })).toBe('from sha256: 01234567…');
  });
});

describe('a reconciliation', () => {
  it('is judged by what came out', () => {
    expect(verdictOf({ state: 'finished', is_consistent: true, is_at_rest: false }).words).toBe('consistent');
    expect(verdictOf({ state: 'finished', is_consistent: false, is_at_rest: false }).words).toBe('not consistent');
    expect(verdictOf({ state: 'interrupted', is_consistent: null, is_at_rest: null }).tone).toBe('bad');
  });

  it('tells how far it is', () => {
    expect(progressText({ phase: 'reading', system: 'system-1', rows: 250, estimate: 1_000 })).toBe(
      '250 of about 1,000 rows read (25 %), now of system-1',
    );
  });
});

describe('a problem', () => {
  it('says what the server said, or at least its status', () => {
    expect(
      problemOf(409, { title: 'A run is on its way.', code: 'already-running', detail: 'Stop it.' }, null),
    ).toMatchObject({
      status: 409,
      code: 'already-running',
      message: 'Stop it.',
    });
    expect(problemOf(502, '<html>', '7')).toMatchObject({ code: 'http-502', retryAfterSeconds: 7 });
  });
});
