import type { DeadLetterItem, StoredDeadLetter } from '@esteira/dead-letters';
import { laneOf, type Pipeline } from '@esteira/pipeline';
import type { Static } from 'typebox';
import { bodyOf, type deadLetter, type item } from './dead-letter-schemas.ts';
import { snake } from './snake.ts';

/** A dead letter of a list as it stands in JSON. */
export const itemOf = (pipeline: Pipeline, { lane, ...rest }: DeadLetterItem): Static<typeof item> => ({
  ...snake(rest),
  lane: laneOf(pipeline, lane),
});

/** A dead letter as it stands in JSON. */
export function deadLetterOf(
  pipeline: Pipeline,
  { lane, body, originalBody, ...rest }: StoredDeadLetter,
): Static<typeof deadLetter> {
  return {
    ...snake(rest),
    lane: laneOf(pipeline, lane),
    attempts: [...rest.attempts],
    headers: { ...rest.headers },
    history: [...rest.history],
    body: bodyOf(body),
    original_body: originalBody && bodyOf(originalBody),
  };
}
