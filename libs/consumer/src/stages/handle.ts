import type { AttemptDocument } from '@esteira/attempt-log';
import type { Handler, HandlerOutcome, Outcome } from '@esteira/pipeline';
import { AttemptDeadline } from '../attempt-deadline.ts';
import type { AttemptSlots } from '../attempt-slots.ts';
import { boundedOutcome } from '../bounded-outcome.ts';
import type { Begun, Handled } from '../work.ts';

/** What handling needs. */
export interface Handling<M> {
  readonly handler: Handler<M>;
  /** The longest one attempt may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly slots: AttemptSlots;
  readonly now: () => Date;
}

/** What an attempt came to. */
type Made = Pick<Handled<unknown>, 'outcome' | 'startedAt' | 'durationMs'>;

/**
 * Runs the handler for those that need an attempt. What is at rest is skipped; an attempt that was made already has
 * its outcome replayed; what can't be read never reaches the handler.
 */
export async function handle<M>(batch: readonly Begun<M>[], handling: Handling<M>): Promise<readonly Handled<M>[]> {
  const { timeoutMs, slots, now } = handling;
  // Where attempts wait for a slot each has a deadline of its own; otherwise all begin together, and one does.
  const deadline =
    slots.concurrency === Number.POSITIVE_INFINITY ? new AttemptDeadline(timeoutMs, slots.cut) : undefined;
  try {
    const handled = batch.map((work) => {
      const known = knownOutcome(work);
      if (known !== undefined) return withMade(work, { outcome: known, startedAt: now(), durationMs: 0 });
      const made = deadline === undefined ? inSlot(work, handling) : attempted(work, handling, deadline);
      return made instanceof Promise ? made.then((late) => withMade(work, late)) : withMade(work, made);
    });
    // To wait for each takes longer than a handler that answers at once.
    return handled.every(isHandled) ? handled : await Promise.all(handled.map((one) => Promise.resolve(one)));
  } finally {
    deadline?.clear();
  }
}

const isHandled = <M>(handled: Handled<M> | Promise<Handled<M>>): handled is Handled<M> =>
  !(handled instanceof Promise);

function withMade<M>(work: Begun<M>, { outcome, startedAt, durationMs }: Made): Handled<M> {
  return { ...work, outcome, startedAt, durationMs };
}

const UNKNOWN = { code: 'unknown', message: 'The store, which keeps a state of each message, has none of this one.' };

/** The outcome, where it does not take the handler to know it. */
function knownOutcome({ content, rest, made, notBegun }: Begun<unknown>): Outcome | undefined {
  if (content.kind === 'too-new') return { kind: 'return', fault: content.fault };
  if (rest !== undefined) return { kind: 'skip', why: 'at-rest' };
  if (content.kind === 'unreadable') return { kind: 'dead-letter', error: content.failure };
  if (notBegun === 'taken') return { kind: 'skip', why: 'taken' };
  if (notBegun === 'unknown') return { kind: 'dead-letter', error: UNKNOWN };
  return made === undefined ? undefined : replayed(made);
}

function replayed({ status, error, reason, result }: AttemptDocument): Outcome | undefined {
  if (status === 'succeeded') return result === null ? { kind: 'succeeded' } : { kind: 'succeeded', result };
  if (error === null) return undefined;
  const spent = status === 'failed' || reason === 'attempts-exhausted';
  return spent ? { kind: 'retry', error } : { kind: 'dead-letter', error };
}

async function inSlot<M>(work: Begun<M>, handling: Handling<M>): Promise<Made> {
  const { timeoutMs, slots, now } = handling;
  const made = await slots.run(() => {
    const deadline = new AttemptDeadline(timeoutMs, slots.cut);
    const startedAt = now();
    const answer = Promise.resolve(ask(work, handling, deadline.signal)).finally(() => {
      deadline.clear();
    });
    return { outcome: Promise.resolve(settled(answer, deadline, startedAt, now)), over: answer };
  });
  if (made !== undefined) return made;
  const fault = { code: 'stopping', message: 'The consumer stopped before this message had a slot.' };
  return { outcome: { kind: 'return', fault }, startedAt: now(), durationMs: 0 };
}

function attempted<M>(work: Begun<M>, handling: Handling<M>, deadline: AttemptDeadline): Made | Promise<Made> {
  const startedAt = handling.now();
  return settled(ask(work, handling, deadline.signal), deadline, startedAt, handling.now);
}

function settled(
  answer: Outcome | Promise<Outcome>,
  deadline: AttemptDeadline,
  startedAt: Date,
  now: () => Date,
): Made | Promise<Made> {
  const came = (outcome: Outcome): Made => ({ outcome, startedAt, durationMs: now().getTime() - startedAt.getTime() });
  return answer instanceof Promise ? Promise.race([answer, deadline.ended]).then(came) : came(answer);
}

/** Asks the handler. It never rejects: a handler that throws has failed this attempt. */
function ask<M>(work: Begun<M>, { handler }: Handling<M>, signal: AbortSignal): Outcome | Promise<Outcome> {
  const { attempt, content, delivery } = work;
  if (content.kind !== 'readable') return { kind: 'return', fault: { code: 'unreadable', message: 'not readable' } };
  const { traceparent } = content.headers;
  const context = { attempt, signal, body: delivery.body, ...(traceparent === undefined ? {} : { traceparent }) };
  try {
    const answer = handler.handle(content.message, context);
    return answer instanceof Promise ? answer.catch(thrown).then(boundedOutcome) : boundedOutcome(answer);
  } catch (error) {
    return boundedOutcome(thrown(error));
  }
}

function thrown(error: unknown): HandlerOutcome {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'retry', error: { code: 'handler-threw', message } };
}
