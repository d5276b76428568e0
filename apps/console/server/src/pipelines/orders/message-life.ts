import type { StoredDeadLetter } from '@esteira/dead-letters';
import type { Known, Life, LifeEvent, MessageFacts } from '@esteira/orders/messages';
import { ordersPipeline } from '@esteira/orders/domain';
import { Type, type Static } from 'typebox';
import { deadLetter } from '../../dead-letter-schemas.ts';
import { deadLetterOf } from '../../dead-letter-view.ts';
import { attemptStatus, bigint, failure, messageId, nullable, text, time } from '../../schemas.ts';
import { snake } from '../../snake.ts';

const order = { product: text, price: text, security_check: Type.Boolean() };
const error = nullable(Type.String({ description: 'Why this place could not be asked; what it knows is null then.' }));
const round = Type.Integer({ minimum: 1 });

/** One thing that happened to a message. */
const event = Type.Union([
  Type.Object({ kind: Type.Literal('created'), at: text }),
  Type.Object({
    kind: Type.Literal('attempt'),
    round,
    attempt: Type.Integer(),
    status: attemptStatus,
    details: Type.Enum(['logged', 'dead-letter', 'expired', 'unavailable'], {
      description:
        '`expired`: that it was made is known; its details are gone with the log. `unavailable`: no log now.',
    }),
    at: nullable(text),
    duration_ms: nullable(Type.Number()),
    worker: nullable(text),
    error: nullable(failure),
    delay_ms: nullable(Type.Number({ description: 'From its end to the next one.' })),
  }),
  Type.Object({ kind: Type.Literal('stored'), round, attempts: Type.Integer(), at: text }),
  Type.Object({
    kind: Type.Literal('dead-lettered'),
    round,
    at: nullable(text),
    reason: nullable(text),
    error: nullable(failure),
  }),
  Type.Object({
    kind: Type.Literal('republished'),
    round,
    at: text,
    by: text,
    why: nullable(text),
    reconciliation: nullable(Type.String({ description: 'The kept reconciliation that found it missing.' })),
  }),
  Type.Object({ kind: Type.Literal('superseded'), round, at: text, why: text }),
  Type.Object({
    kind: Type.Literal('edited'),
    round,
    at: text,
    by: text,
    why: text,
    from_sha256: text,
    to_sha256: text,
  }),
  Type.Object({
    kind: Type.Enum(['redriven', 'discarded']),
    round,
    at: text,
    by: text,
    why: text,
    job: text,
  }),
]);

/** What is known of a message. */
export const lifeSchema = Type.Object({
  message_id: messageId,
  system: nullable(text),
  source_id: nullable(bigint),
  rest: Type.Enum(['stored', 'dead', 'discarded', 'under-way', 'unknown'], {
    description: '`under-way`: nowhere at rest. `unknown`: the endput does not answer.',
  }),
  attempts: Type.Integer({ minimum: 0, description: 'Made, of all rounds; whatever the log has forgotten.' }),
  expired: Type.Integer({ minimum: 0, description: 'Of these: nothing but their number is known.' }),
  source: nullable(Type.Object({ id: bigint, ...order, created_at: text, transaction_id: text })),
  source_error: error,
  stored: nullable(
    Type.Object({
      ...order,
      source_created_at: text,
      round,
      attempts: Type.Integer({ description: 'The attempt of that round at which it succeeded.' }),
      stored_at: time('When.'),
    }),
  ),
  stored_error: error,
  dead_letter: nullable(deadLetter),
  dead_letter_error: error,
  log_error: error,
  events: Type.Array(event, { description: 'What happened to it, round after round.' }),
});

/** The life of a message as it stands in JSON. */
export function lifeView(facts: MessageFacts, { events, ...life }: Life): Static<typeof lifeSchema> {
  const { messageId: id, system, sourceId, source, stored, deadLetter: dead, logged } = facts;
  return {
    ...{ message_id: id, system, source_id: sourceId },
    ...life,
    source: knownOf(source),
    source_error: whyNot(source),
    stored: storedOf(facts),
    stored_error: whyNot(stored),
    dead_letter: deadLetterView(knownOf(dead)),
    dead_letter_error: whyNot(dead),
    log_error: whyNot(logged),
    events: events.map((one) => snake<LifeEvent>(one)),
  };
}

const knownOf = <T>(fact: Known<T | null>): T | null => (fact.state === 'known' ? fact.value : null);
const whyNot = (fact: Known<unknown>): string | null => (fact.state === 'known' ? null : fact.why);
const deadLetterView = (found: StoredDeadLetter | null) => found && deadLetterOf(ordersPipeline, found);

function storedOf(facts: MessageFacts): Static<typeof lifeSchema>['stored'] {
  const row = knownOf(facts.stored);
  if (row === null) return null;
  const { product, price, security_check, source_created_at, round: ofRound, attempts, stored_at } = row;
  return { product, price, security_check, source_created_at, round: ofRound, attempts, stored_at };
}
