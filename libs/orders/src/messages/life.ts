import type { AttemptDocument } from '@esteira/attempt-log';
import type { DeadLetterAttempt, DeadLetterEvent, StoredDeadLetter } from '@esteira/dead-letters';
import type { AttemptStatus, Failure } from '@esteira/pipeline';
import type { RepublishedAt } from '@esteira/reconciliation';
import { valueOf, type MessageFacts } from './facts.ts';

/** Where a message is in the end. `under-way`: nowhere at rest. `unknown`: the endput does not answer. */
export type Rest = 'stored' | 'dead' | 'discarded' | 'under-way' | 'unknown';

/** One attempt in a message's life. Times are ISO 8601 text. */
export interface LifeAttempt {
  readonly kind: 'attempt';
  readonly round: number;
  readonly attempt: number;
  readonly status: AttemptStatus;
  /**
   * Where its details come from: the log, or the list of the dead letter. `expired`: that it was made is known, its
   * details are gone with the log's TTL. `unavailable`: the log does not answer.
   */
  readonly details: 'logged' | 'dead-letter' | 'expired' | 'unavailable';
  readonly at: string | null;
  readonly durationMs: number | null;
  readonly worker: string | null;
  readonly error: Failure | null;
  /** From its end to the begin of the next one, in milliseconds. */
  readonly delayMs: number | null;
}

/** What happened to a message, one thing after the other. Null times are not known any more. */
export type LifeEvent =
  | { readonly kind: 'created'; readonly at: string }
  | LifeAttempt
  | { readonly kind: 'stored'; readonly round: number; readonly attempts: number; readonly at: string }
  | {
      readonly kind: 'dead-lettered';
      readonly round: number;
      readonly at: string | null;
      readonly reason: string | null;
      readonly error: Failure | null;
    }
  | RepublishedEvent
  | Happened<DeadLetterEvent>;

/**
 * Its row was missing, and published again: from attempt 1 on. Attempts that the log still had were not made again, those
 * that it had forgotten were.
 */
export type RepublishedEvent = { readonly kind: 'republished' } & RepublishedAt;

/** An event of a dead letter's history; `action` is its kind. */
type Happened<E extends DeadLetterEvent> = E extends DeadLetterEvent
  ? { readonly kind: E['action'] } & Omit<E, 'action'>
  : never;

/** A message's life: where it rests, what was spent, and its time line, round after round. */
export interface Life {
  readonly rest: Rest;
  /** Attempts made, all rounds: what the tables count, and what the log adds for a round under way. */
  readonly attempts: number;
  /** Attempts of which only the number is known any more. */
  readonly expired: number;
  readonly events: readonly LifeEvent[];
}

/** Puts a message's life together. The counts hold whatever the log has forgotten. Pure. */
export function lifeOf(facts: MessageFacts): Life {
  const stored = valueOf(facts.stored) ?? null;
  const deadLetter = valueOf(facts.deadLetter) ?? null;
  const history = deadLetter?.history ?? [];
  const createdAt = valueOf(facts.source)?.created_at ?? stored?.source_created_at ?? deadLetter?.incarnation;
  const events: LifeEvent[] = createdAt == null ? [] : [{ kind: 'created', at: createdAt }];
  const attempts: LifeAttempt[] = [];
  for (let round = 1; round <= lastRound(facts); round += 1) {
    const ofRound = history.filter((event) => event.round === round);
    const again = valueOf(facts.republished) ?? [];
    const sent = again.filter((one) => one.round === round).map((one) => ({ kind: 'republished' as const, ...one }));
    const made = withDelays(attemptsOf(round, facts), sent);
    attempts.push(...made);
    const ofThisRound: LifeEvent[] = [
      ...ofRound.filter(({ action }) => action === 'redriven').map(happened),
      ...made,
      ...deathOf(round, made, deadLetter),
      ...(stored?.round === round
        ? [{ kind: 'stored' as const, round, attempts: stored.attempts, at: stored.stored_at }]
        : []),
      ...ofRound.filter(({ action }) => action !== 'redriven').map(happened),
    ];
    events.push(...inTime(ofThisRound, sent));
  }
  return {
    rest: restOf(facts),
    attempts: attempts.length,
    expired: attempts.filter(({ details }) => details === 'expired').length,
    events,
  };
}

function restOf({ stored, deadLetter }: MessageFacts): Rest {
  if (valueOf(stored) != null) return 'stored';
  const found = valueOf(deadLetter);
  if (found != null && found.state !== 'redriven') return found.state;
  return stored.state === 'known' && deadLetter.state === 'known' ? 'under-way' : 'unknown';
}

function lastRound({ stored, deadLetter, logged, republished }: MessageFacts): number {
  const { round = 1, attempts = [], history = [] } = valueOf(deadLetter) ?? {};
  const again = valueOf(republished) ?? [];
  const rounds = [...attempts, ...history, ...again, ...(valueOf(logged) ?? [])].map((one) => one.round);
  return rounds.reduce((last, one) => Math.max(last, one), Math.max(round, valueOf(stored)?.round ?? 1));
}

