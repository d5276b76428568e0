import type { StoredDeadLetter } from '@esteira/dead-letters';
import type { Static } from 'typebox';
import { bodyOf, type deadLetter } from './dead-letter-schemas.ts';
import { httpNamed } from './http-names.ts';
import { snake } from './snake.ts';

/** A dead letter as it stands in JSON. */
export function deadLetterOf({ body, originalBody, ...rest }: StoredDeadLetter): Static<typeof deadLetter> {
  return {
    ...snake(httpNamed(rest)),
    attempts: [...rest.attempts],
    headers: { ...rest.headers },
    history: [...rest.history],
    body: bodyOf(body),
    original_body: originalBody && bodyOf(originalBody),
  };
}
