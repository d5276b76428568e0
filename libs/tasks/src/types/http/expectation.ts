import { Type, type Static } from 'typebox';
import { BodySearch, Drain, type BodyReader } from './body.ts';
import type { Fault } from './why.ts';

/** How much of a body is looked through for a text, in bytes. */
export const MAX_SEARCHED_BYTES = 1_048_576;
/** How much of a body is read in which nothing is looked for, in bytes: so that the connection can be kept. */
export const MAX_DRAINED_BYTES = 65_536;

const status = Type.Integer({ minimum: 100, maximum: 599 });

/** What a site must answer. */
export const expectation = Type.Object(
  {
    status: Type.Optional(
      Type.Union([status, Type.Array(status, { minItems: 1, maxItems: 64 })], {
        description:
          'The status that it must answer, or several of which one. Without it: any below 400. A redirect that is expected is not followed.',
      }),
    ),
    body_contains: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1_024,
        description: `A text that the first ${MAX_SEARCHED_BYTES} bytes of the answer must have, in UTF-8.`,
      }),
    ),
  },
  { additionalProperties: false },
);
export type Expectation = Static<typeof expectation>;

/** Whether this status was asked for by number. Pure. */
export function isNamed(status: number, expected: Expectation): boolean {
  return [expected.status ?? []].flat().includes(status);
}

/** What reads the body of an answer that is to be judged. */
export function readerFor({ body_contains: text }: Expectation): BodyReader {
  const drain = new Drain(MAX_DRAINED_BYTES);
  return text === undefined ? drain : new BodySearch(text, MAX_SEARCHED_BYTES, drain);
}

/** Why an answer is not the expected one; undefined where it is. Pure. */
export function judged(answered: number, body: BodyReader, expected: Expectation): Fault | undefined {
  const good = expected.status === undefined ? answered < 400 : isNamed(answered, expected);
  if (!good) {
    const wanted = expected.status === undefined ? 'below 400' : [expected.status].flat().join(' or ');
    return { why: 'status', reason: `It answered ${answered}, expected was ${wanted}.` };
  }
  if (!(body instanceof BodySearch) || body.found) return undefined;
  return body.tooLong
    ? {
        why: 'too-large',
        reason: `The text is not in the first ${MAX_SEARCHED_BYTES} bytes of the answer; no more is read.`,
      }
    : { why: 'body', reason: 'The text is not in the answer.' };
}
