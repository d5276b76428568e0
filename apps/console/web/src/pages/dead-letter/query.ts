import { queryOptions } from '@tanstack/react-query';
import type { Answer } from '../../api/answers.ts';
import { answerOf, api } from '../../api/client.ts';

export type Letter = Answer<'/v0/dead-letters/{message_id}'>;

/** One dead letter, whole. */
export const letterQuery = (messageId: string) =>
  queryOptions({
    queryKey: ['dead-letters', 'one', messageId],
    queryFn: ({ signal }) =>
      answerOf(api.GET('/v0/dead-letters/{message_id}', { signal, params: { path: { message_id: messageId } } })),
  });

/** Puts another body in the place of a dead letter's; the original stays. Rejects with a `Problem`. */
export const editBody = (messageId: string, body: string, why: string) =>
  answerOf(
    api.PUT('/v0/dead-letters/{message_id}/body', { params: { path: { message_id: messageId } }, body: { body, why } }),
  );
