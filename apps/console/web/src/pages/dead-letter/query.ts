import { queryOptions } from '@tanstack/react-query';
import type { Answer } from '../../api/answers.ts';
import { answerOf, api } from '../../api/client.ts';

export type Letter = Answer<'/v0/pipelines/{pipeline}/dead-letters/{message_id}'>;

/** One dead letter, whole. */
export const letterQuery = (pipeline: string, messageId: string) =>
  queryOptions({
    queryKey: [pipeline, 'dead-letters', 'one', messageId],
    queryFn: ({ signal }) =>
      answerOf(
        api.GET('/v0/pipelines/{pipeline}/dead-letters/{message_id}', {
          signal,
          params: { path: { pipeline, message_id: messageId } },
        }),
      ),
  });

/** Puts another body in the place of a dead letter's; the original stays. Rejects with a `Problem`. */
export const editBody = (pipeline: string, messageId: string, body: string, why: string) =>
  answerOf(
    api.PUT('/v0/pipelines/{pipeline}/dead-letters/{message_id}/body', {
      params: { path: { pipeline, message_id: messageId } },
      body: { body, why },
    }),
  );
