import type { AttemptDocument } from '@esteira/attempt-log';
import type { DeadLetterEvent, StoredDeadLetter } from '@esteira/dead-letters';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lifeOf, type LifeAttempt, type MessageFacts } from '../src/messages/index.ts';

const START = Date.parse('1997-01-01T00:00:00Z');
const at = (seconds: number) => new Date(START + seconds * 1000);
const messageId = '00000000-0000-8000-8000-000000000001';
const FAILED = { code: 'c', message: 'm' };

/** A journey: how many attempts each round took; the last one ends as said. */
interface Journey {
  readonly rounds: readonly number[];
  readonly end: 'stored' | 'dead' | 'under-way';
}

const journeys: fc.Arbitrary<Journey> = fc.record({
  rounds: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
  end: fc.constantFrom('stored', 'dead', 'under-way'),
});

const keyOf = (round: number, attempt: number) => `${round}:${attempt}`;

/** What the places know after a journey, where the log has forgotten some of it. */
function factsOf({ rounds, end }: Journey, forgotten: ReadonlySet<string> = new Set()): MessageFacts {
  const last = rounds.length;
  let clock = 0;
  const documents = rounds.flatMap((count, index) =>
    Array.from({ length: count }, (_, i): AttemptDocument => {
      const isLastOfRound = i + 1 === count;
      const died = index + 1 < last || end === 'dead';
      const status = !isLastOfRound ? 'failed' : died ? 'dead-lettered' : end === 'stored' ? 'succeeded' : 'failed';
      return {
        ...{ _id: '', pipeline: 'orders', type: 't', message_id: messageId, info: '', reason: null, result: null },
        ...{ round: index + 1, attempt: i + 1, max_attempts: 5, status, origin: { system: 'system-1' } },
        ...{ error: status === 'succeeded' ? null : FAILED, worker: 'w', duration_ms: 500 },
        ...{ started_at: at((clock += 10)), processed_at: at(clock) },
      };
    }),
  );
  const remembered = documents.filter(({ round, attempt }) => !forgotten.has(keyOf(round, attempt)));
  const deadRounds = end === 'dead' ? last : last - 1;
  const redriven = rounds.slice(1).map((_, i): DeadLetterEvent => ({
    ...{ action: 'redriven', at: at(i).toISOString(), round: i + 2, by: 'ana', why: 'fixed', job: 'j' },
  }));
  const deadLetter: StoredDeadLetter = {
    ...{ messageId, pipeline: 'orders', lane: 'primary' },
    ...{ origin: 'system-1', key: '1', incarnation: at(0).toISOString() },
    ...{ state: end === 'dead' ? 'dead' : 'redriven', round: last, reason: 'attempts-exhausted', error: FAILED },
    ...{ bodyBytes: 0, isEdited: false, body: Buffer.alloc(0), originalBody: null, headers: {}, history: redriven },
    ...{ firstAttemptAt: at(0).toISOString(), deadAt: at(9999).toISOString() },
    attempts: documents
      .filter(({ round }) => round <= deadRounds)
      .map(({ round, attempt }) => ({
        round,
        attempt,
        error: null,
        worker: null,
        started_at: null,
        duration_ms: null,
      })),
  };
  const stored = {
    ...{ message_id: messageId, system: 'system-1', source_id: '1', product: 'p', price: '1.00', security_check: true },
    ...{ source_created_at: at(0).toISOString(), stored_at: at(9999).toISOString() },
    ...{ round: last, attempts: rounds.at(-1) ?? 1 },
  };
  return {
    ...{ messageId, system: 'system-1', sourceId: '1', source: { state: 'known', value: null } },
    stored: { state: 'known', value: end === 'stored' ? stored : null },
    deadLetter: { state: 'known', value: deadRounds > 0 ? deadLetter : null },
    logged: { state: 'known', value: remembered },
    republished: { state: 'known', value: [] },
  };
}

const attemptsIn = ({ events }: ReturnType<typeof lifeOf>) =>
  events.filter((event): event is LifeAttempt => event.kind === 'attempt');