const happened = ({ action, ...event }: DeadLetterEvent) => ({ kind: action, ...event }) as Happened<DeadLetterEvent>;

/** All attempts of a round: as many as any place tells, each with what is known best. */
function attemptsOf(round: number, facts: MessageFacts): LifeAttempt[] {
  const stored = valueOf(facts.stored) ?? null;
  const logged = (valueOf(facts.logged) ?? []).filter((document) => document.round === round);
  const listed = (valueOf(facts.deadLetter)?.attempts ?? []).filter((attempt) => attempt.round === round);
  const succeededAt = stored?.round === round ? stored.attempts : undefined;
  const numbers = [...logged, ...listed].map(({ attempt }) => attempt);
  const count = numbers.reduce((most, one) => Math.max(most, one), succeededAt ?? 0);
  const gone = facts.logged.state === 'known' ? 'expired' : 'unavailable';
  return Array.from({ length: count }, (_, index) => {
    const attempt = index + 1;
    const document = logged.find((one) => one.attempt === attempt);
    if (document !== undefined) return fromLog(document);
    const inLetter = listed.find((one) => one.attempt === attempt);
    // Whatever else is forgotten: the endput says which one succeeded, the list of a dead letter which was the last.
    const isLast = inLetter !== undefined && attempt === count && isDead(round, facts);
    const status = attempt === succeededAt ? 'succeeded' : isLast ? 'dead-lettered' : 'failed';
    return fromTables({ round, attempt, status }, inLetter, gone);
  });
}

/** Whether the attempts of a round ended as a dead letter. */
function isDead(round: number, facts: MessageFacts): boolean {
  const deadLetter = valueOf(facts.deadLetter);
  return (
    deadLetter != null &&
    (round < deadLetter.round || deadLetter.state !== 'redriven') &&
    !GIVEN_UP.has(deadLetter.reason)
  );
}

/** Given up on between two attempts: the last one that is listed had failed, no more. */
const GIVEN_UP: ReadonlySet<string> = new Set(['delivery-limit', 'crashed-consumer']);

function fromLog({ round, attempt, status, started_at, duration_ms, worker, error }: AttemptDocument): LifeAttempt {
  return {
    ...{ kind: 'attempt', details: 'logged', round, attempt, status, worker, error },
    ...{ at: started_at.toISOString(), durationMs: duration_ms, delayMs: null },
  };
}

function fromTables(
  which: Pick<LifeAttempt, 'round' | 'attempt' | 'status'>,
  listed: DeadLetterAttempt | undefined,
  gone: 'expired' | 'unavailable',
): LifeAttempt {
  const { error = null, worker = null, started_at: at = null, duration_ms: durationMs = null } = listed ?? {};
  const details = at === null ? gone : 'dead-letter';
  return { kind: 'attempt', ...which, details, error, worker, at, durationMs, delayMs: null };
}

/** Puts each republishing before the first thing that is known to have happened later. */
function inTime(events: readonly LifeEvent[], sent: readonly RepublishedEvent[]): LifeEvent[] {
  const all = [...events];
  for (const one of sent) {
    const later = all.findIndex(({ at }) => at !== null && isAfter(at, one.at));
    all.splice(later === -1 ? all.length : later, 0, one);
  }
  return all;
}

const isAfter = (one: string, other: string): boolean => Date.parse(one) > Date.parse(other);

/** How long each waited for the next; not across a republishing, which began anew. */
function withDelays(attempts: readonly LifeAttempt[], sent: readonly RepublishedEvent[]): LifeAttempt[] {
  return attempts.map((one, index) => {
    const next = attempts[index + 1]?.at;
    if (next == null || one.at === null || one.durationMs === null) return one;
    const from = one.at;
    if (sent.some(({ at }) => isAfter(at, from) && isAfter(next, at))) return one;
    return { ...one, delayMs: Math.max(0, Date.parse(next) - Date.parse(one.at) - one.durationMs) };
  });
}

/** How a round ended as a dead letter, if it did. Of an earlier round only that it did is kept. */
function deathOf(round: number, made: readonly LifeAttempt[], deadLetter: StoredDeadLetter | null): LifeEvent[] {
  if (deadLetter === null) return [];
  if (round === deadLetter.round && deadLetter.state !== 'redriven')
    return [
      { kind: 'dead-lettered', round, at: deadLetter.deadAt, reason: deadLetter.reason, error: deadLetter.error },
    ];
  const diedBefore =
    round < deadLetter.round && deadLetter.history.some((e) => e.action === 'redriven' && e.round === round + 1);
  return diedBefore
    ? [{ kind: 'dead-lettered', round, at: null, reason: null, error: made.at(-1)?.error ?? null }]
    : [];
}
