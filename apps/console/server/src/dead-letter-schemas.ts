import { DEAD_LETTER_STATES, soughtWords, type DeadLetterFilter } from '@esteira/dead-letters';
import { invalidRequest, noSuch } from '@esteira/http';
import { DEAD_LETTER_REASONS, FORMER_REASONS, inPresentWords, present } from '@esteira/pipeline';
import { Type, type Static } from 'typebox';
import { mistakeIn, stretchOf, type Place } from './time-of.ts';
import { closed, count, failure, givenTime, messageId, nullable, sought, text, time } from './schemas.ts';

export const noDeadLetter = noSuch('dead letter');

const state = Type.Enum([...DEAD_LETTER_STATES]);
const reason = Type.Enum([...DEAD_LETTER_REASONS, ...FORMER_REASONS], {
  description: `Earlier releases called some otherwise: ${FORMER_REASONS.map((former) => `${former} is ${inPresentWords(former)}`).join(', ')}.`,
});

/** Which dead letters are meant: those that all of this is true of. */
export const filterMembers = {
  reason: Type.Optional(reason),
  error_code: Type.Optional(sought('The code of the error.')),
  lane: Type.Optional(sought('The lane that it came in, and is redriven to.')),
  origin: Type.Optional(sought('The origin that it came from.')),
  system: Type.Optional(sought('What earlier releases called `origin`; one of the two will do.', { deprecated: true })),
  state: Type.Optional(state),
  words: Type.Optional(sought('Words of the error or of the body, all of them, each as the beginning of a word.')),
  from: Type.Optional(givenTime('Died at or after.')),
  to: Type.Optional(givenTime('Died before; later than `from`.', '2026-11-22T16:00:00Z')),
};
export const filter = Type.Object(filterMembers, { ...closed, description: 'An empty one means all.' });

export const group = Type.Object({
  reason: text,
  error_code: text,
  count,
  first_dead_at: time('The oldest.'),
  last_dead_at: time('The newest.'),
  sparkline: Type.Array(count, { description: 'How many died in each of the equal stretches from `from` to `to`.' }),
  example: Type.Object(
    { message_id: messageId, origin: nullable(text), message: text },
    { description: 'The newest.' },
  ),
});

const itemMembers = {
  message_id: messageId,
  lane: Type.String({ description: 'The lane that it came in, and is redriven to.' }),
  origin: nullable(Type.String({ description: 'Where it came from. Null where the message did not tell.' })),
  key: nullable(Type.String({ description: 'What it is called there. Null where the message did not tell.' })),
  state,
  round: Type.Integer({ minimum: 1 }),
  reason: text,
  error: failure,
  body_bytes: count,
  is_edited: Type.Boolean({ description: 'Whether a person has changed its body.' }),
  first_attempt_at: text,
  dead_at: text,
};
export const item = Type.Object({
  ...itemMembers,
  attempts: Type.Integer({ minimum: 0, description: 'Of all rounds.' }),
});

export const attempt = Type.Object({
  round: Type.Integer(),
  attempt: Type.Integer(),
  error: nullable(failure),
  worker: nullable(text),
  started_at: nullable(text),
  duration_ms: nullable(Type.Number()),
});
const body = Type.Object(
  { encoding: Type.Enum(['utf-8', 'base64'], { description: 'base64 where the bytes are no UTF-8.' }), content: text },
  { description: 'The bytes of a message.' },
);
/** A dead letter, whole. */
export const deadLetter = Type.Object({
  ...itemMembers,
  pipeline: text,
  incarnation: nullable(
    Type.String({ description: 'What tells two messages of one key apart. Null where there is nothing like that.' }),
  ),
  attempts: Type.Array(attempt),
  body,
  original_body: nullable(body),
  headers: Type.Record(text, Type.Unknown()),
  history: Type.Array(
    Type.Object({
      action: Type.Enum(['superseded', 'edited', 'redriven', 'discarded']),
      at: text,
      round: Type.Integer(),
      by: Type.Optional(text),
      why: text,
      job: Type.Optional(text),
      from_sha256: Type.Optional(text),
      to_sha256: Type.Optional(text),
    }),
    { description: 'What happened to it, oldest first.' },
  ),
});

/** What earlier releases called reasons, and an origin, still finds: people have saved it, in addresses and in scripts. */
function inWordsOfNow(asked: Static<typeof filter>, place: Place) {
  const { reason: given, error_code: code, origin, system, ...rest } = asked;
  return {
    ...rest,
    reason: given === undefined ? undefined : inPresentWords(given),
    errorCode: code === undefined ? undefined : inPresentWords(code),
    origin: originOf(origin, system, place),
  };
}

/** The origin that is meant, under whichever of its two names. @throws a problem where they name two */
function originOf(origin: string | undefined, system: string | undefined, place: Place): string | undefined {
  if (origin === undefined || system === undefined || origin === system) return origin ?? system;
  const why = `origin is "${origin}" and system is "${system}": they are two names of one thing. Give origin alone.`;
  throw invalidRequest(why, mistakeIn(place, 'system', 'is not the same as `origin`'));
}

/** A filter as the library takes it. @throws a problem where nothing could be like it. */
export function filterOf(asked: Static<typeof filter>, place: Place): DeadLetterFilter {
  const meant = inWordsOfNow(asked, place);
  const { from, to } = stretchOf(asked, place);
  if (meant.words !== undefined && soughtWords(meant.words) === null) {
    const why = `There is no word in "${meant.words}": words are made of letters and digits.`;
    throw invalidRequest(why, mistakeIn(place, 'words', 'has no word in it'));
  }
  return present({ ...meant, from: from?.toISOString(), to: to?.toISOString() });
}

/** Bytes as JSON can hold them, unchanged. */
export function bodyOf(bytes: Buffer): Static<typeof body> {
  try {
    return { encoding: 'utf-8', content: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { encoding: 'base64', content: bytes.toString('base64') };
  }
}