describe("a message's life", () => {
  it('goes round after round, each attempt once and in order, and begins a round with its redrive', () => {
    fc.assert(
      fc.property(journeys, (journey) => {
        const life = lifeOf(factsOf(journey));
        const expected = journey.rounds.flatMap((count, index) => [
          ...(index > 0 ? [`redriven ${index + 1}`] : []),
          ...Array.from({ length: count }, (_, i) => `attempt ${index + 1}:${i + 1}`),
          ...(index + 1 < journey.rounds.length || journey.end === 'dead' ? [`dead-lettered ${index + 1}`] : []),
          ...(index + 1 === journey.rounds.length && journey.end === 'stored' ? [`stored ${index + 1}`] : []),
        ]);
        const told = life.events
          .filter((event) => event.kind !== 'created')
          .map((event) =>
            event.kind === 'attempt' ? `attempt ${keyOf(event.round, event.attempt)}` : `${event.kind} ${event.round}`,
          );
        expect(told).toEqual(expected);
        expect(life.rest).toBe(journey.end);
      }),
    );
  });

  it('keeps its counts and its outcomes when the log has forgotten attempts of rounds that ended', () => {
    const forgetful = journeys.chain((journey) => {
      const ended = journey.rounds.slice(0, journey.end === 'under-way' ? -1 : undefined);
      const all = ended.flatMap((count, index) => Array.from({ length: count }, (_, i) => keyOf(index + 1, i + 1)));
      return fc.tuple(fc.constant(journey), fc.subarray(all));
    });
    fc.assert(
      fc.property(forgetful, ([journey, forgotten]) => {
        const whole = lifeOf(factsOf(journey));
        const rest = lifeOf(factsOf(journey, new Set(forgotten)));
        expect(rest.attempts).toBe(journey.rounds.reduce((a, b) => a + b));
        expect(rest.expired).toBe(forgotten.length);
        expect(attemptsIn(rest).map(({ status }) => status)).toEqual(attemptsIn(whole).map(({ status }) => status));
        expect(rest.events.map(({ kind }) => kind)).toEqual(whole.events.map(({ kind }) => kind));
      }),
    );
  });

  it('says how long a message waited until its next attempt', () => {
    const delays = attemptsIn(lifeOf(factsOf({ rounds: [3], end: 'stored' }))).map(({ delayMs }) => delayMs);
    expect(delays).toEqual([9_500, 9_500, null]);
  });

  it('does not take attempts for expired while the log does not answer', () => {
    const facts = factsOf({ rounds: [3], end: 'stored' });
    const life = lifeOf({ ...facts, logged: { state: 'unavailable', why: 'away' } });
    expect(life).toMatchObject({ attempts: 3, expired: 0 });
    expect(attemptsIn(life).map(({ details, status }) => [details, status])).toEqual([
      ['unavailable', 'failed'],
      ['unavailable', 'failed'],
      ['unavailable', 'succeeded'],
    ]);
  });

  it('does not say where a message rests while the endput does not answer', () => {
    const away = { state: 'unavailable', why: 'away' } as const;
    const life = lifeOf({ ...factsOf({ rounds: [2], end: 'stored' }), stored: away, deadLetter: away });
    expect(life).toMatchObject({ rest: 'unknown', attempts: 2 });
  });

  it('tells when it was published again and by whom, between the attempts before and after', () => {
    const facts = factsOf({ rounds: [3], end: 'stored' });
    const again = { round: 1, at: at(15).toISOString(), by: 'ana', why: 'the queue was purged', reconciliation: null };
    const { events } = lifeOf({ ...facts, republished: { state: 'known', value: [again] } });
    expect(events.map(({ kind }) => kind)).toEqual([
      ...['created', 'attempt', 'republished', 'attempt', 'attempt', 'stored'],
    ]);
    expect(events[2]).toEqual({ kind: 'republished', ...again });
    // What came between was no wait for a retry.
    expect(events[1]).toMatchObject({ attempt: 1, delayMs: null });
    const forgotten = factsOf({ rounds: [3], end: 'stored' }, new Set(['1:1', '1:2', '1:3']));
    const late = lifeOf({ ...forgotten, republished: { state: 'known', value: [again] } });
    expect(late.events.map(({ kind }) => kind)).toEqual([
      ...['created', 'attempt', 'attempt', 'attempt', 'republished', 'stored'],
    ]);
  });
});
