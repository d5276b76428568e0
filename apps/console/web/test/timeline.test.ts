import { describe, expect, it } from 'vitest';
import { timelineOf, type Attempt, type Life } from '../src/pages/orders/message/timeline.ts';

const attempt = (round: number, number: number, details: Attempt['details']): Attempt => ({
  kind: 'attempt',
  round,
  attempt: number,
  status: 'failed',
  details,
  at: null,
  duration_ms: null,
  worker: null,
  error: null,
  delay_ms: null,
});
const created = { kind: 'created', at: '2026-01-01T00:00:00Z' } as const;
const stored = { kind: 'stored', round: 2, attempts: 1, at: '2026-01-01T00:01:00Z' } as const;
const redriven = { kind: 'redriven', round: 2, at: '', by: 'ada', why: 'mended', job: '1' } as const;
const drawn = (events: Life['events'], rest: Life['rest'] = 'stored') =>
  timelineOf({ events, rest }).map((step) => (step.kind === 'forgotten' ? `${step.attempts} forgotten` : step.kind));

describe('the time line of a message', () => {
  it('is what the server tells, in its order', () => {
    expect(drawn([created, attempt(1, 1, 'dead-letter'), redriven, attempt(2, 1, 'logged'), stored])).toEqual([
      'created',
      'attempt',
      'redriven',
      'attempt',
      'stored',
    ]);
  });

  it('shows what the log has removed as one step a round, and counts it', () => {
    const events = [attempt(1, 1, 'expired'), attempt(1, 2, 'expired'), attempt(1, 3, 'logged'), redriven];
    expect(drawn([...events, attempt(2, 1, 'expired'), stored])).toEqual([
      '2 forgotten',
      'attempt',
      'redriven',
      '1 forgotten',
      'stored',
    ]);
  });

  it('ends on its way while the message is nowhere at rest', () => {
    expect(drawn([created], 'under-way')).toEqual(['created', 'under-way']);
    expect(drawn([created], 'unknown')).toEqual(['created']);
  });
});
